"""The command that translates: what it reads, when it answers, what it refuses."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from cli_fixtures import Regard, train
from regard.cli import translate
from regard.record.attention import AttentionRecord

QUICK = ("--beam", 1)


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_program_that_writes_a_line_and_waits_gets_its_answer(run: Path) -> None:
    command = [sys.executable, "-m", "regard", "translate", str(run), "--beam", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        for line in (b"Hola.\n", b"La casa es grande.\n"):
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline().endswith(b"\n")
        process.stdin.close()
        assert process.wait() == 0


def test_lines_before_one_that_is_not_utf8_are_answered(regard: Regard, run: Path) -> None:
    answer = regard("translate", run, *QUICK, given=b"Hola.\nLa casa.\n\xff\nAna.\n")
    assert answer.status == 2
    assert answer.out.count("\n") == 2
    assert "standard input, line 3: is not UTF-8" in answer.err


def test_a_blank_line_has_nothing_to_show(regard: Regard, run: Path, tmp_path: Path) -> None:
    assert regard("translate", run, "--show", given=b"\n") == (0, "\n", "")
    for blank in ("", " \t", "\ufeff\x1b"):
        answer = regard("translate", run, blank, "--figure", tmp_path / "a.png")
        assert (answer.status, answer.out) == (2, "")
        assert "a blank text has nothing to show" in answer.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", [["--show"], ["--figure", "a.svg"], ["--record", "a"]])
def test_a_model_without_attention_has_nothing_to_show(
    regard: Regard, blind_run: Path, option: list[str]
) -> None:
    answer = regard("translate", blind_run, "Hola.", *option)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err == (
        f"regard: {blind_run}: has no attention (model.attention = none): nothing to show\n"
    )


def test_translations_that_ran_into_the_limit_are_counted(regard: Regard, run: Path) -> None:
    given = b"La casa es grande.\n\nEl perro es Ana.\n"
    answer = regard("translate", run, *QUICK, "--max-length", 1, given=given)
    assert answer.status == 0
    assert answer.err == (
        "2 of 3 ran into the length limit, and may lack their end: --max-length N\n"
    )


def test_a_file_instead_of_a_text_is_named(regard: Regard, tmp_path: Path) -> None:
    (tmp_path / "mine.es").write_text("Hola.\n", encoding="utf-8")
    answer = regard("translate", "nowhere", "mine.es")
    assert answer.status == 2
    assert answer.err == "regard: mine.es is a file: regard translate RUN < mine.es\n"


def test_a_text_longer_than_any_name_of_a_file_is_a_text(regard: Regard, run: Path) -> None:
    assert regard("translate", run, "casa " * 100, *QUICK, "--max-length", 1).status == 0


class Terminal(io.TextIOWrapper):
    """Standard input where somebody sits and types."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def test_somebody_at_a_terminal_is_told_that_lines_are_awaited(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO(b"Hola.\n")))
    assert list(translate._standard_input(3)) == [["Hola."]]
    assert capsys.readouterr() == ("", "a line and Enter: its translation; Ctrl-D ends\n")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_text_is_translated_in_the_precision_asked_for(
    regard: Regard, run: Path, precision: str, tmp_path: Path
) -> None:
    words = ("translate", run, "Hola.", *QUICK, "--device", "cpu", "--precision")
    assert regard(*words, precision, "--record", tmp_path / "kept").status == 0
    assert AttentionRecord.load(tmp_path / "kept").settings["search_precision"] == precision
    said = "regard: precision half: write auto, float32 or bfloat16\n"
    assert regard(*words, "half") == (2, "", said)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--beam", 0),
        ("--max-length", 0),
        ("--best", 0),
        ("--alpha", -1),
        ("--alpha", "nan"),
        ("--alpha", "inf"),
        ("--sample", -1),
        ("--no-repeat", -1),
        ("--top-k", 0),
        ("--top-p", 2),
        ("--temperature", 0),
    ],
)
def test_an_impossible_number_is_refused_with_the_name_of_its_option(
    regard: Regard, run: Path, option: str, value: object
) -> None:
    answer = regard("translate", run, "Hola.", option, value)
    assert (answer.status, answer.out) == (2, "")
    assert option.removeprefix("--").replace("-", "_") in answer.err.replace("-", "_")
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize("option", ["--figure", "--record"])
def test_a_folder_that_is_not_there_is_named_before_anything_is_read(
    regard: Regard, option: str
) -> None:
    answer = regard("translate", "nowhere", "Hola.", option, Path("no") / "a.svg")
    assert answer.status == 2
    assert f"{option} {Path('no') / 'a.svg'}: there is no folder no" in answer.err


def test_a_figure_that_cannot_be_drawn_is_named_before_anything_is_read(
    regard: Regard, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = regard("translate", "nowhere", "Hola.", "--figure", "a.jpeg")
    said = "regard: a.jpeg: the name of a figure must end in .png, .svg or .pdf\n"
    assert answer == (2, "", said)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    answer = regard("translate", "nowhere", "Hola.", "--figure", "a.png")
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith("regard: a figure needs matplotlib")


def test_a_dictionary_is_for_a_model_of_whole_words(
    regard: Regard, run: Path, text: Path, tmp_path: Path
) -> None:
    (tmp_path / "words").write_text("ornitorrinco\tplatypus\n", encoding="utf-8")
    answer = regard("translate", run, "Hola.", "--dictionary", tmp_path / "words")
    assert answer.status == 2
    assert "writes byte pairs" in answer.err
    words = train(text, tmp_path / "r", "tokens.kind=words", "training.updates=2")
    answer = regard("translate", words, "Hola.", "--dictionary", tmp_path / "words", *QUICK)
    assert answer.status == 0


@pytest.mark.parametrize("size", ["inf", "nan", "-1", "1.5"])
@pytest.mark.parametrize("part", ["--dev", "--test"])
def test_a_part_of_no_size_is_refused(
    regard: Regard, text: Path, part: str, size: str, tmp_path: Path
) -> None:
    files = (text / "mine.es", text / "mine.en")
    answer = regard("split", *files, "--out", tmp_path, part, size)
    assert answer.status == 2
    assert f"{part} {size}: give a whole number of pairs, or a share below 1" in answer.err
    assert list(tmp_path.iterdir()) == []


def test_every_choice_is_a_line_with_the_number_of_its_source_and_its_score(
    regard: Regard, run: Path
) -> None:
    given = b"La casa es grande.\n\nHola.\n"
    short = ("--max-length", 2)
    drawn = regard("translate", run, "--sample", 4, "--top-k", 1, *short, given=given).out
    lines = [line.split("\t") for line in drawn.splitlines()]
    assert [line[0] for line in lines] == ["1"] * 4 + ["2"] * 4 + ["3"] * 4
    assert len({line[2] for line in lines[:4]}) == 1
    found = regard("translate", run, "--best", 3, *short, given=given).out
    lines = [line.split("\t") for line in found.splitlines()]
    assert [line[0] for line in lines] == ["1"] * 3 + ["2"] + ["3"] * 3
    assert lines[3] == ["2", "0.000", ""]
    scores = [float(line[1]) for line in lines[:3]]
    assert scores == sorted(scores, reverse=True)
    one = regard("translate", run, "--sample", 1, *short, given=given).out
    assert one.count("\n") == 3
    assert "\t" not in one


def test_searching_and_drawing_at_once_is_refused(regard: Regard, run: Path) -> None:
    answer = regard("translate", run, "Hola.", "--sample", 2, "--best", 5)
    assert answer == (2, "", "regard: --best searches, --sample draws: leave one of them out\n")


@pytest.mark.parametrize("option", ["--figure", "--record"])
def test_a_folder_instead_of_a_file_is_named(regard: Regard, option: str, tmp_path: Path) -> None:
    for folder in (Path("/"), Path(), tmp_path):
        answer = regard("translate", "nowhere", "Hola.", option, folder)
        assert answer == (2, "", f"regard: {option} {folder}: is a folder; name a file in it\n")
