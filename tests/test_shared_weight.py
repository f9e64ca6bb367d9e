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


def test_three_steps_need_one_product_for_the_gradient_of_their_matrix() -> None:
    """And every pass has notes of its own."""
    left, right, inputs = numbers(5, 5), numbers(5, 4), numbers(2, 5)
    for _ in range(2):
        total = three_steps(left, right, inputs).sum()
        with torch.profiler.profile(record_shapes=True) as seen:
            total.backward()
        products = [event.input_shapes for event in seen.events() or [] if event.name == "aten::mm"]
        # Three steps of two rows; the gradients of what the steps read are [2, 5] times [5, 9].
        assert products.count([[5, 6], [6, 9]]) == 1
        assert len(products) == 1 + 3


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
