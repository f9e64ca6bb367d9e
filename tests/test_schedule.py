"""Learning rates and plans, by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from regard.translation.recipe import Recipe, TrainingRecipe
from regard.translation.recipe_file import recipe_from
from regard.translation.schedule import (
    Costs,
    Plan,
    first_plan,
    learning_rate,
    parse_duration,
    plan_the_rest,
    seconds_between_saves,
    seconds_to_next_plan,
    update_limit,
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


def test_there_are_about_ten_validations_unless_told_otherwise() -> None:
    assert first_plan(settings(epochs=0, updates=95), 1000).validate_every == 10
    assert first_plan(settings(epochs=0, updates=95, validate_every=7), 1000).validate_every == 7
    endless = settings(epochs=0, schedule="constant")
    every = [first_plan(endless, count).validate_every for count in (7, 300, 50_000)]
    assert every == [100, 300, 2000]


def replanned(
    plan: Plan,
    chosen: TrainingRecipe,
    costs: Costs,
    *,
    update: int,
    seconds_left: float,
    validated_at: int | None = None,
    updates_per_epoch: int = 7,
    seconds_given: float | None = None,
) -> Plan:
    return plan_the_rest(
        plan,
        chosen,
        costs,
        limit=update_limit(chosen, updates_per_epoch),
        update=update,
        validated_at=update if validated_at is None else validated_at,
        seconds_given=chosen.seconds if seconds_given is None else seconds_given,
        seconds_left=seconds_left,
    )


def fall(updates: int, falls_from: int, fallen: float, validate_every: int) -> Plan:
    """A measured plan without a warm-up."""
    return Plan(updates, 0, 0.0, 0, falls_from, fallen, validate_every, measured=True)


def test_seconds_are_turned_into_updates_with_the_validations_paid_for() -> None:
    chosen = settings(epochs=0, seconds=100, validate_every=10)
    plan = first_plan(chosen, 7)
    assert plan.updates is None
    assert not plan.measured
    # One of the 100 s stays in reserve. 177 updates and 18 validations take 70.8 + 18 s of the 89.
    known = replanned(plan, chosen, Costs(0.4, 1.0, 0.0), update=5, seconds_left=90.0)
    assert known == fall(5 + 177, falls_from=5, fallen=0.0, validate_every=10)
    # The validation before lies 9 updates back, so the 172nd needs the 19th: 68.8 + 19 s; the
    # 175th as well, and the 176th would cost 89.4.
    known = replanned(
        plan, chosen, Costs(0.4, 1.0, 0.0), update=12, validated_at=3, seconds_left=90.0
    )
    assert known.updates == 12 + 175


def test_saves_are_paid_for() -> None:
    chosen = settings(epochs=0, seconds=100, validate_every=10, save_every_seconds=10.0)
    # Two saves of 2 s and the reserve leave 101 s; a save after every 100 s takes 2 of 102.
    known = replanned(
        first_plan(chosen, 7), chosen, Costs(1.0, 0.0, 2.0), update=5, seconds_left=106.1
    )
    assert known.updates == 5 + int(101.1 / 1.02)
    assert seconds_between_saves(chosen, 2.0) == 100.0
    assert seconds_between_saves(chosen, 0.1) == 10.0
    assert seconds_to_next_plan(known, 100.0, 0.02) == 5.0
    assert seconds_to_next_plan(known, 100.0, 2.0) == 100.0


def test_chosen_validations_take_at_most_a_share_of_the_time() -> None:
    chosen = settings(epochs=0, seconds=1000)
    plan = first_plan(chosen, 7)
    # 20 s of validation for every 20 / 0.15 s in all: 113.3 s of training between.
    known = replanned(plan, chosen, Costs(1.0, 20.0, 0.0), update=50, seconds_left=1000.0)
    assert known.validate_every == 114
    # Of 990 s 8 validations leave 830; they reach 8 x 114 = 912 updates.
    assert known.updates == 50 + 830
    # Cheap ones come 20 times in the 990 updates.
    known = replanned(plan, chosen, Costs(1.0, 0.01, 0.0), update=50, seconds_left=1000.0)
    assert known.validate_every == 50


def test_validations_that_get_dearer_come_less_often_and_else_as_before() -> None:
    chosen = settings(epochs=0, seconds=1000)
    plan = fall(900, falls_from=50, fallen=0.0, validate_every=50)
    later = replanned(plan, chosen, Costs(1.0, 3.0, 0.0), update=500, seconds_left=400.0)
    assert later.validate_every == 50
    later = replanned(plan, chosen, Costs(1.0, 20.0, 0.0), update=500, seconds_left=400.0)
    assert later.validate_every == 114


def test_validations_that_were_asked_for_stay() -> None:
    chosen = settings(epochs=0, seconds=1000, validate_every=10)
    known = replanned(
        first_plan(chosen, 7), chosen, Costs(1.0, 20.0, 0.0), update=50, seconds_left=1000.0
    )
    assert known.validate_every == 10
    assert known.updates == 50 + 330


def test_the_rate_of_a_budget_falls_from_where_it_was_measured_to_the_end() -> None:
    chosen = settings(epochs=0, seconds=100, schedule="linear", learning_rate=1.0, warmup=2)
    before = first_plan(chosen, 7)
    assert rates(chosen, before, 4) == [0.5, 1.0, 1.0, 1.0]
    plan = replace(fall(8, falls_from=4, fallen=0.0, validate_every=3), warmup=2)
    assert rates(chosen, plan, 8)[4:] == pytest.approx([1.0, 0.75, 0.5, 0.25])


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_a_new_plan_takes_the_rate_from_where_it_is_to_zero_at_the_new_end(schedule: str) -> None:
    chosen = settings(
        epochs=0, seconds=100, schedule=schedule, learning_rate=1.0, validate_every=1000
    )
    old = fall(12, falls_from=4, fallen=0.0, validate_every=1000)
    # A quarter of the fall lies behind update 6. Only 3.5 s can be used: 3 updates.
    new = replanned(old, chosen, Costs(1.0, 0.0, 0.0), update=6, seconds_left=4.5)
    assert new == fall(9, falls_from=6, fallen=0.25, validate_every=1000)
    line = [0.75, 0.5, 0.25]
    expected = line if schedule == "linear" else [0.5 - 0.5 * math.cos(math.pi * x) for x in line]
    found = [learning_rate(chosen, new, update, 0) for update in range(6, 9)]
    assert found == pytest.approx(expected)
    assert found[0] == pytest.approx(learning_rate(chosen, old, 6, 0))
    # A later end: from the same rate, along a flatter line.
    later = replanned(new, chosen, Costs(1.0, 0.0, 0.0), update=7, seconds_left=11.5)
    assert (later.updates, later.fallen) == (17, 0.5)


def test_a_warmup_that_is_too_long_for_the_budget_rises_faster_from_where_it_is() -> None:
    chosen = settings(epochs=0, seconds=100, learning_rate=1.0, warmup=4000, validate_every=1000)
    before, costs = first_plan(chosen, 7), Costs(0.5, 0.0, 0.0)
    known = replanned(before, chosen, costs, update=10, seconds_left=95.0)
    assert known.updates == 10 + 188
    assert known.warmup == known.falls_from == 10 + 37  # a fifth of the 188
    last = learning_rate(chosen, before, 9, 0)
    assert last == 10 / 4000
    step = (1 - last) / 37
    found = [learning_rate(chosen, known, update, 0) for update in range(10, 49)]
    assert found[:2] == pytest.approx([last + step, last + 2 * step])
    assert found[36:] == pytest.approx([1.0, 1.0, 1.0 - 1 / 151])

    slower = replanned(known, chosen, Costs(1.0, 0.0, 0.0), update=20, seconds_left=90.0)
    assert (slower.updates, slower.warmup, slower.falls_from) == (20 + 89, 20 + 17, 20 + 17)
    assert slower.fallen == 0.0
    last = learning_rate(chosen, known, 19, 0)
    assert learning_rate(chosen, slower, 20, 0) == pytest.approx(last + (1 - last) / 17)
    faster = replanned(slower, chosen, costs, update=30, seconds_left=80.0)
    assert faster.warmup == slower.warmup
    assert learning_rate(chosen, faster, 30, 0) == learning_rate(chosen, slower, 30, 0)


def test_a_warmup_that_the_end_has_come_near_to_leaves_time_to_fall() -> None:
    chosen = settings(epochs=0, seconds=100, learning_rate=1.0, warmup=100, validate_every=1000)
    plan = replanned(
        first_plan(chosen, 7), chosen, Costs(0.1, 0.0, 0.0), update=40, seconds_left=95.0
    )
    assert (plan.updates, plan.warmup) == (980, 100)
    # Now 52 updates are left, and 50 of the warm-up: 10 have to do.
    slow = replanned(plan, chosen, Costs(1.0, 0.0, 0.0), update=50, seconds_left=53.5)
    assert (slow.updates, slow.warmup, slow.falls_from) == (102, 60, 60)
    found = [learning_rate(chosen, slow, update, 0) for update in range(50, 102)]
    assert found[0] == pytest.approx(0.55)
    assert found[9:11] == pytest.approx([1.0, 1.0])
    assert found[-1] == pytest.approx(1 / 42)


def test_what_is_in_reserve_is_a_share_of_what_was_given_last() -> None:
    chosen = settings(epochs=0, seconds=1000, validate_every=1000)
    plan, costs = first_plan(chosen, 7), Costs(0.1, 0.0, 0.0)
    known = replanned(plan, chosen, costs, update=50, seconds_given=5.0, seconds_left=4.8)
    assert known.updates == 50 + 47
    assert seconds_to_next_plan(known, 5.0, 0.0) == 0.25
    # The first plan does not wait for a save to be worth its time; those after it do.
    assert seconds_to_next_plan(plan, 5.0, 0.2) == 0.25
    assert seconds_to_next_plan(known, 5.0, 0.2) == 10.0


def test_fewer_updates_than_fit_are_not_made_more() -> None:
    chosen = settings(epochs=2, seconds=100)
    plan = first_plan(chosen, 9)
    known = replanned(
        plan, chosen, Costs(0.5, 0.1, 0.0), update=3, seconds_left=95.0, updates_per_epoch=9
    )
    assert known == fall(18, falls_from=0, fallen=0.0, validate_every=2)
    # When it gets so slow that they no longer fit, they become fewer, and more again later.
    slow = replanned(
        known, chosen, Costs(10.0, 0.0, 0.0), update=9, seconds_left=31.0, updates_per_epoch=9
    )
    assert (slow.updates, slow.falls_from, slow.fallen) == (12, 9, 0.5)
    fast = replanned(
        slow, chosen, Costs(0.1, 0.0, 0.0), update=11, seconds_left=20.0, updates_per_epoch=9
    )
    assert fast.updates == 18


def test_no_time_left_is_no_update_left() -> None:
    chosen = settings(epochs=0, seconds=10)
    known = replanned(
        first_plan(chosen, 9), chosen, Costs(0.5, 2.0, 0.0), update=3, seconds_left=0.5
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
