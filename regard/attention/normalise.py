"""From scores to weights: how one look is shared out among the keys.

Letters: `*B` any leading sizes (sentences, heads), Q queries, K keys.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

Normaliser = Callable[[Tensor, Tensor], Tensor]


def at_least_float32(values: Tensor) -> Tensor:
    """Half precision, and whole numbers, as float32; float64 stays."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def softmax(scores: Float[Tensor, "*B Q K"], mask: Bool[Tensor, "*#B #Q #K"]) -> Tensor:
    """Weights that compete and sum to 1; a row with no key allowed is all zeros.

    A key may be forbidden by the mask or by a score of -inf. (-inf everywhere would give NaN, and a
    large negative number a uniform row: neither is "looks nowhere".)
    """
    allowed = at_least_float32(scores).masked_fill(~mask, -math.inf)
    blind = (allowed == -math.inf).all(dim=-1, keepdim=True)
    return torch.softmax(allowed.masked_fill(blind, 0.0), dim=-1).masked_fill(blind, 0.0)


def sigmoid(scores: Float[Tensor, "*B Q K"], mask: Bool[Tensor, "*#B #Q #K"]) -> Tensor:
    """Weights that do not compete: each key is looked at or not (Kim 2017's simple baseline)."""
    return torch.sigmoid(at_least_float32(scores)).masked_fill(~mask, 0.0)


NORMALISERS: dict[str, Normaliser] = {"softmax": softmax, "sigmoid": sigmoid}
