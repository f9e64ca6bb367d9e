"""Input feeding over a whole target is PyTorch's LSTM, one word after the other."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from regard.attention import Source
from regard.translation.families import build
from regard.translation.fed_decoder import write_fed
from regard.translation.recipe import ModelRecipe
from tests.contracts import example_batch, scatter_windows


def by_hand(lstm: nn.LSTM, embedded: Tensor, hidden: Tensor, cell: Tensor) -> Tensor:
    fed, made = torch.zeros_like(hidden[-1]), []
    for t in range(embedded.shape[1]):
        word = torch.cat([embedded[:, t], fed], dim=1)[:, None]
        top, (hidden, cell) = lstm(word, (hidden, cell))
        fed = torch.tanh(top[:, 0] * (t + 1))
        made.append(fed)
    return torch.stack(made, dim=1)


def look(top: Tensor, position: Tensor) -> Tensor:
    """Stands for attention: another state at every position."""
    return torch.tanh(top[:, 0] * (position + 1))


def test_states_and_gradients_are_those_of_one_word_at_a_time() -> None:
    torch.manual_seed(1)
    for layers in (1, 3):
        lstm = nn.LSTM(3 + 5, 5, layers, batch_first=True, dtype=torch.float64)
        hidden, cell = torch.randn(2, layers, 2, 5, dtype=torch.float64).unbind()
        embedded = torch.randn(2, 4, 3, dtype=torch.float64)
        leaves = [tensor.requires_grad_() for tensor in (embedded, hidden, cell)]
        found = write_fed(lstm, embedded, hidden, cell, look)
        expected = by_hand(lstm, embedded, hidden, cell)
        torch.testing.assert_close(found, expected)
        wanted = [*leaves, *lstm.parameters()]
        seed = torch.randn_like(found)
        torch.testing.assert_close(
            torch.autograd.grad(found, wanted, seed), torch.autograd.grad(expected, wanted, seed)
        )


def test_dropout_falls_between_the_layers_while_training_alone() -> None:
    torch.manual_seed(1)
    lstm = nn.LSTM(3 + 5, 5, 2, batch_first=True, dropout=0.5)
    start = torch.zeros(2, 2, 5)
    embedded = torch.randn(2, 4, 3)
    once, again = (write_fed(lstm, embedded, start, start, look) for _ in range(2))
    assert not torch.equal(once, again)
    lstm.eval()
    torch.testing.assert_close(
        write_fed(lstm, embedded, start, start, look), by_hand(lstm, embedded, start, start)
    )


@pytest.mark.parametrize("scope", ["local-m", "local-p"])
@pytest.mark.parametrize("score", ["dot", "general", "concat", "additive"])
def test_a_source_for_steps_changes_no_gradient_of_local_attention(
    score: Any, scope: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(2)
    recipe = ModelRecipe(
        embedding=6, hidden=8, attention=score, scope=scope, radius=2, input_feeding=True
    )
    model = build(recipe, 13, 13).double()
    scatter_windows(model)
    learned, found = list(model.parameters()), []
    for for_steps in (Source.for_steps, lambda source: source):
        monkeypatch.setattr(Source, "for_steps", for_steps)
        torch.manual_seed(4)  # dropout
        loss_nats = model.loss(example_batch(13)).training_nats
        found.append((loss_nats, *torch.autograd.grad(loss_nats, learned)))
    torch.testing.assert_close(*found, atol=1e-10, rtol=0)
