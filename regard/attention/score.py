"""How well a query matches each key.

A score is done in two halves, so that the work which depends on the source alone is done once for
each source and not for each word: `prepare` sees the keys, `compare` sees the query and what
`prepare` made. Called as a function, a score does both:

    scores = SCORES["general"](query, keys, {"W_a": matrix})

Letters: B sentences, Q queries, K keys (or slots of a window), N size of a query, M size of a key.
Keys of shape [B, K, M] are shared by all queries; in a window, gathered as [B, Q, K, M] or left
where they are (`Windows`), each query has its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from regard.attention.shared import SharedKeys
from regard.attention.windows import Windows

Query = Float[Tensor, "B Q N"]
Keys = Float[Tensor, "B K M"] | Float[Tensor, "B Q K M"]
Scores = Float[Tensor, "B Q K"]
Weights = Mapping[str, Tensor]
"""What a score learns, by the paper's names."""
Prepared = Tensor | Windows | SharedKeys
"""What `prepare` made of the keys: of whole sentences, or each query's own window of it."""


@dataclass(frozen=True)
class Sizes:
    """The sizes that a score's weights follow from.

    `length` is the longest source that `location` has weights for.
    """

    query: int
    key: int
    length: int


@dataclass(frozen=True)
class Score:
    """One way to compare a query with keys.

    `shapes` gives the weights that it learns; `equation`, `source` and `note` are for people.
    """

    equation: str
    source: str
    note: str
    shapes: Callable[[Sizes], dict[str, tuple[int, ...]]]
    prepare: Callable[[Keys, Weights], Tensor]
    compare: Callable[[Query, Prepared, Weights], Scores]

    def __call__(self, query: Query, keys: Keys, weights: Weights | None = None) -> Scores:
        """Scores of every query against every key."""
        weights = {} if weights is None else weights
        return self.compare(query, self.prepare(keys, weights), weights)


def match(query: Query, keys: Prepared) -> Scores:
    """The dot product of every query with every key."""
    if isinstance(keys, Windows | SharedKeys):
        return keys.match(query)
    if keys.dim() == 3:
        return query @ keys.transpose(1, 2)
    return (query[..., None, :] @ keys.transpose(-1, -2)).squeeze(-2)


def themselves(keys: Prepared) -> Keys:
    """The keys as numbers: of a window gathered, of whole sentences as they are."""
    if isinstance(keys, Windows):
        return keys.gathered
    return keys.keys if isinstance(keys, SharedKeys) else keys


def every_pair(query: Query, keys: Prepared) -> Float[Tensor, "B Q K N"]:
    """The sum of every query with every key."""
    keys = themselves(keys)
    return query[:, :, None] + (keys[:, None] if keys.dim() == 3 else keys)


def unchanged(keys: Keys, weights: Weights) -> Keys:
    """Keys need no preparation."""
    return keys


def dot(query: Query, keys: Prepared, weights: Weights) -> Scores:
    """h_t^T hbar_s   (Luong 2015, 3.1)."""
    return match(query, keys)


def scaled_dot(query: Query, keys: Prepared, weights: Weights) -> Scores:
    """q k^T / sqrt(d_k)   (Vaswani 2017, eq. 1)."""
    return match(query, keys) / math.sqrt(query.shape[-1])


def general(query: Query, keys: Prepared, weights: Weights) -> Scores:
    """h_t^T W_a hbar_s   (Luong 2015, 3.1)."""
    return match(query @ weights["W_a"], keys)


def concat_keys(keys: Keys, weights: Weights) -> Tensor:
    """The half of W_a [h_t ; hbar_s] that reads the key."""
    return functional.linear(keys, weights["W_a"][:, -keys.shape[-1] :])


def concat(query: Query, prepared: Prepared, weights: Weights) -> Scores:
    """v_a^T tanh(W_a [h_t ; hbar_s])   (Luong 2015, 3.1).

    All of W_a is learned. In the authors' code the half that reads the key was the identity, to
    which they ascribe concat's poor results.
    """
    read_query = functional.linear(query, weights["W_a"][:, : query.shape[-1]])
    return torch.tanh(every_pair(read_query, prepared)) @ weights["v_a"]


def additive_keys(keys: Keys, weights: Weights) -> Tensor:
    """U_a h_j, once for each source."""
    return functional.linear(keys, weights["U_a"])


def additive(query: Query, prepared: Prepared, weights: Weights) -> Scores:
    """v_a^T tanh(W_a s_i + U_a h_j)   (Bahdanau 2014, A.1.2).

    Bahdanau's query is the decoder's state before this word; as a score in Luong's layer it is the
    state h_t.
    """
    read_query = functional.linear(query, weights["W_a"])
    return torch.tanh(every_pair(read_query, prepared)) @ weights["v_a"]


def location(query: Query, keys: Prepared, weights: Weights) -> Scores:
    """W_a h_t: position s has a score, whatever word stands there   (Luong 2015, eq. 8).

    W_a has a row for each of the first `length` positions; words after them are never looked at.
    """
    assert not isinstance(keys, Windows), "positions of a whole sentence: it has no local form"
    scores = functional.linear(query, weights["W_a"])
    missing = themselves(keys).shape[1] - scores.shape[-1]
    return functional.pad(scores, (0, missing), value=-math.inf)  # a negative pad cuts


def nothing(sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """Nothing to learn."""
    return {}


SCORES: dict[str, Score] = {
    "dot": Score(
        "h_t^T hbar_s",
        "Luong 2015, 3.1",
        "nothing to learn; query and key need one size",
        nothing,
        unchanged,
        dot,
    ),
    "general": Score(
        "h_t^T W_a hbar_s",
        "Luong 2015, 3.1",
        "the usual choice",
        lambda sizes: {"W_a": (sizes.query, sizes.key)},
        unchanged,
        general,
    ),
    "concat": Score(
        "v_a^T tanh(W_a [h_t ; hbar_s])",
        "Luong 2015, 3.1",
        "dearest: a tanh for every pair; the authors' code kept half of W_a at the identity",
        lambda sizes: {"W_a": (sizes.query, sizes.query + sizes.key), "v_a": (sizes.query,)},
        concat_keys,
        concat,
    ),
    "location": Score(
        "W_a h_t",
        "Luong 2015, eq. 8",
        "reads no source word; words after the last position that it has weights for are not seen",
        lambda sizes: {"W_a": (sizes.length, sizes.query)},
        unchanged,
        location,
    ),
    "additive": Score(
        "v_a^T tanh(W_a h_t + U_a hbar_s)",
        "Bahdanau 2014, A.1.2",
        "Bahdanau asked with the state before the word; here h_t asks",
        lambda sizes: {
            "W_a": (sizes.query, sizes.query),
            "U_a": (sizes.query, sizes.key),
            "v_a": (sizes.query,),
        },
        additive_keys,
        additive,
    ),
    "scaled dot": Score(
        "h_t^T hbar_s / sqrt(d)",
        "Vaswani 2017, eq. 1",
        "the dot of large states, kept from saturating the softmax",
        nothing,
        unchanged,
        scaled_dot,
    ),
}

SAME_SIZE = ("dot", "scaled dot")
"""Scores that need queries and keys of one size."""
