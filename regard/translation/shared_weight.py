"""A matrix that every step of a loop multiplies with, whose gradient is one product over all steps.

Left to itself, the gradient of a decoder's matrix is a sum with a summand for every target word:
as many passes over a matrix of megabytes, each made from the few rows of one step. Here each step
notes what it multiplied, and one product over the rows of all steps follows.

Letters: N rows of a step, I inputs, O outputs.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


class SharedWeight:
    """The matrices given, side by side, for one pass forward and backward.

    Each has shape [outputs, its share of the inputs]. Within autocast they are converted once.
    """

    def __init__(self, *matrices: Float[Tensor, "O _"]) -> None:
        self._notes: list[tuple[Tensor, Tensor]] = []
        self._joined = _Join.apply(self._notes, *matrices)

    def __call__(self, inputs: Float[Tensor, "N I"]) -> Float[Tensor, "N O"]:
        """The inputs of one step, multiplied."""
        return _Multiply.apply(inputs.to(self._joined.dtype), self._joined, self._notes)


def working_type(tensor: Tensor) -> torch.dtype:
    """The precision that products with a weight are worked out in: autocast's, or its own."""
    kind = tensor.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else tensor.dtype


class _Join(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, notes: list[tuple[Tensor, Tensor]], *matrices: Tensor) -> Tensor:
        ctx.set_materialize_grads(False)  # the notes hold it all
        ctx.notes, ctx.widths = notes, [matrix.shape[1] for matrix in matrices]
        ctx.type = matrices[0].dtype
        return torch.cat([matrix.to(working_type(matrix)) for matrix in matrices], dim=1)

    @staticmethod
    def backward(ctx: Any, _: Tensor | None) -> tuple[Tensor | None, ...]:  # type: ignore[reportIncompatibleMethodOverride]
        inputs, of_outputs = (torch.cat(steps) for steps in zip(*ctx.notes, strict=True))
        ctx.notes.clear()
        of_matrices = of_outputs.t() @ inputs
        return None, *(part.to(ctx.type) for part in of_matrices.split(ctx.widths, dim=1))


class _Multiply(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, joined: Tensor, notes: list[tuple[Tensor, Tensor]]
    ) -> Tensor:
        ctx.notes = notes
        ctx.save_for_backward(inputs, joined)
        return inputs @ joined.t()

    @staticmethod
    def backward(ctx: Any, of_outputs: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[reportIncompatibleMethodOverride]
        inputs, joined = ctx.saved_tensors
        ctx.notes.append((inputs, of_outputs))
        return of_outputs @ joined, None, None
