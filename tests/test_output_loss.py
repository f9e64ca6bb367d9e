"""The output layer and its loss in one: the same numbers as one after the other."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from regard.translation import output_loss as module
from regard.translation.model import cross_entropy
from regard.translation.output_loss import output_loss

LABELS = torch.tensor([3, 0, 6, 6, 2])


def states_and_layer(precision: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(7)
    states, weight, bias = torch.randn(5, 4), torch.randn(7, 4), torch.randn(7)
    return (
        states.to(precision).requires_grad_(),
        weight.to(precision).requires_grad_(),
        bias.to(precision).requires_grad_(),
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("at_once", [1, 14, 2**21])  # one row, two rows, all rows at a time
def test_it_is_the_cross_entropy_of_the_logits(
    smoothing: float, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOGITS_AT_ONCE", at_once)
    states, weight, bias = states_and_layer()
    found = output_loss(states, weight, bias, LABELS, smoothing)
    expected = cross_entropy(functional.linear(states, weight, bias), LABELS, smoothing)
    assert found.tokens == expected.tokens == 5
    torch.testing.assert_close(found.nats.float(), expected.nats)
    torch.testing.assert_close(found.training_nats.float(), expected.training_nats.float())
    with torch.no_grad():
        unwatched = output_loss(states, weight, bias, LABELS, smoothing)
    torch.testing.assert_close(unwatched.training_nats.float(), expected.training_nats.float())


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("at_once", [14, 2**21])
def test_its_gradients_are_the_slopes(
    smoothing: float, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOGITS_AT_ONCE", at_once)

    def mean(states: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return output_loss(states, weight, bias, LABELS, smoothing).training_nats / 5

    assert torch.autograd.gradcheck(mean, states_and_layer())


def test_large_logits_do_not_overflow() -> None:
    states, weight, bias = states_and_layer(torch.float32)
    loss = output_loss(states * 1e3, weight, bias, LABELS)
    loss.training_nats.backward()
    assert torch.isfinite(loss.training_nats)
    assert weight.grad is not None
    assert torch.all(torch.isfinite(weight.grad))


def test_half_precision_comes_near() -> None:
    states, weight, bias = states_and_layer(torch.float32)
    whole = output_loss(states, weight, bias, LABELS, 0.1)
    with torch.autocast("cpu", torch.bfloat16):
        half = output_loss(states, weight, bias, LABELS, 0.1)
    torch.testing.assert_close(half.training_nats, whole.training_nats, atol=0.1, rtol=0.02)
    gradients = []
    for loss in (whole, half):
        found = torch.autograd.grad(loss.training_nats, (states, weight, bias))
        assert all(gradient.dtype == torch.float32 for gradient in found)
        gradients.append(found)
    torch.testing.assert_close(*gradients, atol=0.05, rtol=0.05)
