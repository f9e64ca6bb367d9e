"""Judging a translator from Python: what is measured, in which order, and what is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import regard
from echo import echo
from regard.record.alignment import parse_lines
from regard.translation.judge import KnownText, evaluate_run, judge, judge_links


def test_a_translator_that_copies_is_judged_by_what_it_copies() -> None:
    lines = ["one two three four", "five six one two"]
    gold = parse_lines(["0-0 1-1 2-2 3-3", "0-0 1-1 2-2 3-2"])
    found = judge(echo(), KnownText(lines, lines, gold))
    assert found.outputs == tuple(lines)
    assert found.texts
    assert found.texts.bleu
    assert found.texts.bleu.value == pytest.approx(100)
    assert found.perplexity
    assert found.perplexity.pieces == 10
    assert found.links
    assert found.links.aer == pytest.approx(100 / 8)
    assert (found.lines, found.beam, found.rows, found.too_long) == (2, 2, "predicted", ())
    assert found.search_precision == "float32"
    named = {"bleu", "chrf", "ter", "perplexity", "aer", "beam", "search_precision", "rows"}
    assert named <= set(found.to_json())


def test_of_a_text_without_gold_links_no_links_are_judged() -> None:
    text = KnownText(["one two"], ["one two"])
    assert judge(echo(), text).links is None
    assert "rows" not in judge(echo(), text).to_json()
    with pytest.raises(ValueError, match="no gold links"):
        judge_links(echo(), text)


def test_links_alone_are_judged_without_a_translation() -> None:
    text = KnownText(["one , two"], ["one , two"], parse_lines(["0-0 1-1 2-2"]))
    found = judge_links(echo(), text, tokenised=True)
    assert found.links
    assert found.links.aer == 0
    assert (found.texts, found.perplexity, found.outputs) == (None, None, ())
    assert set(found.to_json()) == {"aer", "precision", "recall", "links", "rows"}


def test_a_run_is_evaluated_by_a_name_of_the_package() -> None:
    assert regard.evaluate is evaluate_run


def test_a_run_is_evaluated_on_its_own_test_part_and_keeps_what_was_found(
    run: Path, tmp_path: Path
) -> None:
    found = evaluate_run(run, beam=1, output=tmp_path / "out")
    kept = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    assert kept == {"test": json.loads(json.dumps(found.to_json()))}
    written = (tmp_path / "out").read_text(encoding="utf-8")
    assert written == "".join(f"{line}\n" for line in found.outputs)
    before = (run / "scores.json").read_bytes()
    other = evaluate_run(str(run), run / "dev.source", run / "dev.target", beam=1)
    assert other.lines == len((run / "dev.source").read_text(encoding="utf-8").splitlines())
    assert (run / "scores.json").read_bytes() == before


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_run_is_evaluated_in_the_precision_asked_for_and_says_so(
    run: Path, precision: str
) -> None:
    files = (run / "dev.source", run / "dev.target")
    found = evaluate_run(run, *files, beam=1, device="cpu", precision=precision)
    assert found.search_precision == found.to_json()["search_precision"] == precision


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"source": "s"}, "needs both SOURCE and TARGET"),
        ({"tokenised": True}, "--gold LINKS"),
        ({"tokenised": True, "gold": "g", "output": "o"}, "leave the output out"),
        ({"rows": "both"}, "unknown row convention 'both'"),
        ({"source": "nowhere", "target": "nowhere"}, "nowhere: cannot be read"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_a_run_is_read(
    settings: dict[str, object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        evaluate_run("no such run", **settings)  # pyright: ignore[reportArgumentType]
