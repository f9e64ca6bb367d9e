"""Steps of an LSTM in a loop that does something else between two of them.

A step is one product, with [input ; last state], and a cell. Numbers stand in columns, [units, N]:
the four gates are four blocks of rows, and all steps share one matrix (`Shared`).

Letters: N columns (sentences), I inputs, H units, G = 4 H gates, L steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from regard.attention.shared import ProductNote, Shared
from regard.translation.dropout import dropout

COLUMNS = 16  # products are quick with multiples of so many
AS_ROWS_FLOAT32 = 3  # up to so many columns are quicker as rows
AS_ROWS_BFLOAT16 = 24


class LstmSteps:
    """A layer of an LSTM for one pass forward and backward: PyTorch's weights, [gates, inputs].

    Within autocast products are in its precision; a cell keeps the precision it comes in.
    """

    def __init__(
        self,
        of_input: Float[Tensor, "G _"],
        of_last: Float[Tensor, "G H"],
        *biases: Float[Tensor, " G"],
    ) -> None:
        self._weight = Shared(of_input, of_last)
        self._bias = torch.stack(biases).sum(dim=0)[:, None]

    @property
    def precision(self) -> torch.dtype:
        """What inputs are multiplied in, and states come in."""
        return self._weight.matrix.dtype

    def __call__(
        self, cell: Float[Tensor, "H N"], *inputs: Float[Tensor, "_ N"]
    ) -> tuple[Float[Tensor, "H N"], Float[Tensor, "H N"]]:
        """The state and the cell after one step; the last of the inputs is the state before it."""
        weight = self._weight
        return _Step.apply(weight.notes, weight.matrix, weight.turned, self._bias, cell, *inputs)


class LstmStack:
    """The layers of an LSTM for one pass forward and backward, or one search."""

    def __init__(self, lstm: nn.LSTM) -> None:
        self._lstm = lstm
        self._layers = [LstmSteps(*weights) for weights in lstm.all_weights]

    @property
    def precision(self) -> torch.dtype:
        """What inputs are multiplied in, and states come in."""
        return self._layers[0].precision

    def __call__(
        self,
        states: Sequence[Float[Tensor, "H N"]],
        cells: Sequence[Float[Tensor, "H N"]],
        *inputs: Float[Tensor, "_ N"],
    ) -> tuple[list[Float[Tensor, "H N"]], list[Float[Tensor, "H N"]]]:
        """The states and cells of all layers after one step, with dropout between layers."""
        after: list[Tensor] = []
        cells_after: list[Tensor] = []
        for layer, state, cell in zip(self._layers, states, cells, strict=True):
            if after:
                inputs = (dropout(after[-1], self._lstm.dropout, training=self._lstm.training),)
            state, cell = layer(cell, *inputs, state)
            after.append(state)
            cells_after.append(cell)
        return after, cells_after


def add_product(
    bias: Float[Tensor, "G 1"], matrix: Float[Tensor, "G I"], columns: Float[Tensor, "I N"]
) -> Float[Tensor, "G N"]:
    """bias + matrix @ columns, whatever number of columns is left of a search.

    On a processor five columns take three times as long as sixteen, and 31 twice as long as 32
    (docs/why.md): so columns of zeros fill them up, unless there are so few that they are quicker
    still as rows. One column is a vector, and quick as it is.
    """
    count = columns.shape[1]
    if columns.device.type != "cpu" or count == 1 or count % COLUMNS == 0:
        return torch.addmm(bias, matrix, columns)
    if count <= (AS_ROWS_BFLOAT16 if matrix.dtype == torch.bfloat16 else AS_ROWS_FLOAT32):
        return functional.linear(columns.mT, matrix, bias[:, 0]).mT
    filled = functional.pad(columns, (0, -count % COLUMNS))
    return torch.addmm(bias, matrix, filled)[:, :count]


class _Step(torch.autograd.Function):
    """PyTorch's cell: i, f, o = sigmoid, g = tanh; c' = f c + i g; h = o tanh(c')."""

    @staticmethod
    def forward(
        ctx: Any,
        notes: list[ProductNote],
        matrix: Tensor,
        turned: Tensor,
        bias: Tensor,
        cell: Tensor,
        *inputs: Tensor,
    ) -> tuple[Tensor, Tensor]:
        read = torch.cat([part.to(matrix.dtype) for part in inputs])
        gates = add_product(bias.to(matrix.dtype), matrix, read).to(cell.dtype)
        into, forget, candidate, out = gates.chunk(4)
        for gate in (into, forget, out):
            gate.sigmoid_()
        candidate.tanh_()
        after = torch.addcmul(forget * cell, into, candidate)
        squashed = after.tanh()
        ctx.notes, ctx.sizes = notes, [len(part) for part in inputs]
        ctx.save_for_backward(read, turned, gates, cell, squashed)
        return (out * squashed).to(matrix.dtype), after

    @staticmethod
    def backward(  # type: ignore[reportIncompatibleMethodOverride]
        ctx: Any, of_state: Tensor, of_cell: Tensor
    ) -> tuple[Tensor | None, ...]:
        read, turned, gates, cell, squashed = ctx.saved_tensors
        into, forget, candidate, out = gates.chunk(4)
        of_gates = torch.empty_like(gates)
        of_into, of_forget, of_candidate, of_out = of_gates.chunk(4)
        of_state = of_state.to(cell.dtype)
        through = of_state * out
        of_cell = of_cell + through
        of_cell.addcmul_(through.mul_(squashed), squashed, value=-1)
        torch.mul(of_cell, candidate, out=of_into)
        torch.mul(of_cell, cell, out=of_forget)
        torch.mul(of_cell, into, out=of_candidate)
        torch.mul(of_state, squashed, out=of_out)
        slope = gates * (1 - gates)  # of the sigmoid
        torch.addcmul(candidate.new_ones(()), candidate, candidate, value=-1, out=slope.chunk(4)[2])
        of_gates.mul_(slope)
        noted = of_gates.to(read.dtype)
        ctx.notes.append((read, noted))
        of_bias = of_gates.sum(dim=1, keepdim=True)
        of_inputs = (turned @ noted).split(ctx.sizes)
        return None, None, None, of_bias, of_cell * forget, *of_inputs
