"""Training: the same bits whether or not it was interrupted, and what an update is, by hand."""

from __future__ import annotations

import json
import math
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from torch import Tensor

from regard.translation.checkpoint import read_checkpoint
from regard.translation.durable import RunError, locked
from regard.translation.model import Batch, TranslationModel
from regard.translation.progress import Shown
from regard.translation.recipe import change
from regard.translation.run import Run, change_limits, load_model, open_run
from regard.translation.state import Scores
from regard.translation.train import Outcome, TrainingError, goodness
from regard.translation.update import groups
from toy_training import (
    UPDATES_PER_EPOCH,
    At,
    go,
    go_quickly,
    new_run,
    parts,
    recipe,
)

CPU = torch.device("cpu")
TIMES = ("seconds", "look_seconds", "target_tokens_per_s")


def tensors(path: Path) -> dict[str, Tensor]:
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def facts(run: Run) -> dict[str, Any]:
    return read_checkpoint(run.last, "a training state")[1]


def events(run: Run) -> list[dict[str, Any]]:
    lines = run.log.read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return [{key: each[key] for key in each if key not in TIMES} for each in found]


def assert_same_results(one: Run, other: Run) -> None:
    for path, twin in ((one.last, other.last), (one.best, other.best)):
        left, right = tensors(path), tensors(twin)
        assert left.keys() == right.keys()
        for name in left:
            assert torch.equal(left[name], right[name]), name
    assert events(one) == events(other)


def ask_to_stop() -> None:
    os.kill(os.getpid(), signal.SIGINT)


SETTINGS = {
    "dropout and Adam": {},
    "accumulation and a running average": {"accumulate": 3, "average": 0.9, "clip": 0.1},
    "SGD as Luong": {
        "optimiser": "sgd",
        "learning_rate": 1.0,
        "schedule": "luong",
        "halve_after": 1,
        "clip": 5.0,
        "label_smoothing": 0.0,
    },
    "bfloat16": {"precision": "bfloat16", "schedule": "cosine", "warmup": 4},
    "batches by tokens": {"batch": 40, "batch_unit": "tokens", "schedule": "inverse_sqrt"},
}


@pytest.mark.parametrize("training", SETTINGS.values(), ids=SETTINGS.keys())
def test_an_interrupted_run_ends_with_the_bits_of_an_unbroken_one(
    tmp_path: Path, training: dict[str, Any]
) -> None:
    chosen = recipe(**training)
    whole = new_run(tmp_path / "whole", chosen)
    end = go(whole)
    broken = new_run(tmp_path / "broken", chosen)
    moments = [1, 5, 7] if "accumulate" in training else [1, 7, UPDATES_PER_EPOCH, 13]
    for moment in moments:
        outcome = go(broken, At(moment, ask_to_stop))
        assert (outcome.reason, outcome.update) == ("interrupted", moment)
    assert go(broken).update == end.update
    assert_same_results(whole, broken)
    assert end.update == facts(whole)["standing"]["update"] > max(moments)


def test_a_run_that_dies_between_two_saves_repeats_what_was_not_saved(tmp_path: Path) -> None:
    whole = new_run(tmp_path / "whole", recipe())
    go(whole)
    broken = new_run(tmp_path / "broken", recipe())
    go(broken, At(5, ask_to_stop))

    def die() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):  # the look at dev after update 7 is written, not saved
        go(broken, At(17, die))
    assert facts(broken)["standing"]["update"] == 5
    assert tensors(broken.best)
    go(broken)
    assert_same_results(whole, broken)


def test_saving_and_looking_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rarely = new_run(tmp_path / "rarely", recipe(save_every_seconds=1e6))
    go(rarely)
    monkeypatch.setattr("regard.translation.train.SAVING_SHARE", 1e9)
    often = new_run(tmp_path / "often", recipe(save_every_seconds=0, validate_every=2, log_every=1))
    go(often)
    left, right = tensors(rarely.last), tensors(often.last)
    assert all(torch.equal(left[name], right[name]) for name in left)


def test_a_look_that_is_interrupted_is_as_if_it_had_not_begun(tmp_path: Path) -> None:
    chosen = recipe(stop_by="bleu", average=0.8)
    calls = 0

    def score(model: TranslationModel) -> float:
        assert not model.training
        torch.rand(3)  # a search that draws numbers changes nothing either
        return 3.25

    def interrupted(model: TranslationModel) -> float:
        nonlocal calls
        calls += 1
        ask_to_stop()
        return 99.0

    whole = new_run(tmp_path / "whole", chosen)
    go(whole, dev_bleu=score)
    broken = new_run(tmp_path / "broken", chosen)
    outcome = go(broken, dev_bleu=interrupted)
    assert (outcome.reason, outcome.update, outcome.best, calls) == ("interrupted", 7, None, 1)
    assert not broken.best.exists()
    go(broken, dev_bleu=score)
    assert_same_results(whole, broken)


@pytest.mark.parametrize("moment", [7, UPDATES_PER_EPOCH], ids=["a look is due", "the last"])
def test_who_stops_it_before_a_look_does_not_wait_for_the_look(tmp_path: Path, moment: int) -> None:
    chosen = recipe(stop_by="bleu", epochs=1, average=0.8)

    def never(model: TranslationModel) -> float:
        pytest.fail("looked at dev although asked to stop")

    whole = new_run(tmp_path / "whole", chosen)
    go(whole, dev_bleu=lambda model: 3.25)
    broken = new_run(tmp_path / "broken", chosen)
    if moment > 7:
        go(broken, At(7, ask_to_stop), dev_bleu=never)
        go(broken, At(moment, ask_to_stop), dev_bleu=lambda model: 3.25)
    else:
        go(broken, At(moment, ask_to_stop), dev_bleu=never)
    assert facts(broken)["standing"]["update"] == moment
    assert facts(broken)["standing"]["looked_at"] == (7 if moment > 7 else 0)
    go(broken, dev_bleu=lambda model: 3.25)
    assert_same_results(whole, broken)


def test_a_second_interruption_stops_at_once_and_the_last_save_is_whole(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", recipe())
    go(run, At(4, ask_to_stop))
    before = run.last.read_bytes()

    def twice() -> None:
        ask_to_stop()
        ask_to_stop()

    with pytest.raises(KeyboardInterrupt):
        go(run, At(9, twice))
    assert run.last.read_bytes() == before
    assert go(run).reason == "updates"


def test_the_handlers_of_signals_are_given_back(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    go(new_run(tmp_path / "run", recipe(epochs=1)))
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_two_updates_of_sgd_are_the_gradient_times_the_rate_of_a_warm_up(tmp_path: Path) -> None:
    chosen = recipe(
        optimiser="sgd", learning_rate=0.8, warmup=4, schedule="constant", updates=2, clip=0.0,
        label_smoothing=0.0,
    )  # fmt: skip
    run = new_run(tmp_path / "run", chosen)
    go_quickly(run)
    table, stream = torch.zeros(20, 20), groups(parts(run)[1], chosen.training, 0, 0)
    for rate in (0.2, 0.4):  # a quarter and a half of 0.8
        (batch,) = next(stream).batches
        gradient = torch.zeros(20, 20)
        for inputs, labels, counts in zip(
            batch.inputs, batch.labels, batch.label_mask, strict=True
        ):
            for word, label in zip(inputs[counts], labels[counts], strict=True):
                gradient[word] += table[word].softmax(-1)
                gradient[word, label] -= 1
        table -= rate * gradient / len(batch.source)
    torch.testing.assert_close(tensors(run.last)["model/table"], table)


# ------------------------------------------------------------------------- when it stops


def test_it_stops_when_it_was_no_better_for_so_many_looks(tmp_path: Path) -> None:
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


def test_seconds_become_a_number_of_updates_that_is_then_kept(tmp_path: Path) -> None:
    chosen = recipe(epochs=0, seconds=27, validate_every=0, log_every=1000, save_every_seconds=1e6)
    run = new_run(tmp_path / "run", chosen)
    outcome = go_quickly(run, clock=Clock(), already_spent_seconds=1.0)
    assert outcome.reason == "updates"
    assert 24.0 < outcome.seconds <= 27.0
    plans = [each for each in events(run) if each["event"] == "plan"]
    assert [each["updates"] for each in plans] == [outcome.update]
    assert facts(run)["standing"]["plan"]["measured"] is True


def test_a_resumed_budget_keeps_its_plan_and_its_seconds(tmp_path: Path) -> None:
    chosen = recipe(epochs=0, seconds=27, validate_every=100, save_every_seconds=1e6)
    run = new_run(tmp_path / "run", chosen)
    stopped = go_quickly(run, At(120, ask_to_stop), clock=Clock())
    plan = facts(run)["standing"]["plan"]
    assert plan["measured"] is True
    assert stopped.update == 120 < plan["updates"]
    outcome = go_quickly(run, clock=Clock(0.009), already_spent_seconds=0.1)
    assert outcome.update == plan["updates"]
    assert outcome.seconds > stopped.seconds
    assert len([each for each in events(run) if each["event"] == "plan"]) == 1


def test_time_that_runs_out_stops_it_whatever_the_plan_says(tmp_path: Path) -> None:
    chosen = recipe(epochs=0, seconds=27, validate_every=20, save_every_seconds=1e6)
    run = new_run(tmp_path / "run", chosen)
    go_quickly(run, At(120, ask_to_stop), clock=Clock())
    outcome = go_quickly(run, clock=Clock(), already_spent_seconds=15.0)
    assert outcome.reason == "seconds"
    assert outcome.seconds <= 27.1
    assert events(run)[-1]["reason"] == "seconds"


def test_a_budget_that_preparation_used_up_is_refused(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", recipe(seconds=30))
    with pytest.raises(TrainingError, match="preparing took 0:31 of the 0:30 given"):
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
    assert open_run(run.folder) == longer
    assert go(longer, said).update == 2 * UPDATES_PER_EPOCH
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


class Listener(At):
    """A display that never looks at the clock."""

    def show(self, look: Callable[[], Shown]) -> None:
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
    go_quickly(run, At(120, ask_to_stop), clock=Clock())
    plan = facts(run)["standing"]["plan"]
    patient = change_limits(run, ["training.patience=50"])
    go_quickly(patient, At(130, ask_to_stop), clock=Clock())
    assert facts(run)["standing"]["plan"] == plan
    assert len([each for each in events(run) if each["event"] == "plan"]) == 1


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


# ------------------------------------------------------------------------- what goes wrong


def test_a_loss_that_is_not_a_number_is_skipped_and_then_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run(tmp_path / "run", recipe())
    model, corpus, dev = parts(run)
    from regard.translation.train import train

    real, count, bad = model.loss, 0, {3, 4}

    def loss(batch: Batch, label_smoothing: float = 0.0) -> Any:
        nonlocal count
        found = real(batch, label_smoothing)
        if not model.training:
            return found
        count += 1
        return (
            type(found)(found.training_nats * math.nan, found.nats, found.tokens)
            if (count in bad)
            else found
        )

    monkeypatch.setattr(model, "loss", loss)
    train(run, model, corpus, dev, device=CPU)
    standing = facts(run)["standing"]
    assert (standing["skipped"], standing["skipped_in_a_row"]) == (2, 0)
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())

    count, bad = 0, set(range(10, 99))
    longer = change_limits(run, ["training.epochs=9"])
    with pytest.raises(TrainingError, match="not a number, for the 5th time in a row"):
        train(longer, model, corpus, dev, device=CPU)


def test_a_second_process_in_the_folder_is_refused(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", recipe())
    with locked(run.folder), pytest.raises(RunError, match="is in use by process"):
        go(run)


def test_a_full_disk_stops_with_a_line_and_the_last_save_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = new_run(tmp_path / "whole", recipe())
    go(whole)
    run = new_run(tmp_path / "run", recipe())
    go(run, At(4, ask_to_stop))
    before = run.last.read_bytes()
    real = os.fsync

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="the disk is full; what was saved before is whole"):
        go(run)
    monkeypatch.setattr(os, "fsync", real)
    assert run.last.read_bytes() == before
    assert not list(run.folder.glob(".*.partial"))
    go(run)
    assert_same_results(whole, run)


def test_leftovers_of_a_killed_process_are_cleaned_away(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", recipe(epochs=1))
    leftover = run.folder / ".last.safetensors.4711.partial"
    leftover.write_bytes(b"half")
    go(run)
    assert not leftover.exists()


def test_another_text_or_recipe_is_refused(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", recipe())
    go(run, At(3, ask_to_stop))
    text = (run.folder / "recipe.toml").read_text()
    (run.folder / "recipe.toml").write_text(text.replace("dropout = 0.3", "dropout = 0.1"))
    with pytest.raises(RunError, match=r"began with model\.dropout = 0\.3, not 0\.1"):
        go(open_run(run.folder))
    with pytest.raises(RunError, match=r"training\.batch = 5, not 6"):
        change_limits(run, ["training.batch=6"])
    (run.folder / "recipe.toml").write_text(text)
    description = json.loads((run.corpus / "corpus.json").read_text())
    (run.corpus / "corpus.json").write_text(json.dumps({**description, "digest": "other"}))
    with pytest.raises(RunError, match="the text in corpus is not the one trained on"):
        go(run)


@pytest.mark.parametrize("where", [0, 200, -1])
def test_a_damaged_state_is_refused_before_anything_is_changed(tmp_path: Path, where: int) -> None:
    run = new_run(tmp_path / "run", recipe())
    go(run, At(3, ask_to_stop))
    whole = run.last.read_bytes()
    patched = bytearray(whole)
    patched[where] ^= 0x41
    for content in (bytes(patched), whole[: len(whole) // 2], b"", b"not a checkpoint at all"):
        run.last.write_bytes(content)
        with pytest.raises(RunError, match=r"last\.safetensors: (damaged|not a checkpoint)"):
            go(run)
    run.last.write_bytes(whole)
    assert go(run).reason == "updates"


def test_a_log_that_was_lost_does_not_lose_the_training(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", recipe())
    go(run, At(10, ask_to_stop))
    run.log.unlink()
    assert go(run).reason == "updates"
    assert events(run)[-1]["event"] == "end"
