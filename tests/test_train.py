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

from regard.translation.durable import RunError, locked
from regard.translation.model import Batch, TranslationModel
from regard.translation.run import change_limits, open_run
from regard.translation.train import TrainingError
from regard.translation.update import groups
from toy_training import (
    CPU,
    UPDATES_PER_EPOCH,
    At,
    ask_to_stop,
    assert_same_results,
    events,
    facts,
    go,
    go_quickly,
    new_run,
    parts,
    recipe,
    tensors,
)

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
    def worse(scores: list[float]) -> Callable[[TranslationModel], float]:
        return lambda model: scores.pop()

    chosen = recipe(stop_by="bleu")
    whole = new_run(tmp_path / "whole", chosen)
    go(whole, dev_bleu=worse([6.0, 7.0, 8.0, 9.0]))
    broken = new_run(tmp_path / "broken", chosen)
    go(broken, At(9, ask_to_stop), dev_bleu=worse([9.0]))

    def die() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):  # the validation after update 14 is written, not saved
        go(broken, At(17, die), dev_bleu=worse([8.0]))
    assert facts(broken)["standing"]["update"] == 9
    assert events(broken)[-2]["event"] == "validation"
    go(broken, dev_bleu=worse([6.0, 7.0, 8.0]))
    assert_same_results(whole, broken)


def test_saving_and_validating_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rarely = new_run(tmp_path / "rarely", recipe(save_every_seconds=1e6))
    go(rarely)
    monkeypatch.setattr("regard.translation.schedule.SAVING_SHARE", 1e9)
    often = new_run(tmp_path / "often", recipe(save_every_seconds=0, validate_every=2, log_every=1))
    go(often)
    left, right = tensors(rarely.last), tensors(often.last)
    assert all(torch.equal(left[name], right[name]) for name in left)


def test_a_validation_that_is_interrupted_is_as_if_it_had_not_begun(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("moment", [7, UPDATES_PER_EPOCH], ids=["one is due", "the last"])
def test_who_stops_it_before_a_validation_does_not_wait_for_it(tmp_path: Path, moment: int) -> None:
    chosen = recipe(stop_by="bleu", epochs=1, average=0.8)

    def never(model: TranslationModel) -> float:
        pytest.fail("validated although asked to stop")

    whole = new_run(tmp_path / "whole", chosen)
    go(whole, dev_bleu=lambda model: 3.25)
    broken = new_run(tmp_path / "broken", chosen)
    if moment > 7:
        go(broken, At(7, ask_to_stop), dev_bleu=never)
        go(broken, At(moment, ask_to_stop), dev_bleu=lambda model: 3.25)
    else:
        go(broken, At(moment, ask_to_stop), dev_bleu=never)
    assert facts(broken)["standing"]["update"] == moment
    assert facts(broken)["standing"]["validated_at"] == (7 if moment > 7 else 0)
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
        go(run, At(6, twice))
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
    with pytest.raises(RunError, match="is not the one trained on: put that back"):
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
