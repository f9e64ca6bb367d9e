"""Commands that measure: what they measure, keep and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli_fixtures import Regard


def test_a_model_without_attention_links_no_words_and_says_so(
    regard: Regard, run: Path, blind_run: Path, pair: list[Path]
) -> None:
    pair[0].with_name("g").write_text("0-0\n1-1\n", encoding="utf-8")
    said = f"regard: {blind_run}: has no attention (model.attention = none), so it links no words\n"
    for words in (
        ("align", blind_run, *pair),
        ("align", run, *pair, "--back", blind_run),
        ("evaluate", blind_run, *pair, "--gold", pair[0].with_name("g")),
    ):
        answer = regard(*words)
        assert (answer.status, answer.out, answer.err) == (2, "", said)


def test_all_files_of_a_judgement_are_compared_before_anything_is_translated(
    regard: Regard, run: Path, pair: list[Path], tmp_path: Path
) -> None:
    source, target = pair
    (tmp_path / "g").write_text("0-0\n", encoding="utf-8")
    (tmp_path / "three").write_text("a\nb\nc\n", encoding="utf-8")
    output = tmp_path / "out"
    answer = regard("evaluate", run, *pair, "--gold", tmp_path / "g", "--output", output)
    assert answer.status == 2
    assert f"{tmp_path / 'g'} has 1 lines, but {source} has 2" in answer.err
    for command in ("evaluate", "align"):
        answer = regard(command, run, source, tmp_path / "three")
        assert answer.status == 2
        assert f"{source} has 2 lines, but {tmp_path / 'three'} has 3" in answer.err
    assert not output.exists()
    assert target.exists()


def test_tokenised_without_gold_measures_nothing_and_leaves_the_scores_alone(
    regard: Regard, run: Path
) -> None:
    before = (run / "scores.json").read_bytes() if (run / "scores.json").exists() else None
    answer = regard("evaluate", run, "--tokenised")
    assert answer.status == 2
    assert "--gold LINKS" in answer.err
    after = (run / "scores.json").read_bytes() if (run / "scores.json").exists() else None
    assert after == before


def test_links_alone_do_not_overwrite_the_scores_of_the_test_part(
    regard: Regard, run: Path, tmp_path: Path
) -> None:
    assert regard("evaluate", run, "--beam", 1).status == 0
    before = (run / "scores.json").read_bytes()
    lines = len((run / "test.source").read_text(encoding="utf-8").splitlines())
    (tmp_path / "g").write_text("0-0\n" * lines, encoding="utf-8")
    answer = regard("evaluate", run, "--gold", tmp_path / "g", "--tokenised", "--json")
    assert "aer" in json.loads(answer.out)
    assert (run / "scores.json").read_bytes() == before


def test_the_scores_say_which_beam_and_which_rows_made_them(
    regard: Regard, run: Path, pair: list[Path]
) -> None:
    pair[0].with_name("g").write_text("0-0\n1-1\n", encoding="utf-8")
    words = ("evaluate", run, *pair, "--gold", pair[0].with_name("g"), "--rows", "input")
    found = json.loads(regard(*words, "--beam", 2, "--json").out)
    assert (found["beam"], found["rows"]) == (2, "input")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_run_is_measured_in_the_precision_asked_for(
    regard: Regard, run: Path, pair: list[Path], precision: str
) -> None:
    words = ("evaluate", run, *pair, "--beam", 1, "--device", "cpu", "--precision")
    assert json.loads(regard(*words, precision, "--json").out)["search_precision"] == precision
    assert f"precision of search{precision:>13}\n" in regard(*words, precision).out
    said = "regard: precision half: write auto, float32 or bfloat16\n"
    assert regard(*words, "half") == (2, "", said)


def test_the_error_rate_of_gold_links_is_the_one_computed_by_hand(
    regard: Regard, run: Path, tmp_path: Path
) -> None:
    (tmp_path / "s").write_text("la casa grande\n", encoding="utf-8")
    (tmp_path / "t").write_text("the big house\n", encoding="utf-8")
    texts = (tmp_path / "s", tmp_path / "t")
    links = regard("align", run, *texts, "--tokenised").out.split()
    everywhere = [f"{source}-{target}" for source in range(3) for target in range(3)]
    others = [link for link in everywhere if link not in links]
    assert links
    from_1 = ["-".join(str(int(word) + 1) for word in link.split("-")) for link in links]
    half = 100 * (1 - (1 + 1) / (len(links) + 2))  # one of two sure links found; Och and Ney 2003
    possible = [link.replace("-", "p") for link in links[1:]]
    for gold, base, aer in (
        (links, 0, 0.0),
        (from_1, 1, 0.0),
        (others, 0, 100.0),
        ([links[0], others[0]], 0, half),
        ([links[0], *possible], 0, 0.0),
    ):
        (tmp_path / "g").write_text(" ".join(gold) + "\n", encoding="utf-8")
        words = ("evaluate", run, *texts, "--gold", tmp_path / "g", "--gold-base", base)
        found = json.loads(regard(*words, "--tokenised", "--json").out)
        assert found["aer"] == pytest.approx(aer)


def test_translations_are_not_kept_in_a_folder_that_is_not_there(
    regard: Regard, run: Path, tmp_path: Path
) -> None:
    answer = regard("evaluate", run, "--output", tmp_path / "no" / "out.en")
    assert answer.status == 2
    assert f"there is no folder {tmp_path / 'no'}" in answer.err
