"""Where a query may look: eyes open, or a squint.

A scope answers with a `Reach`. `everything` and `causal` allow keys by a mask over all of them;
`window`, `local-m` and `local-p` name the few keys in their window, so that the rest is never
touched: their cost does not depend on the length of the source.

Positions count from 0 in the order of the text, whatever direction an encoder reads in.

Letters: B sentences, Q queries, S keys, W slots of a window, K either, N size of a query,
M size of a key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from regard.attention.normalise import at_least_float32


@dataclass(frozen=True)
class Reach:
    """The keys that each query may look at.

    `mask` is over all keys, or over the slots of a window when `keys` says which key is in which
    slot (-1: outside the sentence). `factor` multiplies the weights: the Gaussian of local-p.
    """

    mask: Bool[Tensor, "#B #Q K"]
    keys: Int[Tensor, "B Q K"] | None = None
    centre: Float[Tensor, "B Q"] | None = None
    factor: Float[Tensor, "B Q K"] | None = None


@dataclass(frozen=True)
class Place:
    """What a scope may know of a query and its keys.

    `query` is the query itself, `position` its place in its own text, `lengths` the number of keys
    of each sentence, `count` the number of columns that the longest of them has.
    """

    query: Float[Tensor, "B Q N"]
    position: Int[Tensor, " Q"]
    lengths: Int[Tensor, " B"]
    count: int


@dataclass(frozen=True)
class Scope:
    """One way to limit where a query may look.

    `shapes` gives the weights that it learns, from the size of a query; `reach` gets them and the
    `extent`: the radius D of local attention, or the number of keys in a window. Weights that
    `begin_at_zero` names begin there, not at random.
    """

    rule: str
    source: str
    cost: str
    shapes: Callable[[int], dict[str, tuple[int, ...]]]
    reach: Callable[[Place, int, Mapping[str, Tensor]], Reach]
    begin_at_zero: tuple[str, ...] = ()


def nothing(query_size: int) -> dict[str, tuple[int, ...]]:
    """Nothing to learn."""
    return {}


def everything(place: Place, extent: int, weights: Mapping[str, Tensor]) -> Reach:
    """Every key of the sentence."""
    keys = torch.arange(place.count, device=place.lengths.device)
    return Reach(mask=(keys < place.lengths[:, None])[:, None])


def causal(place: Place, extent: int, weights: Mapping[str, Tensor]) -> Reach:
    """Every key up to the query's own position."""
    keys = torch.arange(place.count, device=place.lengths.device)
    so_far = keys <= place.position[:, None]
    return Reach(mask=so_far & (keys < place.lengths[:, None, None]))


def slots(first: Int[Tensor, "B Q"], width: int, lengths: Int[Tensor, " B"]) -> Tensor:
    """The keys of a window that begins at `first`, with -1 for those outside the sentence."""
    keys = first[..., None] + torch.arange(width, device=first.device)
    return keys.masked_fill((keys < 0) | (keys >= lengths[:, None, None]), -1)


def window(place: Place, extent: int, weights: Mapping[str, Tensor]) -> Reach:
    """The last `extent` keys up to the query's own position, its own included."""
    first = (place.position - extent + 1).expand(len(place.lengths), -1)
    keys = slots(first, extent, place.lengths)
    return Reach(mask=keys >= 0, keys=keys)


def local_monotonic(place: Place, extent: int, weights: Mapping[str, Tensor]) -> Reach:
    """p_t = t: the window moves along with the target (Luong 2015, local-m).

    After the source has ended the window stays at its last key.
    """
    centre = torch.minimum(place.position, place.lengths[:, None] - 1)
    keys = slots(centre - extent, 2 * extent + 1, place.lengths)
    return Reach(mask=keys >= 0, keys=keys, centre=at_least_float32(centre))


def local_predictive(place: Place, extent: int, weights: Mapping[str, Tensor]) -> Reach:
    """p_t = S sigmoid(v_p^T tanh(W_p h_t)), and a Gaussian round it (Luong 2015, eq. 9 and 10).

    The window is the 2 D + 1 whole positions round floor(p_t), as in the authors' code; the
    Gaussian, sigma = D / 2, uses p_t itself, and the weights are not normalised again after it.

    v_p begins at 0, so that every window begins in the middle of its source: from a large v_p
    Adam's first updates take p_t to 0 or S, where the sigmoid has next to no gradient
    (docs/why.md).
    """
    hidden = torch.tanh(functional.linear(place.query, weights["W_p"]))
    lengths = place.lengths[:, None]
    inner = hidden @ weights["v_p"]
    centre = lengths * torch.sigmoid(at_least_float32(inner))
    middle = torch.minimum(centre.detach().floor().long(), lengths - 1)
    keys = slots(middle - extent, 2 * extent + 1, place.lengths)
    sigma = extent / 2
    factor = torch.exp(-((keys - centre[..., None]) ** 2) / (2 * sigma**2))
    return Reach(mask=keys >= 0, keys=keys, centre=centre, factor=factor)


SCOPES: dict[str, Scope] = {
    "everything": Scope("every key", "Luong 2015, global", "S keys", nothing, everything),
    "causal": Scope(
        "keys up to its own position", "Vaswani 2017, 3.2.3", "S keys", nothing, causal
    ),
    "window": Scope(
        "the last w keys, its own included", "Vaswani 2017, 4", "w keys", nothing, window
    ),
    "local-m": Scope(
        "[p_t - D, p_t + D], p_t = t", "Luong 2015, 3.2", "2 D + 1 keys", nothing, local_monotonic
    ),
    "local-p": Scope(
        "[p_t - D, p_t + D] under a Gaussian round p_t = S sigmoid(v_p^T tanh(W_p h_t))",
        "Luong 2015, eq. 9, 10",
        "2 D + 1 keys, and W_p h_t",
        lambda size: {"W_p": (size, size), "v_p": (size,)},
        local_predictive,
        begin_at_zero=("v_p",),
    ),
}
