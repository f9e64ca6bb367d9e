"""Dropout from fewer random numbers drops as many, and as randomly."""

from __future__ import annotations

import pytest
import torch

from regard.translation.dropout import Dropout, dropout


def test_a_share_is_dropped_and_the_rest_scaled_so_that_the_mean_stays() -> None:
    torch.manual_seed(1)
    values = torch.ones(1000, 501)  # not divisible by the four numbers of a draw
    for share in (0.1, 0.25, 0.7):
        left = dropout(values, share, training=True)
        assert left.unique().tolist() == pytest.approx([0, 1 / (1 - share)], rel=1e-4)
        assert left.eq(0).float().mean().item() == pytest.approx(share, abs=0.003)
        # Neither neighbours nor the four numbers of a draw go together.
        gone = left.eq(0).flatten().float() - share
        for apart in (1, 2, 3, 4):
            together = (gone[apart:] * gone[:-apart]).mean().item()
            assert together == pytest.approx(0, abs=0.003)


def test_gradients_pass_where_numbers_were_kept_and_the_generator_decides() -> None:
    values = torch.randn(7, 11, requires_grad=True)
    torch.manual_seed(3)
    left = dropout(values, 0.5, training=True)
    left.sum().backward()
    assert values.grad is not None
    torch.testing.assert_close(values.grad * values, left)
    torch.manual_seed(3)
    assert torch.equal(dropout(values, 0.5, training=True), left)
    assert not torch.equal(dropout(values, 0.5, training=True), left)


def test_nothing_is_dropped_when_not_training_and_everything_at_a_share_of_one() -> None:
    values = torch.randn(5, 3)
    layer = Dropout(0.5).eval()
    assert layer(values) is values
    assert dropout(values, 0.0, training=True) is values
    assert dropout(values, 1.0, training=True).eq(0).all()


def test_half_precision_stays_half() -> None:
    assert dropout(torch.ones(4, 4).bfloat16(), 0.5, training=True).dtype == torch.bfloat16
