"""Search, against models so small that every target can be written down."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from markov import WORDS, Markov, code, nats, score
from regard.translation.hypothesis import Hypothesis
from regard.translation.model import BOS, EOS, PAD, UNK, Batch, TranslationModel
from regard.translation.search import (
    SearchSettings,
    beam_search,
    force,
    in_batches,
    largest,
    search_all,
    source_rows,
)

SOURCES = [[4, 5], [5], [6, 4, 5, 4], [4], [6, 6, 6]]
CPU = torch.device("cpu")


def every_target(longest: int, shortest: int = 0) -> list[tuple[int, ...]]:
    lengths = range(shortest, longest + 1)
    return [t for n in lengths for t in itertools.product((UNK, *WORDS), repeat=n)]


def plain_beam_search(
    model: Markov, source: list[int], settings: SearchSettings
) -> list[tuple[float, tuple[int, ...]]]:
    """The same search written for one sentence, and run to the longest length."""
    table = model.table.log_softmax(-1)
    longest = settings.max_length
    assert longest is not None
    live: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    finished: list[tuple[float, tuple[int, ...]]] = []
    for step in range(longest + 1):
        continued = []
        for total, target in live:
            row = table[source[0], (BOS, *target)[-1]]
            for piece in [EOS] if step == longest else [UNK, EOS, *WORDS]:
                continued.append((total + float(row[piece]), (*target, piece)))
        continued.sort(key=lambda one: -one[0])
        best = continued[: settings.beam]
        for total, target in best:
            if target[-1] == EOS:
                worth = total / ((5 + len(target)) / 6) ** settings.length_alpha
                finished.append((worth, target[:-1]))
        live = [one for one in best if one[1][-1] != EOS]
    return sorted(finished, key=lambda one: -one[0])[: settings.best]


def search(
    model: TranslationModel, sources: list[list[int]], settings: SearchSettings
) -> list[list[Hypothesis]]:
    return beam_search(model, *source_rows(sources, CPU), settings)


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, 2.5])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_beam_that_holds_everything_finds_the_best_of_all_targets(
    seed: int, alpha: float
) -> None:
    model = Markov(seed)
    settings = SearchSettings(beam=400, best=3, length_alpha=alpha, max_length=4)
    for source, found in zip(SOURCES, search(model, SOURCES, settings), strict=True):
        worth = partial(score, model, source, alpha=alpha)
        best = sorted(every_target(4), key=worth, reverse=True)[:3]
        assert [one.ids for one in found] == best
        assert [one.score for one in found] == pytest.approx([worth(t) for t in best], abs=1e-5)


@pytest.mark.parametrize("beam", [1, 2, 3, 5])
@pytest.mark.parametrize("alpha", [0.0, 0.7, 1.5])
@pytest.mark.parametrize("scale", [0.5, 2.0, 5.0])
def test_stopping_early_finds_what_running_on_to_the_longest_length_finds(
    beam: int, alpha: float, scale: float
) -> None:
    for seed in range(12):
        model = Markov(seed, scale)
        settings = SearchSettings(
            beam=beam, best=min(beam, 2), length_alpha=alpha, max_length=9, record=False
        )
        for source, found in zip(SOURCES, search(model, SOURCES, settings), strict=True):
            expected = plain_beam_search(model, source, settings)
            assert [one.ids for one in found] == [target for _, target in expected]
            assert [one.score for one in found] == pytest.approx(
                [worth for worth, _ in expected], abs=1e-5
            )


def test_search_stops_when_nothing_better_can_come() -> None:
    model = Markov(seed=5)
    model.table[:] = 0.0
    model.table[..., EOS] = 9.0  # </s> is near certain: later hypotheses are hopeless
    search(model, SOURCES, SearchSettings(beam=4, max_length=50))
    assert model.steps < 4
    model.steps = 0
    model.table[..., EOS] = -9.0  # nobody wants to stop: the limit has to
    found = search(model, SOURCES, SearchSettings(beam=4, max_length=50))
    assert model.steps == 51
    assert all(one.cut and len(one.ids) == 50 for best in found for one in best)


def test_a_beam_of_one_is_greedy_search() -> None:
    for seed in range(8):
        model = Markov(seed, scale=2.0)
        [[found]] = search(model, [[5, 4]], SearchSettings(beam=1, max_length=12))
        table = model.table.clone()
        table[..., [PAD, BOS]] = -math.inf
        target: list[int] = []
        while len(target) < 12 and (not target or target[-1] != EOS):
            target.append(int(table[5, (target or [BOS])[-1]].argmax()))
        assert found.ids == tuple(piece for piece in target if piece != EOS)


def test_a_batch_finds_what_each_sentence_finds_alone() -> None:
    model = Markov(seed=7)
    settings = SearchSettings(beam=3, best=3, max_length=8)
    together = search(model, SOURCES, settings)
    for source, found in zip(SOURCES, together, strict=True):
        [alone] = search(model, [source], settings)
        for one, other in zip(found, alone, strict=True):
            assert one.ids == other.ids
            assert one.score == pytest.approx(other.score, abs=1e-6)
            for site in one.attention:
                np.testing.assert_allclose(one.attention[site], other.attention[site])


def test_the_n_best_are_sorted_and_all_different() -> None:
    settings = SearchSettings(beam=6, best=6, max_length=7)
    for best in search(Markov(seed=9), SOURCES, settings):
        assert len(best) == 6
        assert [one.score for one in best] == sorted((one.score for one in best), reverse=True)
        assert len({one.ids for one in best}) == 6


def test_attention_rows_follow_the_beam_back_through_its_own_history() -> None:
    settings = SearchSettings(beam=5, best=4, max_length=6)
    for source, best in zip(SOURCES, search(Markov(3, 1.0), SOURCES, settings), strict=True):
        size = len(source) + 1
        for one in best:
            rows = len(one.ids) + 1
            codes = np.array([code([BOS, *one.ids[:t]]) for t in range(rows)])
            heads, keys = np.arange(2) / 2, np.arange(size) / 16
            expected = codes[None, :, None] + heads[:, None, None] + keys
            np.testing.assert_allclose(one.attention["decoder.cross"], expected)
            laid_out = np.zeros((1, rows, size))
            for t in range(rows):
                laid_out[0, t, t : t + 2] = codes[t]
            np.testing.assert_allclose(one.attention["decoder.1.cross"], laid_out)
            assert one.centre["decoder.1.cross"].tolist() == list(range(rows))
            assert set(one.attention) == {"decoder.cross", "decoder.1.cross"}
            assert set(one.centre) == {"decoder.1.cross"}


def test_each_step_has_its_log_probability_and_they_add_up() -> None:
    model = Markov(seed=4)
    settings = SearchSettings(beam=3, best=2, length_alpha=0.8, max_length=6)
    for source, best in zip(SOURCES, search(model, SOURCES, settings), strict=True):
        for one in best:
            expected = nats(model, source, one.ids)
            assert one.step_nats == pytest.approx(expected, abs=1e-5)
            assert one.log_probability_nats == pytest.approx(sum(expected), abs=1e-5)
            assert one.score == pytest.approx(score(model, source, one.ids, 0.8), abs=1e-5)


def test_forcing_what_search_found_gives_what_search_said() -> None:
    model = Markov(seed=6)
    settings = SearchSettings(beam=4, best=1, max_length=7)
    found = [best[0] for best in search(model, SOURCES, settings)]
    source, mask = source_rows(SOURCES, CPU)
    target, target_mask = source_rows([[BOS, *one.ids] for one in found], CPU)
    batch = Batch(source, mask, target, target_mask)
    for one, other in zip(found, force(model, batch, length_alpha=0.6), strict=True):
        assert other.ids == one.ids
        assert other.step_nats == pytest.approx(one.step_nats, abs=1e-5)
        assert other.log_probability_nats == pytest.approx(one.log_probability_nats, abs=1e-5)
        assert other.score == pytest.approx(one.score, abs=1e-5)
        for site in one.attention:
            np.testing.assert_allclose(other.attention[site], one.attention[site])
        for site in one.centre:
            np.testing.assert_allclose(other.centre[site], one.centre[site])


def test_nothing_is_recorded_when_nobody_asks() -> None:
    [best] = search(Markov(seed=1), [[4]], SearchSettings(record=False))
    assert best[0].attention == {}
    assert best[0].centre == {}


def test_pad_and_the_start_are_never_written_nor_unknown_words_if_so_wished() -> None:
    model = Markov(seed=2)
    model.table[..., [PAD, BOS, UNK]] = 4.0
    settings = SearchSettings(beam=3, best=3, max_length=5)
    unknown = {
        piece for best in search(model, SOURCES, settings) for one in best for piece in one.ids
    }
    assert UNK in unknown
    assert not unknown & {PAD, BOS, EOS}
    settings = replace(settings, forbid_unknown=True)
    known = {
        piece for best in search(model, SOURCES, settings) for one in best for piece in one.ids
    }
    assert known <= set(WORDS)
    for first, *others in search(model, SOURCES, replace(settings, forbidden=(min(known),))):
        assert not any(min(known) in one.ids for one in (first, *others))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_no_run_of_n_pieces_comes_twice(n: int) -> None:
    model = Markov(seed=8)
    model.table[..., EOS] = -4.0
    settings = SearchSettings(beam=3, best=3, max_length=12, no_repeat=n)
    for best in search(model, SOURCES, settings):
        assert best
        for one in best:
            runs = [one.ids[i : i + n] for i in range(len(one.ids) - n + 1)]
            assert len(runs) == len(set(runs))


def test_when_every_piece_would_repeat_the_sentence_ends() -> None:
    model = Markov(seed=8)
    model.table[..., EOS] = -20.0
    settings = SearchSettings(beam=1, max_length=12, no_repeat=1, forbid_unknown=True)
    [[found]] = search(model, [[4]], settings)
    assert sorted(found.ids) == list(WORDS)
    assert not found.cut


def test_a_target_is_as_long_as_it_must_be_and_never_longer_than_it_may() -> None:
    model = Markov(seed=5)
    model.table[..., EOS] = 5.0
    for best in search(model, SOURCES, SearchSettings(min_length=3, best=2, max_length=4)):
        assert {len(one.ids) for one in best} <= {3, 4}
    model.table[..., EOS] = -5.0
    greedy = SearchSettings(beam=1)
    for source, best in zip(SOURCES, search(model, SOURCES, greedy), strict=True):
        assert len(best[0].ids) == 2 * len(source) + 10


def test_equal_continuations_are_taken_in_the_order_of_their_ids() -> None:
    model = Markov(seed=0)
    model.table[:] = 0.0
    settings = SearchSettings(
        beam=2, best=2, length_alpha=0.0, min_length=3, max_length=3, forbid_unknown=True
    )
    for best in search(model, SOURCES, settings):
        assert [one.ids for one in best] == [(4, 4, 4), (4, 4, 5)]


def test_the_largest_of_many_equal_values_are_those_that_come_first() -> None:
    values = torch.zeros(2, 3000)
    values[0, 1700] = 1.0
    values[1, [40, 2900, 7]] = torch.tensor([2.0, 3.0, 2.0])
    top, places = largest(values, 4)
    assert top.tolist() == [[1.0, 0.0, 0.0, 0.0], [3.0, 2.0, 2.0, 0.0]]
    assert places.tolist() == [[1700, 0, 1, 2], [2900, 7, 40, 0]]


@pytest.mark.parametrize("step", [0.01, 0.5, 3.0])
def test_the_largest_are_those_of_a_stable_sort_however_many_are_equal(step: float) -> None:
    drawn = torch.randn(50, 400, generator=torch.Generator().manual_seed(1))
    values = (drawn / step).round() * step
    sorted_values, order = values.sort(dim=1, descending=True, stable=True)
    for count in (1, 5, 16, 396, 400):
        top, places = largest(values, count)
        assert torch.equal(top, sorted_values[:, :count])
        assert torch.equal(places, order[:, :count])


def test_probabilities_that_are_no_numbers_are_refused() -> None:
    model = Markov(seed=0)
    model.table[4, BOS, 5] = math.nan
    with pytest.raises(ValueError, match="not numbers"):
        search(model, SOURCES, SearchSettings())


def test_the_model_is_at_rest_while_searching_and_then_as_before() -> None:
    model = Markov(seed=0)
    model.train()
    search(model, [[4]], SearchSettings())  # Markov.step asserts that it is not training
    assert model.training


def test_any_number_of_sources_comes_back_in_order_whatever_the_batches() -> None:
    model = Markov(seed=11)
    sources = SOURCES * 3
    settings = SearchSettings(beam=2, max_length=5)
    expected = [best[0].ids for best in search(model, sources, settings)]
    found = search_all(model, sources, settings, sentences=4)
    assert [best[0].ids for best in found] == expected
    assert search_all(model, [], settings) == []


def test_batches_hold_like_lengths_and_no_more_pieces_than_allowed() -> None:
    lengths = [3, 50, 7, 7, 120, 1, 2]
    batches = list(in_batches(lengths, sentences=3, pieces=100))
    assert batches == [[4], [1, 2], [3, 0, 6], [5]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"beam": 0},
        {"beam": 2, "best": 3},
        {"best": 0},
        {"length_alpha": -0.1},
        {"length_alpha": math.nan},
        {"no_repeat": -1},
        {"min_length": -1},
        {"min_length": 5, "max_length": 4},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SearchSettings(**wrong)  # pyright: ignore[reportArgumentType]
