"""A step of the loop is PyTorch's cell, and its gradient is that of the equations."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from regard.translation.lstm import LstmSteps


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
