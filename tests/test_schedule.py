"""Learning rates and plans, by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from regard.translation.recipe import Recipe, TrainingRecipe
from regard.translation.recipe_file import recipe_from
from regard.translation.schedule import (
    Plan,
    first_plan,
    learning_rate,
    measured_plan,
    parse_duration,
)


def settings(**changed: Any) -> TrainingRecipe:
    return recipe_from({"training": changed}, "here").training


def rates(changed: TrainingRecipe, plan: Plan, count: int, epoch: int = 0) -> list[float]:
    return [learning_rate(changed, plan, update, epoch) for update in range(count)]


def test_a_constant_rate_rises_and_stays() -> None:
    chosen = settings(schedule="constant", learning_rate=0.6, warmup=3)
    assert rates(chosen, first_plan(chosen, 7), 5) == pytest.approx([0.2, 0.4, 0.6, 0.6, 0.6])


def test_a_line_rises_over_the_warmup_and_would_reach_zero_after_the_last_update() -> None:
    chosen = settings(schedule="linear", learning_rate=1.0, warmup=2, updates=6)
    expected = [0.5, 1.0, 1.0, 0.75, 0.5, 0.25]
    assert rates(chosen, first_plan(chosen, 7), 6) == pytest.approx(expected)


def test_a_cosine_falls_half_way_by_the_middle() -> None:
    chosen = settings(schedule="cosine", learning_rate=2.0, updates=4)
    half = math.sqrt(0.5)
    expected = [2.0, 1 + half, 1.0, 1 - half]
    assert rates(chosen, first_plan(chosen, 7), 4) == pytest.approx(expected)


def test_the_inverse_square_root_halves_at_four_times_the_warmup() -> None:
    chosen = settings(schedule="inverse_sqrt", learning_rate=0.8, warmup=4)
    found = rates(chosen, first_plan(chosen, 7), 16)
    assert found[:4] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert found[15] == pytest.approx(0.4)


def test_luong_halves_in_every_epoch_after_the_fifth() -> None:
    chosen = settings(optimiser="sgd", schedule="luong", learning_rate=1.0, halve_after=5)
    plan = first_plan(chosen, 3)
    found = [learning_rate(chosen, plan, 100, epoch) for epoch in range(8)]
    assert found == [1, 1, 1, 1, 1, 0.5, 0.25, 0.125]


def test_epochs_and_updates_limit_each_other() -> None:
    assert first_plan(settings(epochs=3), 7).updates == 21
    assert first_plan(settings(epochs=3, updates=20), 7).updates == 20
    assert first_plan(settings(epochs=0, schedule="constant"), 7).updates is None


def test_dev_is_looked_at_about_ten_times_unless_told_otherwise() -> None:
    assert first_plan(settings(epochs=0, updates=95), 1000).validate_every == 10
    assert first_plan(settings(epochs=0, updates=95, validate_every=7), 1000).validate_every == 7
    endless = settings(epochs=0, schedule="constant")
    looks = [first_plan(endless, count).validate_every for count in (7, 300, 50_000)]
    assert looks == [100, 300, 2000]


def test_seconds_are_turned_into_updates_with_the_looks_at_dev_paid_for() -> None:
    chosen = settings(epochs=0, seconds=100, validate_every=10)
    plan = first_plan(chosen, 7)
    assert plan.updates is None
    assert not plan.measured
    known = measured_plan(
        plan, chosen, update=5, seconds_left=90.0, seconds_per_update=0.4, seconds_per_look=1.0
    )
    # 97 % of 90 s, less the last look: 86.3 s; an update and its share of a look: 0.5 s.
    assert known == Plan(5 + 172, warmup=0, falls_from=5, validate_every=10, measured=True)


def test_chosen_looks_take_at_most_a_share_of_the_time() -> None:
    chosen = settings(epochs=0, seconds=1000)
    known = measured_plan(
        first_plan(chosen, 7),
        chosen,
        update=50,
        seconds_left=1000.0,
        seconds_per_update=1.0,
        seconds_per_look=20.0,
    )
    # usable 950 s, 15 % of it: 7 looks (the last one is paid already), 830 updates left
    assert known.updates == 50 + 830
    assert known.validate_every == math.ceil(830 / 7)


def test_the_rate_of_a_budget_falls_from_where_it_was_measured_to_the_end() -> None:
    chosen = settings(epochs=0, seconds=100, schedule="linear", learning_rate=1.0, warmup=2)
    before = first_plan(chosen, 7)
    assert rates(chosen, before, 4) == [0.5, 1.0, 1.0, 1.0]
    plan = Plan(8, warmup=2, falls_from=4, validate_every=3, measured=True)
    assert rates(chosen, plan, 8)[4:] == pytest.approx([1.0, 0.75, 0.5, 0.25])


def test_a_warmup_that_is_too_long_for_the_budget_is_cut() -> None:
    chosen = settings(epochs=0, seconds=100, warmup=4000)
    known = measured_plan(
        first_plan(chosen, 7),
        chosen,
        update=10,
        seconds_left=95.0,
        seconds_per_update=0.5,
        seconds_per_look=0.0,
    )
    assert known.updates == 10 + 184
    assert known.warmup == 194 // 5


def test_fewer_updates_than_fit_are_not_made_more() -> None:
    chosen = settings(epochs=2, seconds=100)
    plan = first_plan(chosen, 9)
    known = measured_plan(
        plan, chosen, update=3, seconds_left=95.0, seconds_per_update=0.5, seconds_per_look=0.1
    )
    assert (known.updates, known.falls_from, known.measured) == (18, 0, True)


def test_no_time_left_is_no_update_left() -> None:
    chosen = settings(epochs=0, seconds=10)
    known = measured_plan(
        first_plan(chosen, 9),
        chosen,
        update=3,
        seconds_left=0.5,
        seconds_per_update=0.5,
        seconds_per_look=2.0,
    )
    assert known.updates == 3


def test_the_default_recipe_ends() -> None:
    assert first_plan(Recipe().training, 11).updates == 110


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("10m", 600),
        ("1.5h", 5400),
        ("1h30m", 5400),
        (" 1 m 5 s", 65),
        ("1.5", 1.5),
    ],
)
def test_a_duration_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-5", "ten", "5d", "1..5m", "m", "nan", "1h30", "10m30"])
def test_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write 90s, 10m or 1h30m"):
        parse_duration(text)
