"""What one update is, by hand: the scale of its loss, its batches, the average after it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from regard.translation.batches import to_batch
from regard.translation.model import Batch
from regard.translation.recipe import TrainingRecipe
from regard.translation.update import averaged, find_gradient, follow_average, groups
from toy_training import BATCH, PAIRS, Bigram, new_run, parts, recipe

CPU = torch.device("cpu")


def training(optimiser: str, **other: Any) -> TrainingRecipe:
    return recipe(optimiser=optimiser, clip=0.0, label_smoothing=0.0, **other).training


def test_sgd_sums_over_time_and_divides_by_sentences_as_luong_needs_it() -> None:
    # Two sentences, "4" and "4 4": labels 4 </s> and 4 4 </s>, five in all. All logits are 0, so
    # every label has probability 1/5; the gradient of a logit is (1/5 - [is label]) / divisor.
    batch = to_batch([[4], [4]], [[4], [4, 4]])
    sgd = find_gradient(model := Bigram(5), [batch], training("sgd"), CPU, torch.float32)
    assert model.table.grad is not None
    expected = torch.zeros(5, 5)
    expected[2] = 2 * torch.tensor([0.2, 0.2, 0.2, 0.2, -0.8]) / 2
    # After a 4: once another 4, twice the end.
    expected[4] = torch.tensor([0.6, 0.6, 0.6, 0.6 - 2, 0.6 - 1]) / 2
    torch.testing.assert_close(model.table.grad, expected)
    assert sgd.nats == pytest.approx(5 * math.log(5))
    assert sgd.tokens == 5

    find_gradient(adam := Bigram(5), [batch], training("adam"), CPU, torch.float32)
    torch.testing.assert_close(adam.table.grad, expected * 2 / 5)


def test_smoothing_reaches_the_gradient_but_not_the_reported_loss() -> None:
    # As above, but the label has probability 0.9 + 0.1 / 5 and each other word 0.1 / 5.
    batch = to_batch([[4], [4]], [[4], [4, 4]])
    smooth = recipe(optimiser="sgd", clip=0.0, label_smoothing=0.1).training
    step = find_gradient(model := Bigram(5), [batch], smooth, CPU, torch.float32)
    assert model.table.grad is not None
    expected = torch.zeros(5, 5)
    expected[2] = torch.tensor([0.18, 0.18, 0.18, 0.18, 0.2 - 0.92])
    # Three times 0.2 - 0.02; of the three labels one is another 4, two are the end.
    expected[4] = torch.tensor([0.54, 0.54, 0.54, 0.54 - 1.8, 0.54 - 0.9]) / 2
    torch.testing.assert_close(model.table.grad, expected)
    assert step.nats == pytest.approx(5 * math.log(5))


class Product(Bigram):
    """The same by a matrix product, the kind of work that a lower precision is for."""

    dtype: torch.dtype

    def forward(self, batch: Batch) -> Tensor:
        chosen = nn.functional.one_hot(batch.inputs, len(self.table)).float()
        logits = chosen @ self.table
        self.dtype = logits.dtype
        return logits


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_the_model_works_in_the_precision_that_was_asked_for(precision: torch.dtype) -> None:
    batch = to_batch([[4], [4]], [[4], [4, 4]])
    find_gradient(model := Product(5), [batch], training("sgd"), CPU, precision)
    assert model.dtype == precision
    assert model.table.grad is not None
    assert model.table.grad.dtype == torch.float32


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_an_update_of_several_batches_is_one_of_the_large_batch(optimiser: str) -> None:
    sources, targets = [[4], [4], [4]], [[4], [4, 3, 4, 4], [3]]
    whole, split = Bigram(5), Bigram(5)
    nn.init.normal_(whole.table)
    split.load_state_dict(whole.state_dict())
    chosen = training(optimiser)
    one = find_gradient(whole, [to_batch(sources, targets)], chosen, CPU, torch.float32)
    several = [to_batch(sources[:1], targets[:1]), to_batch(sources[1:], targets[1:])]
    other = find_gradient(split, several, chosen, CPU, torch.float32)
    torch.testing.assert_close(whole.table.grad, split.table.grad)
    assert one.nats == pytest.approx(other.nats, rel=1e-6)
    assert one.gradient_norm == pytest.approx(other.gradient_norm, rel=1e-6)


def test_a_long_gradient_is_cut_in_the_scale_of_its_loss() -> None:
    batch = to_batch([[4], [4]], [[4], [4, 4]])
    free, cut = Bigram(5), Bigram(5)
    step = find_gradient(free, [batch], training("sgd"), CPU, torch.float32)
    short = recipe(optimiser="sgd", clip=step.gradient_norm / 4, label_smoothing=0.0).training
    again = find_gradient(cut, [batch], short, CPU, torch.float32)
    assert again.gradient_norm == step.gradient_norm == pytest.approx(math.sqrt(0.8 + 0.8))
    assert free.table.grad is not None
    torch.testing.assert_close(cut.table.grad, free.table.grad / 4, rtol=1e-4, atol=1e-6)


def test_the_average_is_the_weights_at_first_and_lags_behind_later() -> None:
    model = Bigram(3)
    average = {"table": torch.ones(3, 3)}
    follow_average(average, model, 0.99, update=1)
    torch.testing.assert_close(average["table"], torch.full((3, 3), 2 / 11))
    follow_average(average, model, 0.99, update=100_000)
    torch.testing.assert_close(average["table"], torch.full((3, 3), 2 / 11 * 0.99))
    with averaged(model, average):
        assert torch.equal(model.table, average["table"])
    assert torch.equal(model.table, torch.zeros(3, 3))


def test_every_pair_comes_once_in_an_epoch_from_any_position(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", recipe(accumulate=3))
    _, corpus, _ = parts(run)
    chosen = run.recipe.training
    stream = groups(corpus, chosen, 0, 0)
    first = [next(stream) for _ in range(4)]
    assert [group.epoch for group in first] == [0, 0, 0, 1]
    assert [group.taken for group in first] == [3, 6, 8, 3]
    assert sum(len(each.source) for group in first[:3] for each in group.batches) == PAIRS
    assert max(len(each.source) for group in first for each in group.batches) == BATCH
    for epoch, taken, expected in ((0, 3, first[1]), (0, 8, first[3])):
        found = next(groups(corpus, chosen, epoch, taken))
        pairs = zip(found.batches, expected.batches, strict=True)
        assert all(torch.equal(left.source, right.source) for left, right in pairs)
