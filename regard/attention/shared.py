"""A matrix that every step of a loop multiplies with, whose gradient is one product over all steps.

Left to itself, the gradient of such a matrix is a sum with a summand for every step: as many passes
over megabytes, each made from the columns of one step. Here each step notes what it multiplied, and
one product over the columns of all steps follows.

Numbers of a step stand in columns, [numbers, N]: a product of a large matrix with 64 columns, as a
batch has them, is a quarter faster than one of 64 rows with its transpose, as long as the matrix is
in the cache (docs/why.md has the figures, and those of fewer columns).

Letters: N columns of a step, I inputs, O outputs; `*B` nothing, or a matrix for each sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from regard.attention.windows import WindowNote, Windows, noted

ProductNote = tuple[Float[Tensor, "*B I N"], Float[Tensor, "*B O N"]]
"""What one step multiplied, and the gradient of what came out."""


class Shared:
    """The matrices given, side by side, for one pass forward and backward.

    Within autocast they are converted once. `turned` is the transposed matrix, for the gradient.
    """

    def __init__(self, *matrices: Float[Tensor, "*B O _"]) -> None:
        self.notes: list[ProductNote] = []
        self.matrix: Tensor = _Join.apply(self.notes, *matrices)
        self.turned = self.matrix.detach().mT
        if self.matrix.dim() == 2 and torch.is_grad_enabled():
            self.turned = self.turned.contiguous()

    def __call__(self, inputs: Float[Tensor, "*B I N"]) -> Float[Tensor, "*B O N"]:
        """The inputs of one step, multiplied."""
        return _Multiply.apply(inputs.to(self.matrix.dtype), self.matrix, self.turned, self.notes)


def working_type(tensor: Tensor) -> torch.dtype:
    """The precision that products with a weight are worked out in: autocast's, or its own."""
    kind = tensor.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else tensor.dtype


class _Join(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, notes: list[ProductNote], *matrices: Tensor) -> Tensor:
        ctx.set_materialize_grads(False)  # the notes hold it all
        ctx.notes, ctx.widths = notes, [matrix.shape[-1] for matrix in matrices]
        ctx.type = matrices[0].dtype
        parts = [matrix.to(working_type(matrix)) for matrix in matrices]
        return torch.cat(parts, dim=-1) if len(parts) > 1 else parts[0].view_as(parts[0])

    @staticmethod
    def backward(ctx: Any, _: Tensor | None) -> tuple[Tensor | None, ...]:  # type: ignore[reportIncompatibleMethodOverride]
        inputs, of_outputs = (torch.cat(steps, dim=-1) for steps in zip(*ctx.notes, strict=True))
        ctx.notes.clear()
        of_matrices = of_outputs @ inputs.mT
        return None, *(part.to(ctx.type) for part in of_matrices.split(ctx.widths, dim=-1))


class _Multiply(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, matrix: Tensor, turned: Tensor, notes: list[ProductNote]
    ) -> Tensor:
        ctx.notes = notes
        ctx.save_for_backward(inputs, turned)
        return matrix @ inputs

    @staticmethod
    def backward(ctx: Any, of_outputs: Tensor) -> tuple[Tensor, None, None, None]:  # type: ignore[reportIncompatibleMethodOverride]
        inputs, turned = ctx.saved_tensors
        ctx.notes.append((inputs, of_outputs))
        return turned @ of_outputs, None, None, None


@dataclass(frozen=True)
class SharedKeys:
    """The keys of whole sentences, read by every step of a loop with one query a sentence."""

    keys: Float[Tensor, "B S M"]

    def match(self, query: Float[Tensor, "B Q M"]) -> Float[Tensor, "B Q S"]:
        """The dot product of each query with every key of its sentence."""
        return self._shared(query.mT).mT

    def sum_up(self, weights: Float[Tensor, "B Q S"]) -> Float[Tensor, "B Q M"]:
        """The sum of each sentence's keys, weighted."""
        return self._shared_turned(weights.mT).mT

    def windows(self, slots: Int[Tensor, "B Q W"]) -> Windows:
        """The windows that one step reads instead, each row in its own sentence."""
        keys, notes = self._noted
        return Windows(keys, slots, notes=notes)

    @cached_property
    def _noted(self) -> tuple[Tensor, list[WindowNote]]:
        return noted(self.keys)

    @cached_property
    def _shared(self) -> Shared:
        return Shared(self.keys)

    @cached_property
    def _shared_turned(self) -> Shared:
        return Shared(self.keys.mT)
