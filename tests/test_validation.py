"""The best weights and the state belong together, whatever kills a process or is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from regard.translation import train as loop
from regard.translation import validation
from regard.translation.checkpoint import read_checkpoint, write_checkpoint
from regard.translation.durable import RunError
from regard.translation.model import TranslationModel
from regard.translation.run import Run, change_limits
from toy_training import (
    CPU,
    UPDATES_PER_EPOCH,
    At,
    ask_to_stop,
    assert_same_results,
    facts,
    go,
    new_run,
    parts,
    recipe,
    tensors,
)


@pytest.mark.parametrize("average", [0.0, 0.8])
@pytest.mark.parametrize("has_dev", [True, False])
def test_a_kill_before_or_after_the_best_weights_are_written_changes_no_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_dev: bool, average: float
) -> None:
    def run_on(run: Run) -> None:
        model, corpus, dev = parts(run)
        loop.train(run, model, corpus, dev if has_dev else [], device=CPU)

    def die_before(*given: Any) -> None:
        raise ZeroDivisionError

    def die_after(*given: Any) -> None:
        real(*given)
        raise ZeroDivisionError

    real = validation.keep_best
    whole = new_run(tmp_path / "whole", recipe(average=average))
    run_on(whole)
    broken = new_run(tmp_path / "broken", recipe(average=average))
    for die in [die_before, die_after] * (2 if has_dev else 1):
        with monkeypatch.context() as patched:
            patched.setattr(validation, "keep_best", die)
            patched.setattr(loop, "keep_best", die)
            with pytest.raises(ZeroDivisionError):
                run_on(broken)
        assert broken.last.exists()
    run_on(broken)
    assert_same_results(whole, broken)


def test_best_weights_are_never_of_an_update_that_a_new_limit_leads_away_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die_after(*given: Any) -> None:
        real(*given)
        raise ZeroDivisionError

    real, chosen = validation.keep_best, recipe(stop_by="bleu")
    run = new_run(tmp_path / "run", chosen)
    go(run, At(9, ask_to_stop), dev_bleu=lambda model: 5.0)
    with monkeypatch.context() as patched:
        patched.setattr(validation, "keep_best", die_after)
        with pytest.raises(ZeroDivisionError):
            go(run, dev_bleu=lambda model: 6.0)
    # The other end makes another rate, so other weights, which dev likes less.
    outcome = go(change_limits(run, ["training.epochs=9"]), dev_bleu=lambda model: 4.0)
    assert outcome.best is not None
    assert (outcome.best.update, outcome.best.scores.bleu) == (14, 6.0)
    assert read_checkpoint(run.best, "weights")[1]["update"] == 14


def test_a_state_that_was_lost_is_not_begun_anew_over_good_weights(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", recipe())
    go(run)
    run.last.unlink()
    before = run.best.read_bytes()
    with pytest.raises(
        RunError, match=r"has best\.safetensors, but not last\.safetensors.*put that"
    ):
        go(run)
    assert run.best.read_bytes() == before
    assert not run.last.exists()


def test_best_weights_that_the_state_does_not_speak_of_are_not_overwritten(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", recipe(stop_by="bleu"))
    scores = iter([3.0, 9.0, 4.0, 4.0])

    def score(model: TranslationModel) -> float:
        return next(scores)

    earlier = []
    go(run, At(8, lambda: earlier.append(run.last.read_bytes())), dev_bleu=score)
    run.last.write_bytes(earlier[0])  # of update 7, whose weights were the best then
    before = run.best.read_bytes()
    with pytest.raises(RunError, match="holds the weights of update 14, not those of update 7"):
        go(run, dev_bleu=score)
    assert run.best.read_bytes() == before
    run.best.write_bytes(b"cut short")
    with pytest.raises(
        RunError, match=r"best\.safetensors: damaged.*or delete it to go on without it"
    ):
        go(run, dev_bleu=score)


def test_best_weights_that_were_lost_are_done_without_and_that_is_said(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", recipe())
    go(run, At(16, ask_to_stop))
    run.best.unlink()
    said = At(0, ask_to_stop)
    assert go(run, said).best is not None
    assert "best.safetensors is lost: the next best weights are kept instead" in said.lines[0]
    run.best.unlink()
    assert go(run).update == 3 * UPDATES_PER_EPOCH
    left, right = tensors(run.best), tensors(run.last)
    assert all(torch.equal(tensor, right[f"model/{name}"]) for name, tensor in left.items())


def test_a_state_of_another_regard_is_refused_in_one_line(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", recipe())
    go(run, At(3, ask_to_stop))
    found, said = tensors(run.last), facts(run)
    del said["standing"]["plan"]["risen"], said["standing"]["update"]
    write_checkpoint(run.last, found, said, "a training state")
    with pytest.raises(
        RunError,
        match=r"^[^\n]*last\.safetensors: this regard cannot go on from it[^\n]*new folder$",
    ):
        go(run)
