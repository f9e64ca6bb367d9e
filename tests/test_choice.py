"""The recipe chosen from text and time: larger with more text, smaller with less time."""

from __future__ import annotations

import re

import pytest

from regard.translation.choice import (
    FEWEST_EPOCHS,
    SHAPES,
    SIZES,
    Speed,
    TextAmount,
    choose,
    epochs_in,
    multiplied_weights,
    seconds_per_epoch,
    speed_of,
)
from regard.translation.recipe_file import recipe_from

SPA_ENG = TextAmount(115_452, 30.1, 28.4)


def test_every_amount_has_a_recipe_and_more_text_never_a_smaller_one() -> None:
    found = [choose(TextAmount(10**power, 40.0, 40.0)).recipe for power in range(8)]
    widths = [recipe.model.hidden for recipe in found]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]
    dropouts = [recipe.model.dropout for recipe in found]
    assert dropouts == sorted(dropouts, reverse=True)
    assert all(recipe.training.epochs for recipe in found)


def test_less_time_gives_a_smaller_model_that_gets_through_the_text() -> None:
    much = TextAmount(300_000, 100.0, 100.0)
    free = choose(much, threads=2)
    widths = []
    for seconds in (1e9, 7200.0, 3600.0, 60.0):
        hurried = choose(much, seconds=seconds, threads=2)
        widths.append(hurried.recipe.model.hidden)
        assert hurried.recipe.training.seconds == seconds
        assert hurried.recipe.tokens == free.recipe.tokens
        smaller = widths[-1] < free.recipe.model.hidden
        assert any("A smaller model" in line for line in hurried.reasons) == smaller
        shape = next(shape for shape in SHAPES if shape.width == widths[-1])
        if seconds > 60:
            assert epochs_in(seconds, SIZES[3], shape, much, speed_of("cpu", 2)) >= FEWEST_EPOCHS
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == free.recipe.model.hidden
    assert widths[-1] == SHAPES[0].width


def test_a_time_is_the_only_limit_and_without_one_there_are_epochs_and_patience() -> None:
    training = choose(SPA_ENG, seconds=600.0).recipe.training
    assert (training.seconds, training.epochs, training.updates) == (600.0, 0, 0)
    assert training.patience == 0
    training = choose(SPA_ENG).recipe.training
    assert (training.seconds, training.epochs, training.patience) == (0.0, 20, 8)


def test_little_time_needs_little_dropout() -> None:
    dropouts = [
        choose(SPA_ENG, seconds=seconds, threads=2).recipe.model.dropout
        for seconds in (300.0, 86_400.0)
    ]
    assert dropouts == [0.1, 0.2]


def test_the_reasons_say_what_how_long_and_what_to_expect() -> None:
    first, time, quality = choose(SPA_ENG, threads=2).reasons
    assert first.startswith("115,452 pairs, 3,278,837 characters")
    assert re.match(r"About 3\d minutes on 2 threads, 20 passes", time)
    assert "; less if dev stops improving. The speed" in time
    time = choose(SPA_ENG, seconds=21600.0, threads=2).reasons[1]
    assert re.match(r"About 6 hours on 2 threads, 1\d\d passes over the text. The speed", time)
    assert quality.startswith("For comparison: 115,452 pairs (short sentences, Spanish-English")
    assert "133,000" in quality
    assert "Less text" not in quality
    assert (
        "Less text translates what resembles it" in choose(TextAmount(900, 30.0, 30.0)).reasons[-1]
    )
    assert " on 1 thread, " in choose(SPA_ENG, threads=1).reasons[1]


def test_the_time_told_is_near_the_times_that_were_measured() -> None:
    # docs/results.md: ten minutes went through this text 5.2 times, preparation included.
    row, speed = SIZES[2], speed_of("cpu", 2)
    assert epochs_in(600.0, row, row.shape, SPA_ENG, speed) == pytest.approx(5.2, rel=0.1)
    # A thousand short lines took a minute for all their epochs: small batches cost, too.
    told = choose(TextAmount(1000, 30.0, 30.0), threads=2).reasons[1]
    found = re.match(r"About (\d+) seconds on 2 threads, 60 passes", told)
    assert found is not None
    assert 55 <= int(found[1]) <= 75


def test_the_seconds_of_an_epoch_are_counted_by_hand() -> None:
    # 33 pairs are two batches of 32; 35 characters are 10 pieces and an end.
    row, amount, speed = SIZES[1], TextAmount(33, 35.0, 35.0), Speed(6e6, update_seconds=0.5)
    encoder = decoder = 4 * 256 * 512
    weights = encoder + decoder + 3 * 256**2 + 256 * 2000
    expected = (2 * 0.5 + 33 * 11 * weights * 1e-6) / 0.94  # six operations for each weight
    assert seconds_per_epoch(row, SHAPES[2], amount, speed) == pytest.approx(expected)


def test_twice_the_threads_halve_the_multiplications_alone() -> None:
    one, two = speed_of("cpu", 1), speed_of("cpu", 2)
    assert two.operations_per_s == 2 * one.operations_per_s
    assert two.update_seconds == one.update_seconds


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_gpu_gets_a_larger_model_and_a_shorter_time_than_two_threads(device: str) -> None:
    much = TextAmount(300_000, 100.0, 100.0)
    slow = choose(much, seconds=3600.0, threads=2)
    fast = choose(much, seconds=3600.0, threads=2, device=device)
    assert slow.recipe.model.hidden < fast.recipe.model.hidden == SIZES[3].shape.width
    assert f"on the GPU ({device})" in fast.reasons[-2]
    speeds = speed_of(device, 2), speed_of("cpu", 2)
    on_gpu, on_cpu = (seconds_per_epoch(SIZES[3], SHAPES[4], much, each) for each in speeds)
    assert on_gpu < on_cpu


def test_the_weights_of_a_piece_are_counted_by_hand() -> None:
    model = recipe_from({"model": {"embedding": 3, "hidden": 4, "layers": 2}}, "here").model
    encoder = 4 * 4 * (3 + 4) + 8 * 16
    decoder = 4 * 4 * (3 + 4 + 4) + 8 * 16
    assert multiplied_weights(model, 11, 0.5) == 0.5 * encoder + decoder + 48 + 44


@pytest.mark.parametrize("amount", [TextAmount(0, 3.0, 3.0), TextAmount(3, 3.0, 0.0)])
def test_no_text_is_refused(amount: TextAmount) -> None:
    with pytest.raises(ValueError, match="no text"):
        choose(amount)


def test_one_is_not_said_to_be_many() -> None:
    text = TextAmount(1000, 30.0, 30.0)
    assert (
        choose(text, seconds=0.9, threads=2).reasons[-2].startswith("About 1 second on 2 threads")
    )
    epoch = seconds_per_epoch(SIZES[0], SHAPES[0], text, speed_of("cpu", 2))
    assert ", 1 pass over the text. " in choose(text, seconds=epoch, threads=2).reasons[-2]


def test_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="no time"):
        choose(SPA_ENG, seconds=0.0)
