"""How long to train, how often to look at dev, and the learning rate at every update.

All of it is a function of the update's number and of a `Plan`, which is fixed once and kept with
the weights: so a resumed run does exactly what an unbroken one would have done.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from regard.translation.recipe import TrainingRecipe

PROBE_SHARE = 0.05  # of the seconds given: after so much training its speed is known
PROBE_UPDATES = 3  # at least; the first ones are slower than the rest
USED_SHARE = 0.97  # of the seconds left; the rest is for saving and for bad luck
LOOKING_SHARE = 0.15  # at most so much of the time goes into looking at dev, if we choose
MOST_LOOKS = 20


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
    """How a run goes: `updates` (None: until it no longer improves), warm-up, and looks at dev.

    Schedules that end at zero fall from update `falls_from` on. `measured` is False as long as a
    budget of seconds has not been turned into updates.
    """

    updates: int | None
    warmup: int
    falls_from: int
    validate_every: int
    measured: bool


def first_plan(settings: TrainingRecipe, updates_per_epoch: int) -> Plan:
    """The plan as far as it is known before the first update."""
    limits = [settings.updates, settings.epochs * updates_per_epoch]
    updates = min((limit for limit in limits if limit), default=None)
    every = settings.validate_every
    if not every:
        every = min(max(updates_per_epoch, 100), 2000)
        if updates is not None:
            every = max(1, min(every, math.ceil(updates / 10)))
    return Plan(updates, settings.warmup, settings.warmup, every, measured=not settings.seconds)


def measured_plan(
    plan: Plan,
    settings: TrainingRecipe,
    *,
    update: int,
    seconds_left: float,
    seconds_per_update: float,
    seconds_per_look: float,
) -> Plan:
    """Turn the seconds left after `update` updates into updates: the plan from now on.

    The last update is always looked at on dev, and paid for.
    """
    usable = max(0.0, USED_SHARE * seconds_left - seconds_per_look)
    if settings.validate_every:
        every = settings.validate_every
        fitting = int(usable / (seconds_per_update + seconds_per_look / every))
    else:
        looks = LOOKING_SHARE * usable / max(seconds_per_look, 1e-9)
        looks = max(1, min(MOST_LOOKS, int(looks)))
        fitting = int(max(0.0, usable - (looks - 1) * seconds_per_look) / seconds_per_update)
        every = max(1, math.ceil(fitting / looks))
    if plan.updates is not None and update + fitting >= plan.updates:
        return replace(plan, validate_every=min(every, plan.validate_every), measured=True)
    warmup = min(plan.warmup, max(update, (update + fitting) // 5))
    return Plan(update + fitting, warmup, max(warmup, update), every, measured=True)


def learning_rate(settings: TrainingRecipe, plan: Plan, update: int, epoch: int) -> float:
    """The rate of the update that follows `update` finished ones, in epoch `epoch` (from 0)."""
    number = update + 1
    rising = min(1.0, number / plan.warmup) if plan.warmup else 1.0
    return settings.learning_rate * rising * _falling(settings, plan, number, epoch)


def _falling(settings: TrainingRecipe, plan: Plan, number: int, epoch: int) -> float:
    match settings.schedule:
        case "inverse_sqrt":  # Vaswani 2017, 5.3, scaled to be 1 at the end of the warm-up
            warmup = max(1, plan.warmup)
            return math.sqrt(warmup / max(warmup, number))
        case "linear":
            return 1.0 - _gone(plan, number)
        case "cosine":
            return 0.5 * (1.0 + math.cos(math.pi * _gone(plan, number)))
        case "luong":  # Luong 2015, 4.1: after epoch 5, halve every epoch
            return 0.5 ** max(0, epoch + 1 - settings.halve_after)
        case "constant":
            return 1.0


def _gone(plan: Plan, number: int) -> float:
    """The share of the falling part that lies behind before update `number`: 0 up to below 1."""
    if plan.updates is None or number <= plan.falls_from:
        return 0.0
    return min(1.0, (number - 1 - plan.falls_from) / max(1, plan.updates - plan.falls_from))
