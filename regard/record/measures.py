"""Numbers that say how a model looked. Each says when it misleads.

A measure takes weights, `[heads, queries, keys]`: of tokens (`AttentionMap.dense`) or of words
(`merge_to_words`). Rows need not sum to 1. Where a measure is about the shape of a row, the row is
divided by its sum first; a row of zeros has no shape, and its value is nan.
"""

# Shapes: H heads · Q queries (rows) · K keys (columns)

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int64


@dataclass(frozen=True)
class Measure:
    """A number about attention, with what a reader has to know.

    values: what there is one of: "each query", "each key", "each head". unit: of the value. what:
    what it computes. source: where it is from. misleads: when it must not be believed.
    """

    function: Callable[..., np.ndarray]
    values: str
    unit: str
    what: str
    source: str
    misleads: str


def _shape(weights: Float[np.ndarray, "H Q K"]) -> Float64[np.ndarray, "H Q K"]:
    """Rows divided by their sums; nan where a row is all zeros."""
    given = weights.astype(np.float64)
    total = given.sum(axis=-1, keepdims=True)
    return np.divide(given, total, out=np.full_like(given, np.nan), where=total > 0)


def _entropy_bits(shares: Float64[np.ndarray, "H Q K"]) -> Float64[np.ndarray, "H Q"]:
    logarithms = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    # The largest term is 0 or more, so that a row with one key has 0 and not -0.
    return np.abs((shares * logarithms).sum(axis=-1))


# --- one map --------------------------------------------------------------------------------------


def entropy_bits(weights: Float[np.ndarray, "H Q K"]) -> Float64[np.ndarray, "H Q"]:
    """-sum_k a_k log2 a_k: 0 when all is on one key, log2 K when it is even."""
    return _entropy_bits(_shape(weights))


def effective_keys(weights: Float[np.ndarray, "H Q K"]) -> Float64[np.ndarray, "H Q"]:
    """2 to the entropy: how many keys an even row of the same entropy would look at."""
    return np.exp2(entropy_bits(weights))


def largest_weight(weights: Float[np.ndarray, "H Q K"]) -> Float64[np.ndarray, "H Q"]:
    """max_k a_k, as it is: the row is not divided by its sum."""
    return weights.max(axis=-1).astype(np.float64)


def row_mass(weights: Float[np.ndarray, "H Q K"]) -> Float64[np.ndarray, "H Q"]:
    """sum_k a_k: 1 for a softmax; less under a Gaussian, a sink or a merge that lost tokens."""
    return weights.sum(axis=-1, dtype=np.float64)


def first_key_mass(weights: Float[np.ndarray, "H Q K"]) -> Float64[np.ndarray, "H Q"]:
    """a_0: what goes to the first key."""
    return weights[:, :, 0].astype(np.float64)


def last_key_mass(weights: Float[np.ndarray, "H Q K"]) -> Float64[np.ndarray, "H Q"]:
    """a_(K-1): what goes to the last key, in our translators `</s>`."""
    return weights[:, :, -1].astype(np.float64)


def expected_position(weights: Float[np.ndarray, "H Q K"]) -> Float64[np.ndarray, "H Q"]:
    """sum_k a_k k: the mean place looked at, in keys from 0."""
    return _shape(weights) @ np.arange(weights.shape[2], dtype=np.float64)


def expected_distance(weights: Float[np.ndarray, "H Q K"]) -> Float64[np.ndarray, "H Q"]:
    """sum_k a_k |k - q|: how far from its own place a query looks, in keys."""
    queries, keys = weights.shape[1:]
    distance = np.abs(np.arange(keys) - np.arange(queries)[:, None]).astype(np.float64)
    return (_shape(weights) * distance).sum(axis=-1)


def hard_alignment(weights: Float[np.ndarray, "H Q K"]) -> Int64[np.ndarray, "H Q"]:
    """argmax_k a_k, the first of equal ones; -1 for a row of zeros."""
    return np.where(weights.any(axis=-1), weights.argmax(axis=-1), -1)


def mass_received(weights: Float[np.ndarray, "H Q K"]) -> Float64[np.ndarray, "H K"]:
    """sum_q a_qk: how much each key gets from all queries together."""
    return weights.sum(axis=1, dtype=np.float64)


def coverage(weights: Float[np.ndarray, "H Q K"]) -> Float64[np.ndarray, " H"]:
    """mean_k min(1, sum_q a_qk): the part of the keys that was looked at once."""
    return np.minimum(mass_received(weights), 1).mean(axis=-1)


MEASURES: dict[str, Measure] = {
    "entropy": Measure(
        entropy_bits,
        "each query",
        "bits",
        "how spread out a row is: 0 for one key, log2 K for all keys alike",
        "Shannon 1948",
        "grows with the number of keys, and falls when tokens are merged into words: compare rows "
        "of the same text only. A sharp row is not a right one.",
    ),
    "effective keys": Measure(
        effective_keys,
        "each query",
        "keys",
        "2 to the entropy: the keys that an even row of the same entropy would have",
        "Hill 1973, number of order 1",
        "where entropy does.",
    ),
    "largest weight": Measure(
        largest_weight,
        "each query",
        "share",
        "the weight of the key most looked at",
        "by definition",
        "the Gaussian of local-p lowers it without spreading the row.",
    ),
    "row mass": Measure(
        row_mass,
        "each query",
        "share",
        "the sum of a row: what a Gaussian, an attention sink or a merge has left of it",
        "Luong 2015, eq. 10, whose rows are not normalised again",
        "under sigmoid it may pass 1, and says how much is looked at, not how surely.",
    ),
    "first key mass": Measure(
        first_key_mass,
        "each query",
        "share",
        "what goes to the first key, often a place to put attention that is not needed",
        "Xiao 2023, attention sinks",
        "in a translator the first key is a word like others; a sink's mass says nothing about "
        "what it contributes, its value may be near 0.",
    ),
    "last key mass": Measure(
        last_key_mass,
        "each query",
        "share",
        "what goes to the last key: `</s>` in a translator, the query itself in a language model",
        "Clark 2019, for separators",
        "as first key mass.",
    ),
    "expected position": Measure(
        expected_position,
        "each query",
        "keys from 0",
        "the mean place of a row",
        "by definition",
        "a row with two peaks looks at neither end of its mean.",
    ),
    "expected distance": Measure(
        expected_distance,
        "each query",
        "keys",
        "how far from the key of its own number a query looks",
        "Clark 2019; Vig and Belinkov 2019",
        "between two languages it measures their order and lengths as well; only within one text "
        "is 0 the query itself.",
    ),
    "hard alignment": Measure(
        hard_alignment,
        "each query",
        "key from 0",
        "the key most looked at, -1 for none",
        "Luong 2015, 5.4",
        "attention often stands one word beside its translation, or on `</s>`; which row belongs "
        "to which word is a choice (see `rows_of_words`).",
    ),
    "mass received": Measure(
        mass_received,
        "each key",
        "queries",
        "what a key gets from all queries together",
        "Tu 2016, coverage vector",
        "a word of several tokens, and a sink, get more without mattering more.",
    ),
    "coverage": Measure(
        coverage,
        "each head",
        "share",
        "the part of the keys that was looked at at least once",
        "after Wu 2016, eq. 14, without the logarithm",
        "a word may be translated without being looked at, through the states of its neighbours.",
    ),
}


# --- two maps -------------------------------------------------------------------------------------


def _check_same_shape(left: np.ndarray, right: np.ndarray) -> None:
    if left.shape != right.shape:
        raise ValueError(
            f"two maps can only be compared when their shapes are the same, not "
            f"{list(left.shape)} and {list(right.shape)}"
        )


def divergence_bits(
    left: Float[np.ndarray, "..."], right: Float[np.ndarray, "..."]
) -> Float64[np.ndarray, "H Q"]:
    """Jensen-Shannon: H((p + q) / 2) - (H(p) + H(q)) / 2; 0 the same, 1 nothing shared."""
    _check_same_shape(left, right)
    p, q = _shape(left), _shape(right)
    between = _entropy_bits((p + q) / 2) - (_entropy_bits(p) + _entropy_bits(q)) / 2
    return np.clip(between, 0, 1)


def total_variation(
    left: Float[np.ndarray, "..."], right: Float[np.ndarray, "..."]
) -> Float64[np.ndarray, "H Q"]:
    """sum_k |p_k - q_k| / 2: the share that would have to move to make them the same."""
    _check_same_shape(left, right)
    return np.abs(_shape(left) - _shape(right)).sum(axis=-1) / 2


def same_key(
    left: Float[np.ndarray, "..."], right: Float[np.ndarray, "..."]
) -> Float64[np.ndarray, "H Q"]:
    """1 where both look at the same key most, else 0; nan where one looks nowhere."""
    _check_same_shape(left, right)
    one, other = hard_alignment(left), hard_alignment(right)
    return np.where((one < 0) | (other < 0), np.nan, (one == other).astype(np.float64))


COMPARISONS: dict[str, Measure] = {
    "divergence": Measure(
        divergence_bits,
        "each query",
        "bits",
        "Jensen-Shannon divergence of two rows: 0 the same, 1 nothing in common",
        "Lin 1991",
        "very different rows can give the same output (Jain and Wallace 2019): disagreement is "
        "not a different reason.",
    ),
    "total variation": Measure(
        total_variation,
        "each query",
        "share",
        "the share of a row that would have to move to make the other",
        "by definition",
        "does not see how far it would move: the next word counts as much as the far end.",
    ),
    "same key": Measure(
        same_key,
        "each query",
        "0 or 1",
        "whether both rows look at the same key most",
        "by definition",
        "two flat rows differ by chance.",
    ),
}
