"""The recipe chosen from text and time: larger with more text, smaller with less time."""

from __future__ import annotations

import pytest

from regard.translation.choice import (
    FEWEST_EPOCHS,
    SHAPES,
    SIZES,
    Amount,
    choose,
    epochs_in,
    multiplied_weights,
    seconds_per_epoch,
)
from regard.translation.recipe_file import recipe_from

SPA_ENG = Amount(115_452, 30.1, 28.4)


def test_every_amount_has_a_recipe_and_more_text_never_a_smaller_one() -> None:
    found = [choose(Amount(10**power, 40.0, 40.0)).recipe for power in range(8)]
    widths = [recipe.model.hidden for recipe in found]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]
    dropouts = [recipe.model.dropout for recipe in found]
    assert dropouts == sorted(dropouts, reverse=True)
    assert all(recipe.training.epochs for recipe in found)


def test_less_time_gives_a_smaller_model_that_gets_through_the_text() -> None:
    much = Amount(300_000, 100.0, 100.0)
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
            assert epochs_in(seconds, SIZES[3], shape, much, 2) >= FEWEST_EPOCHS
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == free.recipe.model.hidden
    assert widths[-1] == SHAPES[0].width


def test_little_time_needs_little_dropout() -> None:
    dropouts = [
        choose(SPA_ENG, seconds=seconds, threads=2).recipe.model.dropout
        for seconds in (300.0, 86_400.0)
    ]
    assert dropouts == [0.1, 0.2]


def test_the_reasons_say_what_how_long_and_what_to_expect() -> None:
    first, time, quality = choose(SPA_ENG, seconds=6000.0, threads=2).reasons
    assert first.startswith("115,452 pairs, 3,278,837 characters")
    assert time.startswith("About 40 minutes on 2 threads, 20 passes")
    assert "115,452 pairs (short sentences, Spanish-English" in quality
    assert "133,000" in quality
    assert "Less text" not in quality
    assert "Less text translates what resembles it" in choose(Amount(900, 30.0, 30.0)).reasons[-1]


def test_twice_the_threads_or_half_the_text_take_half_the_time() -> None:
    size = SIZES[1]
    one = seconds_per_epoch(size, SHAPES[2], Amount(1000, 30.0, 35.0), 1)
    assert seconds_per_epoch(size, SHAPES[2], Amount(1000, 30.0, 35.0), 2) == pytest.approx(one / 2)
    assert seconds_per_epoch(size, SHAPES[2], Amount(500, 30.0, 35.0), 1) == pytest.approx(one / 2)


def test_the_weights_of_a_piece_are_counted_by_hand() -> None:
    model = recipe_from({"model": {"embedding": 3, "hidden": 4, "layers": 2}}, "here").model
    encoder = 4 * 4 * (3 + 4) + 8 * 16
    decoder = 4 * 4 * (3 + 4 + 4) + 8 * 16
    assert multiplied_weights(model, 11, 0.5) == 0.5 * encoder + decoder + 48 + 44


@pytest.mark.parametrize("amount", [Amount(0, 3.0, 3.0), Amount(3, 3.0, 0.0)])
def test_no_text_is_refused(amount: Amount) -> None:
    with pytest.raises(ValueError, match="no text"):
        choose(amount)


def test_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="no time"):
        choose(SPA_ENG, seconds=0.0)
