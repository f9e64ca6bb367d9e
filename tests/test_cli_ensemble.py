"""Several runs that translate together: how they are named, and what they are refused for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import regard as package
from cli_fixtures import Regard, train
from regard.cli.runs import runs_and_rest
from regard.translation.ensemble import Ensemble
from regard.translation.load import load

TEXT = ("La casa es grande.", "Hola.")
SHORT = ("--beam", 2, "--max-length", 4)


def test_folders_that_hold_a_run_come_first_and_the_rest_is_text(
    regard: Regard, sisters: list[Path]
) -> None:
    alone = regard("translate", sisters[0], *TEXT, *SHORT)
    together = regard("translate", *sisters, *TEXT, *SHORT)
    assert together.status == 0
    assert together.out.count("\n") == 2
    assert together.out != alone.out
    given = "".join(line + "\n" for line in TEXT).encode()
    assert regard("translate", *sisters, *SHORT, given=given).out == together.out
    backwards = [sisters[2], sisters[0], sisters[1]]
    assert regard("translate", *backwards, *TEXT, *SHORT).out == together.out


def test_an_ensemble_shows_and_keeps_where_its_models_looked_on_average(
    regard: Regard, sisters: list[Path], tmp_path: Path
) -> None:
    words = ("translate", *sisters, TEXT[0], *SHORT, "--show", "--record", tmp_path / "kept")
    assert regard(*words).status == 0
    kept = package.load(*sisters, device="cpu").translate(TEXT[0]).record
    assert [one.site for one in kept.maps] == ["mean.cross"]
    assert kept.model == "mine (best) + second (best) + third (best)"
    assert (tmp_path / "kept").is_file()


def test_what_an_ensemble_thinks_of_a_text_is_measured(
    regard: Regard, sisters: list[Path], pair: list[Path]
) -> None:
    before = [run.joinpath("scores.json").is_file() for run in sisters[1:]]
    alone = [
        json.loads(regard("evaluate", run, *pair, "--beam", 1, "--json").out) for run in sisters
    ]
    found = json.loads(regard("evaluate", *sisters, *pair, "--beam", 1, "--json").out)
    # The log is concave: the mean probability's is above the mean of the logs.
    assert found["nats_per_piece"] < sum(one["nats_per_piece"] for one in alone) / 3
    own = json.loads(regard("evaluate", *sisters, "--beam", 1, "--json").out)
    assert own["lines"] == len((sisters[0] / "test.source").read_bytes().splitlines())
    assert [run.joinpath("scores.json").is_file() for run in sisters[1:]] == before
    assert package.evaluate(sisters, *pair, beam=1).to_json() == found


def test_runs_are_loaded_together_and_cut_a_text_as_the_least_of_them(sisters: list[Path]) -> None:
    together = load(*sisters, device="cpu")
    assert isinstance(together.model, Ensemble)
    assert not together.model.training
    assert together.longest == min(load(run, device="cpu").longest for run in sisters)
    assert not isinstance(load(sisters[0], device="cpu").model, Ensemble)
    with pytest.raises(ValueError, match="name the folder of a run"):
        load()


def test_runs_with_other_vocabularies_are_refused(
    regard: Regard, run: Path, text: Path, tmp_path: Path
) -> None:
    other = train(text, tmp_path / "other", "training.updates=2", "tokens.size=350")
    answer = regard("translate", run, other, "Hola.")
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert answer.err.startswith(
        f"regard: {other}: its source vocabulary is not that of {run}, so they cannot translate "
        "together."
    )
    assert "training.seed" in answer.err


def test_another_target_vocabulary_is_refused_too(sisters: list[Path], tmp_path: Path) -> None:
    copy = shutil.copytree(sisters[1], tmp_path / "copy")
    assert load(sisters[0], copy, device="cpu").target_tokens.size > 0
    shutil.copy(copy / "tokens.source.json", copy / "tokens.target.json")
    with pytest.raises(ValueError, match="copy: its target vocabulary is not that of"):
        load(sisters[0], copy)


def test_what_is_no_run_after_the_runs_is_said(
    regard: Regard, sisters: list[Path], tmp_path: Path
) -> None:
    one, two, _ = sisters
    answer = regard("translate", one, two, tmp_path)
    assert (answer.status, answer.out) == (2, "")
    assert f"{tmp_path} is a folder that holds no run" in answer.err
    answer = regard("translate", one, two, one)
    assert (answer.status, answer.out) == (2, "")
    assert f"{one} is named twice as a run" in answer.err
    answer = regard("evaluate", one, two, "a", "b", "c")
    assert answer == (
        2,
        "",
        "regard: a: holds no run, and after the runs SOURCE and TARGET are all\n",
    )
    answer = regard("evaluate", one, two, "a")
    assert answer == (2, "", "regard: evaluate needs both SOURCE and TARGET, or neither\n")


def test_a_text_too_long_for_a_name_is_a_text(tmp_path: Path) -> None:
    assert runs_and_rest(tmp_path, ["casa " * 1000, "b"]) == ([tmp_path], ["casa " * 1000, "b"])
    assert runs_and_rest(tmp_path, None) == ([tmp_path], [])


def test_runs_with_other_test_parts_are_measured_on_files_alone(
    regard: Regard, sisters: list[Path], tmp_path: Path
) -> None:
    copy = shutil.copytree(sisters[1], tmp_path / "copy")
    (copy / "test.target").write_bytes((copy / "test.target").read_bytes().replace(b"a", b"b"))
    answer = regard("evaluate", sisters[0], copy)
    said = f"{copy}: its test part is not that of {sisters[0]}; name SOURCE and TARGET"
    assert answer == (2, "", f"regard: {said}\n")
