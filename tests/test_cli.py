"""The commands as a person meets them: the whole way from two files to a judged translation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli_fixtures import SMALL, Regard
from regard.record.attention import AttentionRecord


def test_a_run_holds_everything_that_it_needs(run: Path) -> None:
    names = {path.name for path in run.iterdir()}
    assert {"recipe.toml", "best.safetensors", "last.safetensors", "log.jsonl", "corpus"} <= names
    sources = (run / "dev.source").read_text(encoding="utf-8").splitlines()
    targets = (run / "dev.target").read_text(encoding="utf-8").splitlines()
    assert len(sources) == len(targets) > 0


def test_training_says_what_it_met_and_chose_and_why(
    regard: Regard, text: Path, tmp_path: Path
) -> None:
    files = [text / "mine.es", text / "mine.en"]
    answer = regard("train", *files, "--out", tmp_path / "r", *SMALL, "--set", "training.updates=2")
    assert answer.status == 0
    for said in (
        "399 pairs from 400 lines",
        "1 left out: one side or both are blank",
        "1 mended: a byte order mark was removed",
        "Windows line ends were removed",
        "set aside, sharing no sentence with the rest",
        "pieces a side",
        "For comparison: 29,000 pairs",
        f"the translator is in {tmp_path / 'r'}",
    ):
        assert said in answer.err


def test_translating_keeps_one_line_per_line_and_blank_lines(regard: Regard, run: Path) -> None:
    given = "Hola.\n\n¿Dónde está el gato?\n".encode()
    answer = regard("translate", run, "--beam", 2, given=given)
    assert answer.status == 0
    lines = answer.out.split("\n")
    assert len(lines) == 4
    assert lines[1] == ""
    assert lines[3] == ""


def test_json_has_text_score_words_and_alignment(regard: Regard, run: Path) -> None:
    answer = regard("translate", run, "La casa es grande.", "--json", "--best", 2)
    found = json.loads(answer.out)
    assert found["source"] == "La casa es grande."
    assert found["source_words"] == ["La", "casa", "es", "grande", "."]
    assert {"text", "score", "words", "alignment", "alternatives"} <= set(found)
    assert found["alignment"]
    for source, target in found["alignment"]:
        assert 0 <= source < 5
        assert 0 <= target < len(found["words"])


def test_show_figure_and_record_show_where_it_looked(
    regard: Regard, run: Path, tmp_path: Path
) -> None:
    figure, record = tmp_path / "a.svg", tmp_path / "a.safetensors"
    answer = regard(
        "translate", run, "La casa es grande.", "--show", "--figure", figure, "--record", record
    )
    assert answer.status == 0
    assert "decoder.cross" in answer.out
    assert "casa" in figure.read_text(encoding="utf-8")
    assert AttentionRecord.load(record).source == "La casa es grande."


def test_draws_are_repeatable_and_their_seed_matters(regard: Regard, run: Path) -> None:
    words = ("translate", run, "La casa es grande.", "--sample", 2)
    assert regard(*words, "--seed", 5).out == regard(*words, "--seed", 5).out
    assert regard(*words, "--seed", 5).out != regard(*words, "--seed", 6).out


def test_links_are_pharaohs_and_within_the_sentence(
    regard: Regard, run: Path, tmp_path: Path
) -> None:
    (tmp_path / "s").write_text("la casa grande\n\n", encoding="utf-8")
    (tmp_path / "t").write_text("the big house\n\n", encoding="utf-8")
    answer = regard("align", run, tmp_path / "s", tmp_path / "t", "--tokenised")
    first, second, end = answer.out.split("\n")
    assert second == end == ""
    assert first
    for link in first.split():
        source, target = map(int, link.split("-"))
        assert 0 <= source < 3
        assert 0 <= target < 3
    both = regard("align", run, tmp_path / "s", tmp_path / "t", "--back", run, "--json")
    assert json.loads(both.out.split("\n")[0])["words"] == ["the", "big", "house"]


def test_evaluating_uses_the_runs_own_test_part_and_keeps_the_scores(
    regard: Regard, run: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "out.en"
    answer = regard("evaluate", run, "--beam", 1, "--json", "--output", kept)
    found = json.loads(answer.out)
    assert found["signature"].startswith("nrefs:1|")
    assert found["perplexity"] > 1
    assert json.loads((run / "scores.json").read_text(encoding="utf-8"))["test"] == found
    again = json.loads(regard("score", kept, run / "test.target", "--json").out)
    assert again["bleu"] == pytest.approx(found["bleu"])


def test_links_of_any_system_are_scored(regard: Regard, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("0-0 2-1\n", encoding="utf-8")  # swapped: 0-0 1-2
    (tmp_path / "gold").write_text("1-1 2p3\n", encoding="utf-8")
    words = ("score", "--links", tmp_path / "out", tmp_path / "gold", "--gold-base", 1, "--swap")
    found = json.loads(regard(*words, "--json").out)
    assert found == {"aer": 0.0, "precision": 100.0, "recall": 100.0, "links": 2}
    assert "AER" in regard(*words).out


def test_a_text_is_divided_and_prepared_and_then_trained(
    regard: Regard, text: Path, tmp_path: Path
) -> None:
    answer = regard("split", text / "mine.es", text / "mine.en", "--out", tmp_path, "--json")
    assert json.loads(answer.out)["train"] > 300
    parts = [tmp_path / "train.es", tmp_path / "train.en"]
    words = ("prepare", *parts, "--out", tmp_path / "r", *SMALL, "--set", "training.updates=5")
    answer = regard(*words)
    assert answer.status == 0
    words = ("train", "--resume", tmp_path / "r", "--quiet")
    assert regard(*words, "--set", "training.updates=2").status == 0
    assert (tmp_path / "r" / "best.safetensors").is_file()


def test_a_run_goes_on_with_a_later_end(regard: Regard, text: Path, tmp_path: Path) -> None:
    files = [text / "mine.es", text / "mine.en"]
    words = ("train", *files, "--out", tmp_path / "r", *SMALL, "--set", "training.updates=2")
    assert regard(*words).status == 0
    answer = regard("train", "--resume", tmp_path / "r", "--set", "training.updates=4")
    assert answer.status == 0
    assert "Going on after update 2" in answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["translate", "nowhere"], "nowhere: no such folder"),
        (["train", "a", "b"], "name a new run with --out RUN"),
        (["train", "a", "b", "--out", "r"], "a: "),
        (["train", "--resume", "nowhere"], "nowhere"),
        (["train", "a", "b", "--resume", "r"], "leave them out"),
        (["train", "a", "b", "--out", "r", "--for", "soon"], "no time"),
        (["score", "a", "b"], "a: cannot be read"),
        (["data", "spanish"], "spa-eng"),
        (["evaluate", "nowhere", "a"], "SOURCE and TARGET"),
        (["align", "nowhere", "a", "b"], "a: cannot be read"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    regard: Regard,
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = regard(*words)
    assert answer.status == 2
    assert said in answer.err
    assert answer.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_unequal_files_are_refused_with_both_counts_and_nothing_is_written(
    regard: Regard, tmp_path: Path
) -> None:
    (tmp_path / "a").write_text("x\ny\nz\n", encoding="utf-8")
    (tmp_path / "b").write_text("x\ny\n", encoding="utf-8")
    answer = regard("train", tmp_path / "a", tmp_path / "b", "--out", tmp_path / "r")
    assert answer.status == 2
    assert f"{tmp_path / 'a'} has 3 lines, but {tmp_path / 'b'} has 2" in answer.err
    assert not (tmp_path / "r").exists()


def test_an_unknown_setting_names_the_nearest_one(
    regard: Regard, text: Path, tmp_path: Path
) -> None:
    files = [text / "mine.es", text / "mine.en"]
    answer = regard("train", *files, "--out", tmp_path / "r", "--set", "model.hiden=3")
    assert answer.status == 2
    assert "hidden" in answer.err.splitlines()[-1]
    assert not (tmp_path / "r").exists()


def test_words_that_a_word_model_never_saw_are_named(
    regard: Regard, text: Path, tmp_path: Path
) -> None:
    files = [text / "mine.es", text / "mine.en"]
    settings = [*SMALL, "--set", "tokens.kind=words", "--set", "training.updates=2"]
    assert regard("train", *files, "--out", tmp_path / "r", *settings).status == 0
    answer = regard("translate", tmp_path / "r", "El ornitorrinco es Ana.", "--beam", 1)
    assert answer.err.splitlines()[0] == "not in the vocabulary: ornitorrinco"


def test_input_that_is_not_utf8_is_named(regard: Regard, run: Path) -> None:
    answer = regard("translate", run, given=b"Hola.\n\xff\xfe\n")
    assert answer.status == 2
    assert "standard input, line 2: is not UTF-8" in answer.err
