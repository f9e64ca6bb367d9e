"""One product over all steps is the same gradient as a sum with a summand for each."""

from __future__ import annotations

import torch
from torch import Tensor

from regard.translation import shared_weight as module
from regard.translation.shared_weight import SharedWeight


def numbers(*shape: int, precision: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, dtype=precision, requires_grad=True)


def three_steps(left: Tensor, right: Tensor, inputs: Tensor) -> Tensor:
    """Each step reads what the last one made."""
    weight = SharedWeight(left, right)
    made = inputs
    for _ in range(3):
        made = torch.tanh(weight(torch.cat([made, inputs[:, :4]], dim=1)))
    return made


def test_products_and_gradients_are_those_of_the_matrices_side_by_side() -> None:
    left, right, inputs = numbers(5, 5), numbers(5, 4), numbers(2, 5)
    by_hand = inputs
    for _ in range(3):
        both = torch.cat([by_hand, inputs[:, :4]], dim=1)
        by_hand = torch.tanh(both @ torch.cat([left, right], dim=1).t())
    torch.testing.assert_close(three_steps(left, right, inputs), by_hand)
    assert torch.autograd.gradcheck(three_steps, (left, right, inputs))


def test_the_gradient_of_a_matrix_is_made_once() -> None:
    """However many steps there were; and every pass has notes of its own."""
    left, right, inputs = numbers(5, 5), numbers(5, 4), numbers(2, 5)
    made: list[int] = []
    left.register_hook(lambda gradient: made.append(len(gradient)))
    three_steps(left, right, inputs).sum().backward()
    three_steps(left, right, inputs).sum().backward()
    assert made == [5, 5]


def test_within_autocast_products_are_in_half_precision_and_gradients_in_the_matrixs_own() -> None:
    left, right, inputs = (numbers(*s, precision=torch.float32) for s in ((5, 5), (5, 4), (2, 5)))
    whole = three_steps(left, right, inputs)
    with torch.autocast("cpu", torch.bfloat16):
        assert module.working_type(left) == torch.bfloat16
        half = three_steps(left, right, inputs)
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), whole, atol=0.05, rtol=0.05)
    half.sum().backward()
    assert left.grad is not None
    assert left.grad.dtype == torch.float32
