"""Keys that each query reads in a window of its own, without a copy of any of them.

Laid side by side, the windows of Q queries are [Q, W, M] numbers: for W = 21 that is twenty-one
copies of the keys, far more than a processor's cache holds. Here the keys are read where they are,
and no copy of them is kept for the gradient. Summing up is PyTorch's `embedding_bag`: a window is
a bag of keys, its context their weighted sum.

Letters: B sentences, S keys of a sentence, R rows that read them, Q queries, W slots of a window,
M size of a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import embedding_bag

NUMBERS_AT_ONCE = 2**19  # gathered to be matched: 2 MB, which a processor's cache holds


@dataclass(frozen=True)
class Windows:
    """The keys of each query's window, by their place.

    `slots` says which key is in which slot; one outside the sentence (-1) holds any key: the mask
    hides it. `owner` names the sentence that each row reads; None: row n reads sentence n.
    """

    keys: Float[Tensor, "B S M"]
    slots: Int[Tensor, "R Q W"]
    owner: Int[Tensor, " R"] | None = None

    @cached_property
    def places(self) -> Int[Tensor, "RQ W"]:
        """The row of each slot's key among the keys of all sentences."""
        sentences, count, _ = self.keys.shape
        owner = self.owner
        if owner is None:
            owner = torch.arange(sentences, device=self.keys.device)
        return (self.slots.clamp(min=0) + owner[:, None, None] * count).flatten(0, 1)

    @cached_property
    def gathered(self) -> Float[Tensor, "R Q W M"]:
        """The windows laid side by side: a copy."""
        rows = self.keys.flatten(0, 1).index_select(0, self.places.flatten())
        return rows.view(*self.slots.shape, self.keys.shape[2])

    def match(self, query: Float[Tensor, "R Q M"]) -> Float[Tensor, "R Q W"]:
        """The dot product of each query with every key of its window."""
        keys, rows = self.keys.flatten(0, 1), query.flatten(0, 1)
        scores = _Match.apply(rows.to(keys.dtype), keys, self.places)
        return scores.view(self.slots.shape)

    def sum_up(self, weights: Float[Tensor, "R Q W"]) -> Float[Tensor, "R Q M"]:
        """The sum of each window's keys, weighted."""
        keys = self.keys.flatten(0, 1)
        shares = weights.flatten(0, 1).to(keys.dtype)
        summed = embedding_bag(self.places, keys, per_sample_weights=shares, mode="sum")
        return summed.view(*self.slots.shape[:2], self.keys.shape[2])


class _Match(torch.autograd.Function):
    """q_r^T k_p for every place p of row r, a part of the rows at a time.

    The gradient for the queries is a weighted sum of keys, and the gradient for the keys is that
    sum's gradient: one `embedding_bag` gives both.
    """

    @staticmethod
    def forward(query: Tensor, keys: Tensor, places: Tensor) -> Tensor:
        at_once = max(1, NUMBERS_AT_ONCE // (places.shape[1] * keys.shape[1]))
        parts = zip(query.split(at_once), places.split(at_once), strict=True)
        return torch.cat([_match_gathered(some, keys, where) for some, where in parts])

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(  # type: ignore[reportIncompatibleMethodOverride]
        ctx: Any, of_scores: Tensor
    ) -> tuple[Tensor, Tensor, None]:
        query, keys, places = ctx.saved_tensors
        shares = of_scores.to(keys.dtype)  # matched in half precision under autocast

        def sum_up(keys: Tensor) -> Tensor:
            return embedding_bag(places, keys, per_sample_weights=shares, mode="sum")

        of_query, gradient = torch.func.vjp(sum_up, keys)[:2]
        return of_query, gradient(query)[0], None


def _match_gathered(query: Tensor, keys: Tensor, places: Tensor) -> Tensor:
    gathered = keys.index_select(0, places.flatten()).view(*places.shape, keys.shape[1])
    return (query[:, None] @ gathered.transpose(1, 2)).squeeze(1)
