"""How long to train, how often to validate on dev, and the learning rate at every update.

All of it is a function of the update's number and of a `Plan`, which is kept with the weights: so a
resumed run does exactly what an unbroken one would have done.

A budget of seconds is turned into updates more than once: each time `PLANNED_SHARE` of it has been
trained, the rest is planned from the speed since the plan before. The budget is what preparation
left of the time, or what was left when more was given. The learning rate goes on from where the old
plan has it, and is zero at the new end; a warm-up that would take more than `WARMUP_SHARE` of the
rest is cut, and the rate rises faster to its highest from then on.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from dataclasses import dataclass, replace

from regard.translation.recipe import TrainingRecipe

PLANNED_SHARE = 0.05  # of the seconds given: after so much training the rest is planned anew
PLANNED_UPDATES = 3  # at least; so few alone say little about the speed
RESERVED_SHARE = 0.01  # of the seconds given: not planned with, for bad luck at the end
WARMUP_SHARE = 0.2  # of the updates left: a rise in a budget of seconds takes no more
VALIDATION_SHARE = 0.15  # at most so much of the time goes into validations, if we choose
MOST_VALIDATIONS = 20
SAVING_SHARE = 0.02  # at most so much of the time goes into saves by the clock


DURATION = re.compile(r"(?:([0-9.]+)h)?(?:([0-9.]+)m)?(?:([0-9.]+)s)?")
BARE_NUMBER = re.compile(r"[0-9.]+")


def parse_duration(text: str) -> float:
    """Seconds of "90", "90s", "10m", "1.5h" or "1h30m"; ValueError for anything else."""
    joined = "".join(text.split())
    # A number without a unit is seconds where it stands alone; whoever writes 1h30 means minutes.
    found = DURATION.fullmatch(joined + "s" if BARE_NUMBER.fullmatch(joined) else joined)
    try:
        parts = [float(part or 0) for part in found.groups()] if found else []
    except ValueError:
        parts = []
    seconds = sum(part * unit for part, unit in zip(parts, (3600, 60, 1), strict=False))
    if seconds <= 0:
        raise ValueError(f"{text!r} is no time: write 90s, 10m or 1h30m")
    return seconds


@dataclass(frozen=True)
class Plan:
    """How a run goes: `updates` (None: until it no longer improves), warm-up, and validations.

    The rate rises until update `warmup`: from update `rises_from` on, where it had the share
    `risen` of its highest. Schedules that end at zero fall from update `falls_from` on, when the
    share `fallen` of their fall lies behind them. `measured` is False as long as a budget of
    seconds has not been turned into updates.
    """

    updates: int | None
    rises_from: int
    risen: float
    warmup: int
    falls_from: int
    fallen: float
    validate_every: int
    measured: bool


@dataclass(frozen=True)
class Costs:
    """What took how many seconds lately: one update, one validation, one save."""

    update_seconds: float
    validation_seconds: float
    save_seconds: float


def update_limit(settings: TrainingRecipe, updates_per_epoch: int) -> int | None:
    """How many updates the recipe allows, whatever the time; None: any number."""
    limits = (settings.updates, settings.epochs * updates_per_epoch)
    return min((limit for limit in limits if limit), default=None)


def first_plan(settings: TrainingRecipe, updates_per_epoch: int) -> Plan:
    """The plan as far as it is known before the first update."""
    updates = update_limit(settings, updates_per_epoch)
    every = settings.validate_every
    if not every:
        every = min(max(updates_per_epoch, 100), 2000)
        if updates is not None:
            every = max(1, min(every, math.ceil(updates / 10)))
    return Plan(
        updates,
        rises_from=0,
        risen=0.0,
        warmup=settings.warmup,
        falls_from=settings.warmup,
        fallen=0.0,
        validate_every=every,
        measured=not settings.seconds,
    )


def plan_the_rest(
    plan: Plan,
    settings: TrainingRecipe,
    costs: Costs,
    *,
    limit: int | None,
    update: int,
    validated_at: int,
    seconds_given: float,
    seconds_left: float,
) -> Plan:
    """Turn the seconds left after `update` updates into updates: the plan from now on.

    `limit` is what `update_limit` says, `validated_at` the last update that was validated;
    `seconds_given` were left when training began under its limits. The last update of all is
    validated and saved, and paid for.
    """
    # Two saves are certain: of this plan, and at the end.
    usable = seconds_left - RESERVED_SHARE * seconds_given - 2 * costs.save_seconds
    if costs.save_seconds:
        usable /= 1 + costs.save_seconds / seconds_between_saves(settings, costs.save_seconds)
    since_validation, every = update - validated_at, plan.validate_every
    end = update + _updates_that_fit(usable, costs, since_validation, every)
    if not settings.validate_every and (limit is None or end < limit):
        every = _validations_apart(plan, usable, costs)
        end = update + _updates_that_fit(usable, costs, since_validation, every)
    end = end if limit is None else min(end, limit)
    if end == plan.updates:
        return replace(plan, validate_every=every, measured=True)
    plan = _with_shorter_warmup(plan, update, end)
    falls_from = max(plan.warmup, update)
    return replace(
        plan,
        updates=end,
        falls_from=falls_from,
        fallen=fallen(plan, falls_from + 1),
        validate_every=every,
        measured=True,
    )


def _with_shorter_warmup(plan: Plan, update: int, end: int) -> Plan:
    """The plan whose rate rises from where it is after `update` over a share of the rest."""
    warmup = update + int(WARMUP_SHARE * (end - update))
    if warmup >= plan.warmup:
        return plan
    return replace(plan, rises_from=update, risen=risen(plan, update), warmup=warmup)


def seconds_to_next_plan(plan: Plan, seconds_given: float, save_seconds: float) -> float:
    """How much is trained after `plan` before the time is planned anew, and saved at once."""
    share = PLANNED_SHARE * seconds_given
    # However dear a save is: without any plan the rate would stay at its highest to the end.
    return max(share, save_seconds / SAVING_SHARE) if plan.measured else share


def seconds_between_saves(settings: TrainingRecipe, save_seconds: float) -> float:
    """How much time passes between two saves, when one takes `save_seconds`."""
    return max(settings.save_every_seconds, save_seconds / SAVING_SHARE)


def seconds_for(updates: int, costs: Costs, since_validation: int, every: int) -> float:
    """What so many more updates take, with all validations up to the last of them."""
    validations = math.ceil((since_validation + updates) / every)
    return updates * costs.update_seconds + validations * costs.validation_seconds


def _updates_that_fit(usable: float, costs: Costs, since_validation: int, every: int) -> int:
    """How many updates fit into the usable seconds, with all validations up to the last of them."""

    def seconds(updates: int) -> float:
        return seconds_for(updates, costs, since_validation, every)

    most = int(max(0.0, usable) / costs.update_seconds)
    return max(0, bisect_right(range(most + 1), usable, key=seconds) - 1)


def _validations_apart(plan: Plan, usable: float, costs: Costs) -> int:
    """Updates between two validations; once chosen, only validations that got dearer change it."""
    updates = usable / costs.update_seconds
    every = plan.validate_every if plan.measured else math.ceil(updates / MOST_VALIDATIONS)
    training_seconds = costs.validation_seconds * (1 - VALIDATION_SHARE) / VALIDATION_SHARE
    return max(1, every, math.ceil(training_seconds / costs.update_seconds))


def learning_rate(settings: TrainingRecipe, plan: Plan, update: int, epoch: int) -> float:
    """The rate of the update that follows `update` finished ones, in epoch `epoch` (from 0)."""
    number = update + 1
    return settings.learning_rate * risen(plan, number) * _falling(settings, plan, number, epoch)


def risen(plan: Plan, number: int) -> float:
    """The share of its highest that the rate has risen to at update `number` (from 1)."""
    if number >= plan.warmup:
        return 1.0
    share = (number - plan.rises_from) / (plan.warmup - plan.rises_from)
    return plan.risen + (1.0 - plan.risen) * share


def _falling(settings: TrainingRecipe, plan: Plan, number: int, epoch: int) -> float:
    match settings.schedule:
        case "inverse_sqrt":  # Vaswani 2017, 5.3, scaled to be 1 at the end of the warm-up
            warmup = max(1, plan.warmup)
            return math.sqrt(warmup / max(warmup, number))
        case "linear":
            return 1.0 - fallen(plan, number)
        case "cosine":
            return 0.5 * (1.0 + math.cos(math.pi * fallen(plan, number)))
        case "luong":  # Luong 2015, 4.1: after epoch 5, halve every epoch
            return 0.5 ** max(0, epoch + 1 - settings.halve_after)
        case "constant":
            return 1.0


def fallen(plan: Plan, number: int) -> float:
    """The share of the fall that lies behind before update `number` (from 1): 0 up to 1."""
    if plan.updates is None or number <= plan.falls_from:
        return plan.fallen
    share = (number - 1 - plan.falls_from) / max(1, plan.updates - plan.falls_from)
    return plan.fallen + (1.0 - plan.fallen) * min(1.0, share)
