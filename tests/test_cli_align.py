"""The command that links words: which words it counts, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli_fixtures import Regard
from regard.translation.result import Translation
from regard.translation.translator import Translator


def test_the_words_of_tokenised_links_are_those_that_stood_between_spaces(
    regard: Regard, run: Path, tmp_path: Path
) -> None:
    (tmp_path / "s").write_text("la \u00a0 casa\u00a0blanca .\n", encoding="utf-8")
    (tmp_path / "t").write_text("John&apos;s white-house .\n", encoding="utf-8")
    words = ("align", run, tmp_path / "s", tmp_path / "t", "--tokenised", "--json")
    for more in ((), ("--back", run)):
        found = json.loads(regard(*words, *more).out)
        sources, targets = found["source_words"], found["words"]
        assert targets == ["John&apos;s", "white-house", "."]
        assert sources == words_between_spaces((tmp_path / "s").read_text(encoding="utf-8"))
        for source, target in found["alignment"]:
            assert source < len(sources)
            assert target < len(targets)


def words_between_spaces(line: str) -> list[str]:
    return [word for word in line.rstrip("\n").split(" ") if word]


def test_an_unknown_way_to_combine_is_refused_without_a_run_back_too(
    regard: Regard, run: Path, pair: list[Path]
) -> None:
    answer = regard("align", run, *pair, "--combine", "foo")
    assert answer.status == 2
    assert "no way 'foo' to combine (there are: " in answer.err


def test_runs_look_together_unless_they_are_to_link_separately(
    regard: Regard, run: Path, pair: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "regard.translation.align"
    monkeypatch.setattr(f"{module}.agreed", lambda there, back, how: frozenset({(0, 1)}))
    monkeypatch.setattr(f"{module}.combined", lambda there, back, how: frozenset({(1, 0)}))
    together = regard("align", run, *pair, "--back", run).out
    assert set(together.splitlines()) == {"0-1"}
    apart = regard("align", run, *pair, "--back", run, "--separately").out
    assert set(apart.splitlines()) == {"1-0"}
    answer = regard("align", run, *pair, "--separately")
    assert answer.status == 2
    assert "name the other, --back RUN" in answer.err


def test_links_are_written_before_all_pairs_are_aligned(
    regard: Regard, run: Path, pair: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    windows: list[int] = []

    def fails_at_the_second_pair(self: Translator, pairs: list[Translation]) -> list[Translation]:
        windows.append(len(pairs))
        if len(windows) == 3:
            raise ValueError("enough")
        return pairs

    monkeypatch.setattr("regard.translation.translator.READ_AHEAD", 1)
    monkeypatch.setattr(Translator, "_aligned", fails_at_the_second_pair)
    answer = regard("align", run, *pair, "--back", run)
    assert (answer.status, answer.out, answer.err) == (2, "\n", "regard: enough\n")


def test_a_pair_that_is_too_long_gets_an_empty_line_and_is_counted(
    regard: Regard, run: Path, blind_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regard.translation.align.LONGEST_GIVEN", 20)
    monkeypatch.setattr("regard.translation.evaluate.LONGEST_GIVEN", 20)
    lines = ["la casa", "el perro " * 30, "Ana", "x " * 30]
    (tmp_path / "s").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    files = (tmp_path / "s", tmp_path / "s")
    for more in ((), ("--back", run, "--combine", "union")):
        answer = regard("align", run, *files, *more)
        links = answer.out.split("\n")
        assert answer.status == 0
        assert [bool(line) for line in links] == [True, False, True, False, False]
        assert answer.err == (
            "2 of 4 lines have no links: a side has more than 1,000 pieces (line 2, 4)\n"
        )
    (tmp_path / "g").write_text("0-0\n" * 4, encoding="utf-8")
    answer = regard("evaluate", run, *files, "--gold", tmp_path / "g", "--beam", 1, "--json")
    found = json.loads(answer.out)
    assert (found["lines"], found["lines_left_out"]) == (4, 2)
    assert "2 of 4 lines are no part of the perplexity and have no links: " in answer.err
    answer = regard("evaluate", blind_run, *files, "--beam", 1)
    assert "2 of 4 lines are no part of the perplexity: " in answer.err
