"""The exponent that makes translations as long as the references is the one that is chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from regard.translation.model import EOS, Batch, State, TranslationModel
from regard.translation.result import Reader
from regard.translation.search import SearchSettings
from regard.translation.translator import Translator
from regard.translation.tune import choose_alpha
from regard.translation.whole_words import count_words

TOKENS = count_words(["a b c d e f"], limit=30)


@dataclass(frozen=True)
class Written:
    source: Tensor
    written: int

    def select(self, rows: Tensor) -> Written:
        return replace(self, source=self.source[rows])


class Undecided(TranslationModel):
    """Copies six words, but would rather stop after five: it may, if (12 / 11) ** alpha < 1.33."""

    def start(self, source: Tensor, source_mask: Tensor) -> Written:
        return Written(source, 0)

    def step(self, state: State, last: Tensor) -> tuple[Tensor, Written]:
        assert isinstance(state, Written)
        logits = torch.full((len(last), TOKENS.size), -30.0)
        place = state.source[:, min(state.written, state.source.shape[1] - 1)]
        logits.scatter_(1, place[:, None], 0.0)
        if state.written == 5:
            logits[:, EOS] = 0.2
        return logits, replace(state, written=state.written + 1)

    def forward(self, batch: Batch) -> Tensor:
        raise NotImplementedError


def test_the_exponent_with_the_best_bleu_is_chosen() -> None:
    translator = Translator(Undecided(), Reader(TOKENS, TOKENS), SearchSettings(beam=3))
    lines = ["a b c d e f"] * 3
    choice = choose_alpha(translator, lines, lines, [0.0, 4.0, 5.0])
    assert choice.alpha == 4.0
    assert choice.bleu_by_alpha[4.0] == choice.bleu_by_alpha[5.0] == pytest.approx(100)
    assert choice.bleu_by_alpha[0.0] < 90
    shorter = choose_alpha(translator, lines, ["a b c d e"] * 3, [0.0, 4.0])
    assert shorter.alpha == 0.0


def test_greedy_search_has_nothing_to_choose() -> None:
    settings = SearchSettings(beam=1, length_alpha=0.7)
    translator = Translator(Undecided(), Reader(TOKENS, TOKENS), settings)
    choice = choose_alpha(translator, ["a b c d e f"], ["a b c d e"])
    assert choice.alpha == 0.7
    assert list(choice.bleu_by_alpha) == [0.7]
