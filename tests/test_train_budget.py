"""A training for a given time, on a clock that only moves when there is work."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from regard.translation.model import Batch
from regard.translation.progress import Shown
from regard.translation.run import Run, change_limits
from regard.translation.train import Outcome, train
from toy_training import (
    CPU,
    At,
    Bigram,
    ask_to_stop,
    assert_same_results,
    events,
    facts,
    new_run,
    parts,
    recipe,
)

GIVEN = 200.0
Seconds = Callable[[float], float]


def always(seconds: float) -> Seconds:
    return lambda now: seconds


def later(before: float, after: float, *, since: float) -> Seconds:
    return lambda now: after if now >= since else before


class Worker(Bigram):
    """An update and a validation take so many seconds, by the time when they begin."""

    def __init__(self, update_seconds: Seconds, validation_seconds: Seconds) -> None:
        super().__init__(20)
        self.update_seconds, self.validation_seconds = update_seconds, validation_seconds
        self.now = 0.0

    def loss(self, batch: Batch, label_smoothing: float = 0.0) -> Any:
        takes = self.update_seconds if self.training else self.validation_seconds
        self.now += takes(self.now)
        return super().loss(batch, label_smoothing)


def work(run: Run, worker: Worker, display: At | None = None, spent: float = 0.0) -> Outcome:
    _, corpus, dev = parts(run)
    return train(
        run,
        worker,
        corpus,
        dev,
        device=CPU,
        already_spent_seconds=spent,
        display=display,
        clock=lambda: worker.now,
    )


def budget(folder: Path, **training: Any) -> Run:
    chosen: dict[str, Any] = {
        "epochs": 0, "seconds": GIVEN, "validate_every": 0, "log_every": 1, "learning_rate": 0.01,
        "save_every_seconds": 1e6,
    }  # fmt: skip
    return new_run(folder, recipe(**{**chosen, **training}))


def rates(run: Run) -> list[float]:
    return [each["learning_rate"] for each in events(run) if each["event"] == "training"]


SPEEDS = {
    "steady": (always(0.2), always(1.0)),
    "slower after the first plan": (later(0.2, 0.23, since=12.0), always(1.0)),
    "three times as slow from the middle on": (later(0.2, 0.6, since=100.0), always(1.0)),
    "twice as fast from the middle on": (later(0.2, 0.1, since=100.0), always(1.0)),
    "validations three times as dear": (always(0.2), later(1.0, 3.0, since=12.0)),
    "validations dearer all the time": (always(0.2), lambda now: 0.5 + 0.03 * now),
    "both": (later(0.2, 0.23, since=12.0), later(1.0, 3.0, since=60.0)),
    "uneven": (lambda now: 0.15 if int(now) % 7 < 4 else 0.25, always(1.0)),
}


@pytest.mark.parametrize(("update", "validation"), SPEEDS.values(), ids=SPEEDS.keys())
def test_it_ends_with_its_updates_just_before_the_time_and_its_rate_near_zero(
    tmp_path: Path, update: Seconds, validation: Seconds
) -> None:
    run = budget(tmp_path)
    outcome = work(run, Worker(update, validation))
    assert outcome.reason == "updates"
    assert 0.95 * GIVEN <= outcome.seconds <= GIVEN
    assert facts(run)["standing"]["validated_at"] == outcome.update
    found = rates(run)
    assert len(found) == outcome.update
    assert 0 < found[-1] < 0.01 * max(found)
    # The end moves, the rate does not jump: it only falls faster or slower from there on.
    steps = [before - after for before, after in pairwise(found)]
    assert min(steps) >= 0
    assert max(steps) < 0.01 * max(found)


def test_validations_that_get_dear_keep_to_their_share(tmp_path: Path) -> None:
    run = budget(tmp_path)
    work(run, Worker(always(0.2), later(1.0, 6.0, since=12.0)))
    lines = [json.loads(line) for line in run.log.read_text(encoding="utf-8").splitlines()]
    spent = [each["validation_seconds"] for each in lines if each["event"] == "validation"]
    assert sum(spent) < 0.25 * GIVEN  # 15 %, one that is under way, and the last one
    assert len(spent) > 4


class Watcher(At):
    """A display that keeps every glance, and may ask to stop after an update."""

    def __init__(self, update: int = 0) -> None:
        super().__init__(update, ask_to_stop)
        self.seen: list[Shown] = []

    def show(self, glance: Callable[[], Shown]) -> None:
        self.seen.append(glance())
        super().show(lambda: self.seen[-1])


def test_never_more_time_is_said_to_be_left_than_was_given(tmp_path: Path) -> None:
    watcher = Watcher()
    work(budget(tmp_path, epochs=500), Worker(later(3.0, 0.2, since=8.0), always(1.0)), watcher)
    left = [shown.seconds_left for shown in watcher.seen]
    for shown in watcher.seen:
        assert shown.seconds_left is not None
        assert 0 <= shown.seconds_left <= GIVEN - shown.seconds
    assert left[-1] == 1.0  # the last validation


@pytest.mark.parametrize("training", [{}, {"seconds": 1e6}], ids=["no time", "ample time"])
def test_the_time_left_is_that_of_the_updates_and_validations_left(
    tmp_path: Path, training: dict[str, Any]
) -> None:
    run = budget(tmp_path, **{"epochs": 40, "seconds": 0.0, "validate_every": 32, **training})
    # The first update of a process is slow, of one that goes on, too.
    begun, gone_on = Watcher(update=50), Watcher()
    for watcher in (begun, gone_on):
        work(run, Worker(later(1.0, 0.2, since=1.0), always(0.5)), watcher)
    first, *others = begun.seen
    if not training:
        assert first.seconds_left is None  # the first update of all says little
    for shown in (*others, *gone_on.seen):
        left = (320 - shown.update) * 0.2 + (10 - (shown.update - 1) // 32) * 0.5
        validated = shown.update > 32  # before, nobody knows what that takes
        assert shown.seconds_left == pytest.approx(left, rel=0.25 if validated else 0.35)
    assert gone_on.seen[-1].update == 320


def by_length(run: Run) -> Worker:
    """A worker whose times are a function of the batches: the same whoever comes back to them."""

    class ByLength(Worker):
        def loss(self, batch: Batch, label_smoothing: float = 0.0) -> Any:
            self.now += 0.002 * batch.target.numel()
            return super().loss(batch, label_smoothing)

    return ByLength(always(0.1), always(1.0))


def test_a_budget_that_is_interrupted_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    whole, broken = budget(tmp_path / "whole"), budget(tmp_path / "broken")
    end = work(whole, by_length(whole))
    first = next(each["update"] for each in events(whole) if each["event"] == "plan")
    for moment in (3, first, first + 1, 300):
        assert work(broken, by_length(broken), At(moment, ask_to_stop)).update == moment
    assert work(broken, by_length(broken)).update == end.update > 300
    assert_same_results(whole, broken)


@pytest.mark.parametrize("which", [0, 1, 5])
def test_a_kill_between_a_plan_and_its_save_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    import regard.translation.train as training

    whole, broken = budget(tmp_path / "whole"), budget(tmp_path / "broken")
    end = work(whole, by_length(whole))
    real_plan, real_save, planned = training.plan_the_rest, training.save, 0

    def plan(*given: Any, **named: Any) -> Any:
        nonlocal planned
        planned += 1
        return real_plan(*given, **named)

    def save(*given: Any) -> None:
        if planned > which:
            raise ZeroDivisionError
        real_save(*given)

    with monkeypatch.context() as patched:
        patched.setattr(training, "plan_the_rest", plan)
        patched.setattr(training, "save", save)
        with pytest.raises(ZeroDivisionError):
            work(broken, by_length(broken))
    assert work(broken, by_length(broken)).update == end.update
    assert_same_results(whole, broken)


@pytest.mark.parametrize("more", [5.0, 20.0, 100.0])
@pytest.mark.parametrize("training", [{}, {"epochs": 40, "seconds": 0.0}], ids=["time", "epochs"])
def test_however_little_more_time_is_given_the_rate_falls_to_zero_in_it(
    tmp_path: Path, training: dict[str, Any], more: float
) -> None:
    run = budget(tmp_path, **training)
    first = work(run, Worker(always(0.2), always(0.5)))
    before, given = len(rates(run)), first.seconds + more
    longer = change_limits(run, [f"training.seconds={given}", "training.epochs=0"])
    outcome = work(longer, Worker(always(0.2), always(0.5)))
    assert outcome.reason == "updates"
    assert given - 0.1 * more <= outcome.seconds <= given
    found = rates(run)[before:]
    assert found[0] == 0.01
    assert 0 < found[-1] < 2 * 0.01 / len(found)


@pytest.mark.parametrize("more", [False, True], ids=["of a new run", "of one that goes on"])
def test_a_preparation_that_leaves_little_of_the_time_leaves_enough_to_plan(
    tmp_path: Path, more: bool
) -> None:
    run, spent = budget(tmp_path), 0.0
    if more:
        spent = work(run, Worker(always(0.2), always(0.5))).seconds
        run = change_limits(run, ["training.seconds=1000"])
    before, given = len(rates(run)) if more else 0, run.recipe.training.seconds
    worker = Worker(always(0.2), always(0.5))
    outcome = work(run, worker, spent=given - 6.0 - spent)
    assert outcome.reason == "updates"
    assert given - 0.6 <= outcome.seconds <= given
    found = rates(run)[before:]
    assert found[0] == 0.01
    assert 0 < found[-1] < 2 * 0.01 / len(found)


def test_a_warm_up_that_is_cut_makes_the_rate_rise_faster_but_not_jump(tmp_path: Path) -> None:
    run = budget(tmp_path, warmup=500)
    work(run, Worker(later(0.2, 1.0, since=12.0), always(1.0)))
    found, (peak, *_) = rates(run), sorted(plans_of_warmup(run))
    rises = [after - before for before, after in pairwise(found[:peak])]
    assert min(rises) > 0
    assert max(rises) < 0.1 * 0.01
    assert found[peak - 1] == 0.01
    assert found[peak:] == sorted(found[peak:], reverse=True)
    assert found[-1] < 0.02 * 0.01


def plans_of_warmup(run: Run) -> list[int]:
    """Where the warm-up ends in every plan of the log."""
    return [each["warmup"] for each in events(run) if each["event"] == "plan"]
