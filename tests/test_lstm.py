"""A step of the loop is PyTorch's cell, and its gradient is that of the equations."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from regard.translation.lstm import LstmSteps, add_product


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def test_two_steps_are_pytorchs_cell_in_columns() -> None:
    torch.manual_seed(1)
    cell = nn.LSTMCell(3, 5, dtype=torch.float64)
    words, state, memory = random(2, 3, 4), random(5, 4), random(5, 4)
    steps = LstmSteps(cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)
    found = state, memory
    expected = state.mT, memory.mT
    for word in words:
        found = steps(found[1], word, found[0])
        expected = cell(word.mT, expected)
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs.mT)


def test_gradients_are_those_of_finite_differences() -> None:
    """Of the state alone, of the cell alone and of both, through two steps."""
    torch.manual_seed(1)
    of_input, of_last, bias = random(8, 3 + 1), random(8, 2), random(8)

    def run(*leaves: Tensor) -> tuple[Tensor, Tensor]:
        of_input, of_last, bias, word, fed, state, memory = leaves
        steps = LstmSteps(of_input, of_last, bias)
        for _ in range(2):
            state, memory = steps(memory, word, fed, state)
        return state, memory

    leaves = (of_input, of_last, bias, random(3, 2), random(1, 2), random(2, 2), random(2, 2))
    assert torch.autograd.gradcheck(run, leaves)
    for which in (0, 1):
        assert torch.autograd.gradcheck(lambda *given, n=which: run(*given)[n], leaves)


def test_within_autocast_states_are_halves_and_the_cell_is_whole() -> None:
    torch.manual_seed(1)
    cell = nn.LSTMCell(3, 5)
    word, start = torch.randn(3, 4), torch.zeros(5, 4)
    weights = (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)
    whole, _ = LstmSteps(*weights)(start, word, start)
    with torch.autocast("cpu", torch.bfloat16):
        steps = LstmSteps(*weights)
        half, memory = steps(start, word, start)
    assert steps.precision == half.dtype == torch.bfloat16
    assert memory.dtype == torch.float32
    torch.testing.assert_close(half.float(), whole, atol=0.02, rtol=0.02)


@pytest.mark.parametrize("precision", [torch.float64, torch.float32, torch.bfloat16])
def test_a_product_with_any_number_of_columns_is_the_product(precision: torch.dtype) -> None:
    torch.manual_seed(1)
    bias, matrix = torch.randn(7, 1).to(precision), torch.randn(7, 5).to(precision)
    for count in (1, 2, 3, 4, 15, 16, 17, 24, 25, 33):
        columns = torch.randn(5, count).to(precision)
        expected = bias.double() + matrix.double() @ columns.double()
        found = add_product(bias, matrix, columns)
        tolerance = 0.02 if precision == torch.bfloat16 else 1e-5
        torch.testing.assert_close(found.double(), expected, atol=tolerance, rtol=tolerance)
