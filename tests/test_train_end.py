"""When a training ends, and how a run that ended is trained longer."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from regard.translation.checkpoint import read_checkpoint
from regard.translation.progress import Shown
from regard.translation.recipe_file import change
from regard.translation.run import Run, change_limits, load_model, open_run
from regard.translation.state import Scores
from regard.translation.train import Outcome, TrainingError
from regard.translation.validation import goodness
from toy_training import (
    CPU,
    UPDATES_PER_EPOCH,
    At,
    ask_to_stop,
    events,
    facts,
    go,
    go_quickly,
    new_run,
    parts,
    recipe,
    tensors,
)


def test_it_stops_when_so_many_validations_were_not_better(tmp_path: Path) -> None:
    scores = iter([5.0, 7.0, 7.0, 6.0, 6.5, 9.0, 9.0])
    chosen = recipe(
        stop_by="bleu", validate_every=1, patience=3, epochs=0, schedule="constant",
        learning_rate=1e-9, label_smoothing=0.0,
    )  # fmt: skip
    run = new_run(tmp_path / "run", chosen)
    outcome = go(run, dev_bleu=lambda model: next(scores))
    # 7.0 and then 7.0 again: better only if the loss fell, which this rate leaves to rounding.
    assert outcome.reason == "patience"
    assert outcome.best is not None
    assert outcome.best.scores.bleu == 7.0
    assert outcome.update in (5, 6)
    assert read_checkpoint(run.best, "weights")[1]["update"] == outcome.best.update


def test_better_is_more_bleu_then_less_loss_and_never_not_a_number() -> None:
    by_bleu, by_loss = recipe(stop_by="bleu").training, recipe().training
    ranked = [Scores(9.0, 8.0), Scores(2.0, 7.0), Scores(3.0, 7.0), Scores(math.nan, 7.0)]
    assert sorted(ranked, key=lambda each: goodness(each, by_bleu), reverse=True) == ranked
    by_less = sorted(ranked, key=lambda each: goodness(each, by_loss), reverse=True)
    assert [each.loss_nats_per_piece for each in by_less[:3]] == [2.0, 3.0, 9.0]


class Clock:
    """A clock on which every look at it takes a moment."""

    def __init__(self, moment: float = 0.01) -> None:
        self.now, self.moment = 100.0, moment

    def __call__(self) -> float:
        self.now += self.moment
        return self.now


def plans(run: Run) -> list[dict[str, Any]]:
    return [each for each in events(run) if each["event"] == "plan"]


def test_seconds_become_a_number_of_updates(tmp_path: Path) -> None:
    chosen = recipe(epochs=0, seconds=27, validate_every=0, log_every=1000, save_every_seconds=1e6)
    run = new_run(tmp_path / "run", chosen)
    outcome = go_quickly(run, clock=Clock(), already_spent_seconds=1.0)
    assert outcome.reason == "updates"
    assert 25.5 < outcome.seconds <= 27.0
    assert plans(run)[-1]["updates"] == outcome.update
    assert facts(run)["standing"]["plan"]["measured"] is True


def test_a_resumed_budget_keeps_its_plan_and_its_seconds(tmp_path: Path) -> None:
    chosen = recipe(epochs=0, seconds=27, validate_every=100, save_every_seconds=1e6)
    run = new_run(tmp_path / "run", chosen)
    stopped = go_quickly(run, At(125, ask_to_stop), clock=Clock())
    before = facts(run)["standing"]
    assert before["plan"]["measured"] is True
    assert stopped.update == 125 < before["plan"]["updates"]
    go_quickly(run, At(126, ask_to_stop), clock=Clock())
    after = facts(run)["standing"]
    assert after["plan"] == before["plan"]
    assert after["since_plan"]["updates"] == before["since_plan"]["updates"] + 1
    assert after["seconds"] > before["seconds"]
    outcome = go_quickly(run, clock=Clock(0.009), already_spent_seconds=0.1)
    assert (outcome.reason, outcome.update) == ("updates", plans(run)[-1]["updates"])
    assert 25.5 < outcome.seconds <= 27.0


def test_time_that_runs_out_stops_it_whatever_the_plan_says(tmp_path: Path) -> None:
    chosen = recipe(epochs=0, seconds=27, validate_every=20, save_every_seconds=1e6)
    run = new_run(tmp_path / "run", chosen)
    stopped = go_quickly(run, At(120, ask_to_stop), clock=Clock())
    spent = 26.9 - stopped.seconds
    outcome = go_quickly(run, clock=Clock(), already_spent_seconds=spent)
    assert outcome.reason == "seconds"
    assert outcome.seconds <= 27.1
    assert events(run)[-1]["reason"] == "seconds"


def test_a_budget_that_preparation_used_up_is_refused(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", recipe(seconds=30))
    advice = rf"0:31 of the 0:30 given went by .* --resume {run.folder} --for 1m"
    with pytest.raises(TrainingError, match=advice):
        go_quickly(run, already_spent_seconds=31.0)


def test_a_finished_run_says_so_and_a_raised_limit_goes_on(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", recipe(epochs=1))
    go(run)
    before = run.last.read_bytes()
    said = At(0, ask_to_stop)
    assert go(run, said).update == UPDATES_PER_EPOCH
    assert run.last.read_bytes() == before
    assert "finished" in said.lines[0]
    assert hint(run, go) == ["--set", "training.epochs=2"]
    longer = change_limits(run, ["training.epochs=2"])
    assert go(longer, said).update == 2 * UPDATES_PER_EPOCH
    assert open_run(run.folder) == longer
    # Of 8 updates the last had 1/8 of 0.002; of 16 the ninth has one half.
    assert "the learning rate goes from 0.00025 to 0.001, and falls to zero" in said.lines[1]


def hint(run: Run, go_on: Callable[[Run, At], Outcome]) -> list[str]:
    """What a finished run says that one should add to train it longer."""
    said = At(0, ask_to_stop)
    go_on(run, said)
    assert len(said.lines) == 1
    return said.lines[0].split(f"regard train --resume {run.folder} ")[1].split()


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        ({"updates": 3}, ["--set", "training.updates=6"]),
        ({"updates": 90, "epochs": 1}, ["--set", "training.epochs=2"]),
        ({"validate_every": 1, "patience": 2, "learning_rate": 1e-12},
            ["--set", "training.patience=4"]),
        ({"epochs": 0, "seconds": 27}, ["--for", "54s", "(the", "time", "in", "all)"]),
        ({"epochs": 10_000, "seconds": 27}, ["--for", "54s", "(the", "time", "in", "all)"]),
        ({"epochs": 2, "seconds": 1e6}, ["--set", "training.epochs=4"]),
    ],
)  # fmt: skip
def test_a_finished_run_names_the_limit_that_ended_it(
    tmp_path: Path, training: dict[str, Any], expected: list[str]
) -> None:
    run = new_run(tmp_path / "run", recipe(save_every_seconds=1e6, **training))
    go_quickly(run, clock=Clock())
    assert hint(run, go_quickly) == expected


@pytest.mark.parametrize(
    ("training", "why"),
    [
        ({"updates": 3}, "all updates are done"),
        ({"epochs": 2, "seconds": 1e6}, "all updates are done"),
        ({"epochs": 0, "seconds": 27}, "the time is used up"),
        ({"epochs": 10_000, "seconds": 27}, "the time is used up"),
        ({"validate_every": 1, "patience": 2, "learning_rate": 1e-12},
            "none of 2 validations was better"),
    ],
)  # fmt: skip
def test_it_is_said_what_ended_a_run_at_its_end_and_when_asked_again(
    tmp_path: Path, training: dict[str, Any], why: str
) -> None:
    run = new_run(tmp_path / "run", recipe(save_every_seconds=1e6, **training))
    said = Listener(0, ask_to_stop)
    go_quickly(run, said, clock=Clock())
    go_quickly(run, said, clock=Clock())
    assert f": {why}; best on dev at update" in said.lines[-2]
    assert f"finished ({why}); best on dev at update" in said.lines[-1]


class Listener(At):
    """A display that never looks at the clock."""

    def show(self, glance: Callable[[], Shown]) -> None:
        pass


def test_more_time_is_the_time_in_all_and_is_said_to_raise_the_rate(tmp_path: Path) -> None:
    chosen = recipe(epochs=0, seconds=27, validate_every=0, log_every=1000, save_every_seconds=1e6)
    run = new_run(tmp_path / "run", chosen)
    first = go_quickly(run, clock=Clock())
    less = change_limits(run, ["training.seconds=20"])
    with pytest.raises(TrainingError, match=r"took 0:2\d so far, and 0:20 are .* Give more"):
        go_quickly(less, clock=Clock())
    said = Listener(0, ask_to_stop)
    longer = go_quickly(change_limits(run, ["training.seconds=54"]), said, clock=Clock())
    assert longer.update > 1.5 * first.update
    assert 48.0 < longer.seconds <= 54.0
    assert any(" to 0.002, and falls to zero at the new end" in line for line in said.lines)


def test_more_patience_goes_on_as_if_it_had_always_been_so(tmp_path: Path) -> None:
    def worse(calls: list[int]) -> Any:
        return lambda model: calls.append(0) or 50.0 - len(calls)

    chosen = recipe(stop_by="bleu", validate_every=2, patience=2, average=0.5)
    patient = change(chosen, ["training.patience=5"])
    whole = new_run(tmp_path / "whole", patient)
    assert go(whole, dev_bleu=worse([])).update == 12
    run = new_run(tmp_path / "run", chosen)
    calls: list[int] = []
    assert go(run, dev_bleu=worse(calls)).update == 6
    outcome = go(change_limits(run, ["training.patience=5"]), dev_bleu=worse(calls))
    assert (outcome.reason, outcome.update) == ("patience", 12)
    left, right = tensors(whole.last), tensors(run.last)
    assert all(torch.equal(left[name], right[name]) for name in left)


def test_another_patience_keeps_the_measured_plan(tmp_path: Path) -> None:
    chosen = recipe(epochs=0, seconds=27, validate_every=100, save_every_seconds=1e6)
    run = new_run(tmp_path / "run", chosen)
    go_quickly(run, At(125, ask_to_stop), clock=Clock())
    plan, planned = facts(run)["standing"]["plan"], plans(run)
    patient = change_limits(run, ["training.patience=50"])
    go_quickly(patient, At(126, ask_to_stop), clock=Clock())
    assert facts(run)["standing"]["plan"] == plan
    assert plans(run) == planned


def test_a_later_end_goes_on_although_patience_had_run_out(tmp_path: Path) -> None:
    scores = iter([5.0, 4.0, 3.0, 2.0, 1.0])
    run = new_run(tmp_path / "run", recipe(stop_by="bleu", validate_every=2, patience=2, epochs=9))
    assert go(run, dev_bleu=lambda model: next(scores)).update == 6
    outcome = go(change_limits(run, ["training.epochs=10"]), dev_bleu=lambda model: next(scores))
    assert (outcome.reason, outcome.update) == ("patience", 10)


def test_without_a_dev_part_the_last_weights_are_the_best(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", recipe(average=0.5))
    model, corpus, _ = parts(run)
    from regard.translation.train import train

    assert train(run, model, corpus, [], device=CPU).best is None
    best, last = load_model(run, "best", CPU)[0], load_model(run, "last", CPU)[0]
    for left, right in zip(best.parameters(), last.parameters(), strict=True):
        assert torch.equal(left, right)


def test_what_could_never_stop_or_score_is_refused(tmp_path: Path) -> None:
    from regard.translation.train import train

    endless = new_run(tmp_path / "a", recipe(epochs=0, patience=2, schedule="constant"))
    model, corpus, dev = parts(endless)
    with pytest.raises(TrainingError, match="never stop"):
        train(endless, model, corpus, [], device=CPU)
    by_bleu = new_run(tmp_path / "b", recipe(stop_by="bleu"))
    with pytest.raises(TrainingError, match="stop_by = bleu"):
        train(by_bleu, model, corpus, dev, device=CPU)
