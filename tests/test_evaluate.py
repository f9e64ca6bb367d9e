"""Scores: known values of known files, small ones by hand, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from regard.translation.evaluate import (
    Perplexity,
    alignment_json,
    bleu,
    perplexity,
    score_files,
    score_links,
    score_texts,
)
from regard.translation.model import Batch, State, TranslationModel
from regard.translation.search import LONGEST_GIVEN
from regard.translation.whole_words import count_words


@pytest.mark.real
@pytest.mark.parametrize(
    ("tokenize", "value", "error"),
    [("none", 22.584677521249, 1e-9), ("13a", 22.4267, 5e-5), ("intl", 23.8453, 5e-5)],
)
def test_bleu_of_a_known_output_is_the_known_bleu(
    shared: Path, tmp_path: Path, tokenize: str, value: float, error: float
) -> None:
    pieces = (shared / "data/bleu/deen_ref_bpe").read_text(encoding="utf-8")
    reference = tmp_path / "reference"
    reference.write_text(pieces.replace("@@ ", ""), encoding="utf-8")
    output = shared / "data/bleu/deen_output"
    scores = score_files(output, reference, tokenize=tokenize, metrics=["bleu"])
    assert scores.lines == 3000
    assert scores.bleu is not None
    assert scores.bleu.value == pytest.approx(value, abs=error)
    assert f"tok:{tokenize}|" in scores.bleu.signature
    assert scores.chrf is None


@pytest.mark.real
@pytest.mark.parametrize(
    ("pair", "output", "base", "swap", "aer", "precision", "recall", "links"),
    [
        ("enfr", "fastalign/test.enfr.talp", 1, False, 16.388, 80.01, 90.14, 7312),
        ("enfr", "fastalign/test.enfr.reverse.talp", 1, True, 15.892, 81.34, 88.73, 6747),
        ("roen", "giza/test.roen.union.talp", 1, False, 30.261, 72.27, 67.38, 5778),
    ],
)
def test_files_of_links_have_their_published_error_rates(
    shared: Path,
    pair: str,
    output: str,
    base: int,
    swap: bool,
    aer: float,
    precision: float,
    recall: float,
    links: int,
) -> None:
    folder = shared / "data/alignment/aer-check"
    score = score_links(folder / output, folder / f"{pair}.gold", gold_base=base, swap=swap)
    assert score.aer == pytest.approx(aer, abs=5e-4)
    assert alignment_json(score) == {
        "aer": pytest.approx(aer, abs=5e-4),
        "precision": pytest.approx(precision, abs=5e-3),
        "recall": pytest.approx(recall, abs=5e-3),
        "links": links,
    }


def test_a_bleu_worked_by_hand() -> None:
    found = bleu(["the cat sat on a mat"], ["the cat sat on the mat"])
    assert found.precisions == pytest.approx([100 * 5 / 6, 100 * 3 / 5, 100 * 2 / 4, 100 * 1 / 3])
    expected = 100 * (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25
    assert found.value == pytest.approx(expected)
    assert found.brevity_penalty == 1
    short = bleu(["the cat sat on"], ["the cat sat on the mat"])
    assert short.brevity_penalty == pytest.approx(math.exp(1 - 6 / 4))
    assert short.value == pytest.approx(100 * math.exp(1 - 6 / 4))


def test_a_text_is_perfect_against_itself_and_scores_are_json() -> None:
    lines = ["It rained all day long.", "We stayed at home, of course."]
    found = score_texts(lines, lines).to_json()
    assert found["bleu"] == pytest.approx(100)
    assert found["chrf"] == pytest.approx(100)
    assert found["ter"] == 0
    assert found["lines"] == 2
    for name in ("signature", "chrf_signature", "ter_signature"):
        assert "version:" in found[name]


def test_one_edit_in_four_words_is_a_ter_of_25() -> None:
    found = score_texts(["it rained all night"], ["it rained all day"], metrics=["ter"])
    assert found.ter is not None
    assert found.ter.value == pytest.approx(25)
    assert set(found.to_json()) == {"ter", "ter_signature", "lines"}


def test_different_numbers_of_lines_are_refused_with_both_counts(tmp_path: Path) -> None:
    output, reference = tmp_path / "output", tmp_path / "reference"
    output.write_text("one\ntwo\n", encoding="utf-8")
    reference.write_text("one\ntwo\n\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"output has 2 lines, but .*reference has 3"):
        score_files(output, reference)
    output.write_text("0-0\n1-1\n", encoding="utf-8")
    reference.write_text("0-0\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"output has 2 lines, but .*reference has 1"):
        score_links(output, reference)
    with pytest.raises(ValueError, match="has 1 lines, but the reference has 2"):
        bleu(["a"], ["a", "b"])


def test_nothing_to_score_and_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="no lines"):
        bleu([], [])
    with pytest.raises(ValueError, match="no tokeniser '13b'"):
        bleu(["a"], ["a"], tokenize="13b")
    with pytest.raises(ValueError, match="no metric 'wer'"):
        score_texts(["a"], ["a"], metrics=["wer"])


class Uniform(TranslationModel):
    """Every piece is as likely as any other."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, batch: Batch) -> Tensor:
        return torch.zeros(*batch.labels.shape, self.size)

    def start(self, source: Tensor, source_mask: Tensor) -> State:
        raise NotImplementedError

    def step(self, state: State, last: Tensor) -> tuple[Tensor, State]:
        raise NotImplementedError


def test_a_model_that_knows_nothing_has_the_size_of_its_vocabulary_as_perplexity() -> None:
    tokens = count_words(["a b c d e f g"], limit=9)  # 4 special pieces and 5 words
    sources, targets = ["a", "b c", "d"], ["a b", "z", ""]
    found = perplexity(Uniform(9), (tokens, tokens), sources, targets)
    assert found.pieces == 2 + 1 + 0 + 3
    assert found.perplexity == pytest.approx(9)
    assert found.nats_per_piece == pytest.approx(math.log(9))
    assert found.characters == 3 + 1 + 0 + 3
    assert found.nats_per_character == pytest.approx(6 * math.log(9) / 7)
    assert found.unknown == 1
    assert found.to_json()["perplexity"] == pytest.approx(9)


def test_the_characters_that_count_are_those_that_the_model_was_scored_on() -> None:
    tokens = count_words(["caf\u00e9 a"], limit=6)
    for written in ("caf\u00e9 a", "\ufeffcafe\u0301\ta\x00\x1b"):
        found = perplexity(Uniform(6), (tokens, tokens), ["a"], [written])
        assert (found.pieces, found.unknown, found.characters) == (3, 0, 7)
        assert found.nats_per_character == pytest.approx(3 * math.log(6) / 7)


def test_a_hopeless_model_has_an_infinite_perplexity_not_an_error() -> None:
    assert Perplexity(nats=1e6, pieces=10, characters=5, unknown=0, lines=1).perplexity == math.inf


def test_lines_that_are_too_long_are_no_part_of_a_perplexity() -> None:
    tokens = count_words(["a b"], limit=6)
    long = "a " * (LONGEST_GIVEN + 1)
    found = perplexity(Uniform(6), (tokens, tokens), [long, "a", "b"], ["a", "a b", long])
    assert (found.lines, found.left_out, found.pieces, found.characters) == (1, (1, 3), 3, 4)
    assert found.perplexity == pytest.approx(6)
    assert found.to_json()["lines_left_out"] == 2
    with pytest.raises(ValueError, match="every line has more than 1,000 pieces on a side"):
        perplexity(Uniform(6), (tokens, tokens), [long], ["a"])
