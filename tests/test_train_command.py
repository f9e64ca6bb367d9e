"""What the command that trains makes of its options."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from regard import cli
from regard.cli.train import what_next
from regard.translation.phrasebook import pairs
from regard.translation.run import open_run
from regard.translation.train import Outcome
from regard.translation.translator import Translator
from regard.translation.tune import AlphaChoice
from toy_training import go, new_run, recipe

SMALL = ["model.embedding=8", "model.hidden=8", "tokens.size=300", "training.updates=2"]


@pytest.fixture(name="train")
def train_in_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., float]:
    """Train with some words; the exponent that translates afterwards. Dev prefers an odd one."""
    chosen = list(islice(pairs(3), 120))
    (tmp_path / "a").write_text("\n".join(one.source for one in chosen) + "\n", encoding="utf-8")
    (tmp_path / "b").write_text("\n".join(one.target for one in chosen) + "\n", encoding="utf-8")
    exponents = iter([1.25, 1.75])

    def choose(translator: Translator, *lines: list[str]) -> AlphaChoice:
        alpha = next(exponents)
        return AlphaChoice(alpha, {alpha: 50.0})

    monkeypatch.setattr("regard.translation.workflow.choose_alpha", choose)

    def train(*words: str) -> float:
        run = tmp_path / "run"
        begin = [str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(run)]
        for setting in SMALL:
            begin += ["--set", setting]
        where = ["--resume", str(run)] if run.exists() else begin
        monkeypatch.setattr(sys, "argv", ["regard", "train", *where, "--quiet", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
        return open_run(run).recipe.search.length_alpha

    return train


def test_dev_chooses_an_exponent_that_nobody_set_once(train: Callable[..., float]) -> None:
    assert train() == 1.25
    assert train() == 1.25, "a finished run chose again"
    assert train("--set", "training.updates=3") == 1.25


def test_an_exponent_that_is_set_stays(train: Callable[..., float]) -> None:
    assert train("--set", "search.length_alpha=0.6") == 0.6
    assert train() == 0.6


def test_an_exponent_in_the_recipe_stays(train: Callable[..., float], tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text("[search]\nlength_alpha = 0.6\n")
    assert train("--recipe", str(tmp_path / "r.toml")) == 0.6


def test_a_recipe_without_an_exponent_leaves_it_to_dev(
    train: Callable[..., float], tmp_path: Path
) -> None:
    (tmp_path / "r.toml").write_text("[search]\nbeam = 3\n")
    assert train("--recipe", str(tmp_path / "r.toml")) == 1.25


def edit_alpha(recipe: Path, alpha: float) -> None:
    """Edit the exponent in a recipe as a person does."""
    before = recipe.read_text(encoding="utf-8")
    after = before.replace("length_alpha = 0.6\n", f"length_alpha = {alpha}\n")
    assert after != before
    recipe.write_text(after, encoding="utf-8")


def test_an_exponent_that_is_edited_by_hand_while_it_trains_stays(
    train: Callable[..., float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regard.translation import train as loop

    def finish(*found: Any) -> Outcome:
        edit_alpha(tmp_path / "run" / "recipe.toml", 0.9)
        return end(*found)

    end = loop._finish
    monkeypatch.setattr(loop, "_finish", finish)
    assert train() == 0.9


def test_an_exponent_that_is_edited_by_hand_before_going_on_stays(
    train: Callable[..., float], tmp_path: Path
) -> None:
    assert train("--set", "search.beam=1") == 0.6, "with a beam of 1 there is nothing to choose"
    edit_alpha(tmp_path / "run" / "recipe.toml", 0.9)
    assert train("--set", "search.beam=3") == 0.9


def test_an_exponent_that_was_left_open_is_chosen_when_there_is_something_to_choose(
    train: Callable[..., float],
) -> None:
    assert train("--set", "search.beam=1") == 0.6
    assert train("--set", "search.beam=3") == 1.25


def test_an_exponent_that_is_set_later_stays_too(train: Callable[..., float]) -> None:
    assert train("--set", "search.beam=1") == 0.6
    assert train("--set", "search.beam=3", "--set", "search.length_alpha=0.6") == 0.6
    assert train() == 0.6


def contents(run: Path) -> dict[Path, bytes]:
    """Every file of a run but the lock, which names who held it last."""
    files = [path for path in run.rglob("*") if path.is_file() and path.name != "lock"]
    return {path: path.read_bytes() for path in files}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--for", "0.01s"], "no time is left"),
        (["--for", "0.01s", "--set", "search.length_alpha=0.9"], "no time is left"),
        (["--for", "1h", "--set", "model.hidden=10"], "began with model.hidden = 8, not 10"),
        (["--for", "1h", "--set", "training.epohcs=3"], "has no key epohcs"),
        (["--for", "1h", "--set", "search.beam=0"], "must be a whole number, at least 1"),
        (["--for", "1h", "--device", "abacus"], "write auto, cpu, cuda"),
    ],
)
def test_a_refused_going_on_leaves_every_file_of_the_run_as_it_was(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    complaint: str,
) -> None:
    run = new_run(tmp_path, recipe(epochs=1))
    go(run)
    run.part("dev", "source").write_text("ba be\nbi\n")
    run.part("dev", "target").write_text("BE BA\nBI\n")
    with run.log.open("a") as log:
        log.write('{"event": "training"}\n')  # as if it had been killed before the next save
    before = contents(run.folder)
    monkeypatch.setattr(sys, "argv", ["regard", "train", "--resume", str(tmp_path), *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert complaint in capsys.readouterr().err
    assert contents(run.folder) == before


def test_a_run_whose_test_part_is_gone_is_not_said_to_be_evaluated(tmp_path: Path) -> None:
    run = new_run(tmp_path, recipe(epochs=1))
    assert len(what_next(run)) == 2
    run.part("test", "source").touch()
    assert len(what_next(run)) == 2
    run.part("test", "source").write_text("ba be\n")
    assert what_next(run)[2] == f"  regard evaluate {tmp_path}"


def test_what_came_out_and_how_to_go_on_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = new_run(tmp_path, recipe(epochs=1))
    run.part("test", "source").touch()
    run.part("dev", "source").write_text("ba be\nbi\n")
    run.part("dev", "target").write_text("BE BA\nBI\n")
    monkeypatch.setattr(sys, "argv", ["regard", "train", "--resume", str(tmp_path)])
    said = []
    for _ in range(2):
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
        said.append(" ".join(capsys.readouterr().err.split()))
    assert [each.count("est on dev at update") for each in said] == [1, 1]
    assert "all updates are done; best on dev at update" in said[0]
    assert "finished (all updates are done); best on dev at update" in said[1]
    assert said[1].count("--resume") == 1
