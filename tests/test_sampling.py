"""Drawing targets: the right pieces, as often as the model says, and the same for the same seed."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
import torch
from torch import Tensor

from regard.translation.model import EOS, Batch, State, TranslationModel
from regard.translation.sampling import SampleSettings, sample
from regard.translation.search import SearchSettings, source_rows

VOCABULARY = 8
CPU = torch.device("cpu")
SHARES = {4: 0.5, 5: 0.25, 6: 0.15, 7: 0.10}


class Rows:
    def __init__(self, source: Tensor, steps: int) -> None:
        self.source, self.steps = source, steps

    def select(self, rows: Tensor) -> Rows:
        return Rows(self.source[rows], self.steps)


class Urn(TranslationModel):
    """Draws from `SHARES` as many times as the source's first id says, then ends."""

    def start(self, source: Tensor, source_mask: Tensor) -> Rows:
        return Rows(source, 0)

    def step(self, state: State, last: Tensor) -> tuple[Tensor, Rows]:
        assert isinstance(state, Rows)
        logits = torch.full((len(last), VOCABULARY), -math.inf)
        for piece, share in SHARES.items():
            logits[:, piece] = math.log(share)
        ended = state.source[:, 0] == state.steps
        logits[ended] = -math.inf
        logits[ended, EOS] = 0.0
        return logits, Rows(state.source, state.steps + 1)

    def forward(self, batch: Batch) -> Tensor:
        raise NotImplementedError


def draw(
    sources: list[list[int]], *, seed: int = 1, **settings: Any
) -> list[list[tuple[int, ...]]]:
    drawing = SampleSettings(**settings)
    limits = SearchSettings(max_length=30)
    found = sample(Urn(), *source_rows(sources, CPU), seed, drawing, limits)
    return [[one.ids for one in drawn] for drawn in found]


def test_pieces_come_as_often_as_the_model_says() -> None:
    [drawn] = draw([[1]], draws=4000)
    counts = Counter(ids[0] for ids in drawn)
    for piece, share in SHARES.items():
        four_deviations = 4 * math.sqrt(share * (1 - share) / 4000)
        assert counts[piece] / 4000 == pytest.approx(share, abs=four_deviations)


def test_temperature_sharpens_by_the_power_of_its_inverse() -> None:
    [drawn] = draw([[1]], draws=4000, temperature=0.5)
    whole = sum(share**2 for share in SHARES.values())
    counts = Counter(ids[0] for ids in drawn)
    for piece, share in SHARES.items():
        expected = share**2 / whole
        assert counts[piece] / 4000 == pytest.approx(expected, abs=4 * math.sqrt(expected / 4000))


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({"top_k": 1}, {4}),
        ({"top_k": 3}, {4, 5, 6}),
        ({"top_k": 99}, {4, 5, 6, 7}),
        ({"top_p": 0.4}, {4}),
        ({"top_p": 0.6}, {4, 5}),
        ({"top_p": 0.89}, {4, 5, 6}),
        ({"top_p": 0.95}, {4, 5, 6, 7}),
        ({"top_k": 3, "top_p": 0.8}, {4, 5}),  # of 0.9 that is left, 4 and 5 are 0.83
        ({"top_p": 1e-9}, {4}),
    ],
)
def test_only_the_most_probable_pieces_are_drawn(settings: dict[str, Any], kept: set[int]) -> None:
    [drawn] = draw([[25]], draws=40, **settings)
    assert {piece for ids in drawn for piece in ids} == kept


def test_a_draw_is_the_same_whatever_else_is_drawn_beside_it() -> None:
    [alone] = draw([[9, 4]], draws=2)
    among = draw([[20, 5, 4], [9, 4], [3], [9, 5]], draws=3)
    assert among[1][:2] == alone
    assert among[3] != among[1]
    assert draw([[9, 4]], draws=2) == [alone]
    assert draw([[9, 4]], seed=2, draws=2) != [alone]
    assert len(set(among[1])) == 3


def test_the_log_probability_is_the_models_own_not_the_sharpened_one() -> None:
    drawing, limits = SampleSettings(temperature=0.3, top_k=2), SearchSettings(length_alpha=1.0)
    [[one]] = sample(Urn(), *source_rows([[3, 4]], CPU), 5, drawing, limits)
    expected = [math.log(SHARES[piece]) for piece in one.ids]
    assert one.step_nats == pytest.approx([*expected, 0.0], abs=1e-6)
    assert one.log_probability_nats == pytest.approx(sum(expected), abs=1e-5)
    assert one.score == pytest.approx(sum(expected) / (9 / 6), abs=1e-5)


@pytest.mark.parametrize(
    "wrong", [{"draws": 0}, {"temperature": 0.0}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.5}]
)
def test_what_cannot_be_drawn_from_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SampleSettings(**wrong)  # pyright: ignore[reportArgumentType]
