"""What the command that trains makes of its options."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from regard import cli
from regard.cli.begin import go_on
from regard.translation.phrasebook import pairs
from regard.translation.run import alpha_is_open, leave_alpha_to_dev, open_run
from regard.translation.translator import Translator
from regard.translation.tune import AlphaChoice
from toy_training import new_run, recipe


def nothing(line: str) -> None:
    raise AssertionError(line)


def test_a_time_to_go_on_for_is_the_only_limit_unless_another_is_set(tmp_path: Path) -> None:
    new_run(tmp_path, recipe(updates=5, epochs=2))
    training = go_on(tmp_path, [], seconds=1200.0, say=nothing).recipe.training
    assert (training.updates, training.epochs, training.seconds) == (0, 0, 1200)
    training = go_on(tmp_path, ["training.epochs=7"], seconds=60.0, say=nothing).recipe.training
    assert (training.updates, training.epochs, training.seconds) == (0, 7, 60)
    assert open_run(tmp_path).recipe.training == training


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

    monkeypatch.setattr("regard.translation.tune.choose_alpha", choose)

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


def test_an_exponent_that_is_set_later_stays_too(tmp_path: Path) -> None:
    run = new_run(tmp_path, recipe())
    leave_alpha_to_dev(run)
    assert alpha_is_open(run)
    go_on(tmp_path, ["training.epochs=4"], seconds=None, say=nothing)
    assert alpha_is_open(run)
    changed = go_on(tmp_path, ["search.length_alpha=0.6"], seconds=None, say=nothing)
    assert not alpha_is_open(changed)


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
    assert "finished (updates); best on dev at update" in said[1]
    assert said[1].count("--resume") == 1
