"""Keys that each query reads in a window of its own, without a copy of any of them.

Laid side by side, the windows of Q queries are [Q, W, M] numbers: for W = 21 that is twenty-one
copies of the keys, far more than a processor's cache holds. Here the keys are read where they are.
Three sums do all of it, two forward and three backward, and each is a kernel of PyTorch's
`embedding_bag`, for which a window is a bag of keys:

    match    q_r^T k_p              the scores of a window
    sum_up   sum_p a_rp k_p         its context, and the gradient of a query
    spread   sum_r a_rp q_r         what all windows that hold a key give it: the gradient of a key

A `spread` costs as much as there are keys, however few windows there are. So the steps of a loop,
one query each, only note what they have for it, and one `spread` over the notes of all follows.
Windows laid side by side leave no notes: those would be as large as the windows of all steps.

Letters: B sentences, S keys of a sentence, R rows that read them, Q queries, W slots of a window,
M size of a key; P all windows, R Q of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import embedding_bag

WindowNote = tuple[Float[Tensor, "P W"], Float[Tensor, "P M"], Int[Tensor, "P W"]]
"""What one step has for its keys: shares, rows and places, as `spread` takes them."""


@dataclass(frozen=True)
class Windows:
    """The keys of each query's window, by their place.

    `slots` says which key is in which slot; one outside the sentence (-1) holds any key: the mask
    hides it. `owner` names the sentence that each row reads; None: row n reads sentence n.
    `notes` collects, backward, what each step of a loop has for the keys (`noted`).
    """

    keys: Float[Tensor, "B S M"]
    slots: Int[Tensor, "R Q W"]
    owner: Int[Tensor, " R"] | None = None
    notes: list[WindowNote] | None = None

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
        rows = query.flatten(0, 1).to(self.keys.dtype)
        scores = _Match.apply(rows, self.keys.detach(), self.places)
        if self.keys.requires_grad:  # not in a search
            scores = _MatchedKeys.apply(scores, rows.detach(), self.keys, self.places, self.notes)
        return scores.view(self.slots.shape)

    def sum_up(self, weights: Float[Tensor, "R Q W"]) -> Float[Tensor, "R Q M"]:
        """The sum of each window's keys, weighted."""
        shares = weights.flatten(0, 1).to(self.keys.dtype)
        summed = _SumUp.apply(shares, self.keys, self.places, self.notes)
        return summed.view(*self.slots.shape[:2], self.keys.shape[2])


def noted(keys: Float[Tensor, "B S M"]) -> tuple[Float[Tensor, "B S M"], list[WindowNote]]:
    """Keys for the windows of all steps of a loop, and the list where the steps leave their notes.

    The keys' gradient is one `spread` over the notes, which are gone after it.
    """
    notes: list[WindowNote] = []
    return _Noted.apply(notes, keys), notes


def match(
    rows: Float[Tensor, "P M"], keys: Float[Tensor, "B S M"], places: Int[Tensor, "P W"]
) -> Float[Tensor, "P W"]:
    """The dot product of each row with the keys at its places."""
    windows, width = places.shape
    first = torch.arange(0, places.numel(), width, device=places.device)
    window = torch.arange(windows, device=places.device).repeat_interleave(width)
    # The gradient of `embedding_bag` for its weights: public only together with its forward pass.
    dots = torch.ops.aten._embedding_bag_per_sample_weights_backward
    return dots(rows, keys.flatten(0, 1), places.flatten(), first, window, 0).view(places.shape)


def sum_up(
    shares: Float[Tensor, "P W"], keys: Float[Tensor, "B S M"], places: Int[Tensor, "P W"]
) -> Float[Tensor, "P M"]:
    """The sum of the keys at each row's places, weighted."""
    return embedding_bag(places, keys.flatten(0, 1), per_sample_weights=shares, mode="sum")


def spread(
    shares: Float[Tensor, "P W"],
    rows: Float[Tensor, "P M"],
    places: Int[Tensor, "P W"],
    shape: torch.Size,
) -> Float[Tensor, "B S M"]:
    """What every key is given: the weighted sum of the rows that have it among their places.

    `embedding_bag` again, with a key for a bag and rows for what is in it: quicker than the
    gradient that `embedding_bag` itself has for the keys. `shape` is that of the keys.
    """
    key, order = places.flatten().sort(stable=True)
    first = torch.searchsorted(key, torch.arange(shape[:2].numel(), device=key.device))
    row = order.div(places.shape[1], rounding_mode="floor")
    ordered = shares.flatten().index_select(0, order)
    given = embedding_bag(row, rows, first, per_sample_weights=ordered, mode="sum")
    # Autograd holds the base of a view, and could not add another gradient to it in place.
    return torch.ops.aten._unsafe_view(given, shape)


def pass_on(note: WindowNote, shape: torch.Size, notes: list[WindowNote] | None) -> Tensor | None:
    """The gradient of the keys; None where it is noted, to be found for all steps at once."""
    if notes is None:
        return spread(*note, shape)
    notes.append(note)
    return None


class _Noted(torch.autograd.Function):
    """Keys as they are, with the gradient that the notes of all steps make."""

    @staticmethod
    def forward(ctx: Any, notes: list[WindowNote], keys: Tensor) -> Tensor:
        ctx.set_materialize_grads(False)  # the notes hold it all, but for gathered windows
        ctx.notes, ctx.shape = notes, keys.shape
        return keys.view_as(keys)

    @staticmethod
    def backward(  # type: ignore[reportIncompatibleMethodOverride]
        ctx: Any, of_gathered: Tensor | None
    ) -> tuple[None, Tensor | None]:
        if not ctx.notes:
            return None, of_gathered
        shares, rows, places = (torch.cat(steps) for steps in zip(*ctx.notes, strict=True))
        ctx.notes.clear()
        given = spread(shares, rows, places, ctx.shape)
        return None, given if of_gathered is None else given + of_gathered


class _Match(torch.autograd.Function):
    """`match`, with a gradient for the rows; that for the keys is `_MatchedKeys`'.

    Backward, `_MatchedKeys` comes first, and its gradient is added to that of `_SumUp` and gone
    before there is one for the rows: numbers as large as all keys, or queries, are held once less.
    """

    @staticmethod
    def forward(rows: Tensor, keys: Tensor, places: Tensor) -> Tensor:
        return match(rows, keys, places)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs[1:])

    @staticmethod
    def backward(  # type: ignore[reportIncompatibleMethodOverride]
        ctx: Any, of_scores: Tensor
    ) -> tuple[Tensor, None, None]:
        keys, places = ctx.saved_tensors
        return sum_up(of_scores, keys, places), None, None


class _MatchedKeys(torch.autograd.Function):
    """Scores as they are, with the gradient that `match` has for the keys."""

    @staticmethod
    def forward(
        scores: Tensor, rows: Tensor, keys: Tensor, places: Tensor, notes: list[WindowNote] | None
    ) -> Tensor:
        return scores.view_as(scores)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        _, rows, keys, places, ctx.notes = inputs
        ctx.save_for_backward(rows, places)
        ctx.shape = keys.shape

    @staticmethod
    def backward(  # type: ignore[reportIncompatibleMethodOverride]
        ctx: Any, of_scores: Tensor
    ) -> tuple[Tensor, None, Tensor | None, None, None]:
        rows, places = ctx.saved_tensors
        learns = ctx.needs_input_grad[2]
        note = of_scores, rows, places
        of_keys = pass_on(note, ctx.shape, ctx.notes) if learns else None
        return of_scores, None, of_keys, None, None


class _SumUp(torch.autograd.Function):
    """`sum_up` with its gradients: for the shares a `match`, for the keys a `spread`."""

    @staticmethod
    def forward(
        shares: Tensor, keys: Tensor, places: Tensor, notes: list[WindowNote] | None
    ) -> Tensor:
        return sum_up(shares, keys, places)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        *tensors, ctx.notes = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    def backward(  # type: ignore[reportIncompatibleMethodOverride]
        ctx: Any, of_summed: Tensor
    ) -> tuple[Tensor | None, Tensor | None, None, None]:
        shares, keys, places = ctx.saved_tensors
        of_summed = of_summed.contiguous()
        learns = ctx.needs_input_grad
        of_shares = match(of_summed, keys, places) if learns[0] else None
        note = shares, of_summed, places
        of_keys = pass_on(note, keys.shape, ctx.notes) if learns[1] else None
        return of_shares, of_keys, None, None
