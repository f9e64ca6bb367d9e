"""Batches: every pair once an epoch, little padding, an order that its settings decide."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from regard.translation.batches import Arrangement, RaggedRows, Unit, arrange, batch_of, to_batch
from regard.translation.model import BOS, EOS, PAD

PAIRS = 3011


@pytest.fixture(scope="module")
def lengths() -> tuple[np.ndarray, np.ndarray]:
    """Sentences of 1 to about 40 pieces, their translations a little longer or shorter."""
    chance = np.random.default_rng(5)
    source = 1 + chance.poisson(chance.uniform(2, 30, PAIRS))
    target = np.maximum(1, source + chance.integers(-3, 4, PAIRS))
    return source.astype(np.int32), target.astype(np.int32)


def made(
    lengths: tuple[np.ndarray, np.ndarray],
    *,
    size: int = 17,
    unit: Unit = "sentences",
    seed: int = 3,
    epoch: int = 2,
) -> Arrangement:
    return arrange(*lengths, size=size, unit=unit, seed=seed, epoch=epoch)


def in_turn(arranged: Arrangement) -> list[list[int]]:
    return [arranged.batch(turn).tolist() for turn in range(len(arranged))]


@pytest.mark.parametrize(
    ("size", "unit"), [(17, "sentences"), (5000, "sentences"), (611, "tokens")]
)
def test_every_pair_is_in_one_batch(
    lengths: tuple[np.ndarray, np.ndarray], size: int, unit: Unit
) -> None:
    batches = in_turn(made(lengths, size=size, unit=unit))
    assert sorted(index for batch in batches for index in batch) == list(range(PAIRS))


def test_batches_by_sentences_have_that_many_but_for_one(
    lengths: tuple[np.ndarray, np.ndarray],
) -> None:
    sizes = sorted(len(batch) for batch in in_turn(made(lengths)))
    assert sizes == [PAIRS % 17] + [17] * (PAIRS // 17)


def test_batches_by_tokens_are_bounded_with_their_padding(
    lengths: tuple[np.ndarray, np.ndarray],
) -> None:
    source, target = (side.copy() for side in lengths)
    source[7] = 1000  # larger than any batch may be: it is one alone
    cells = {}
    for batch in in_turn(made((source, target), size=611, unit="tokens")):
        cells[tuple(batch)] = len(batch) * (source[batch].max() + 1 + target[batch].max() + 2)
    assert cells.pop((7,)) > 1000
    assert max(cells.values()) <= 611
    assert np.median(list(cells.values())) > 0.9 * 611


def test_the_order_is_a_function_of_its_settings(lengths: tuple[np.ndarray, np.ndarray]) -> None:
    assert in_turn(made(lengths)) == in_turn(made(lengths))
    other = [in_turn(made(lengths, seed=4)), in_turn(made(lengths, epoch=3))]
    assert in_turn(made(lengths)) not in other
    assert in_turn(made(lengths, seed=2, epoch=3)) not in other
    shared = {frozenset(b) for b in in_turn(made(lengths))} & {frozenset(b) for b in other[1]}
    assert not shared, "no batch comes twice"


def test_the_order_is_the_same_on_every_machine() -> None:
    """The order of three hashes, from the published constants in exact integers."""

    def mixed(value: int) -> int:
        value = (value + 0x9E3779B97F4A7C15) % 2**64
        value = ((value ^ value >> 30) * 0xBF58476D1CE4E5B9) % 2**64
        value = ((value ^ value >> 27) * 0x94D049BB133111EB) % 2**64
        return value ^ value >> 31

    key = mixed(mixed(mixed(0 ^ 12) ^ 34) ^ 2)
    by_hash = sorted(range(9), key=lambda index: mixed(index ^ key))
    ones = np.ones(9, np.int32)
    arranged = arrange(ones, ones, size=1, unit="sentences", seed=12, epoch=34)
    assert arranged.turns.tolist() == by_hash


def test_lengths_are_mixed_over_the_epoch_and_alike_in_a_batch(
    lengths: tuple[np.ndarray, np.ndarray],
) -> None:
    source, target = lengths
    batches = in_turn(made(lengths))
    real = sum(source.tolist()) + sum(target.tolist()) + 3 * PAIRS
    padded = sum(
        len(batch) * (int(source[batch].max()) + int(target[batch].max()) + 3) for batch in batches
    )
    assert 1 - real / padded < 0.2  # 0.6 without sorting
    means = np.array([source[batch].mean() for batch in batches])
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.2


def test_a_batch_needs_a_size(lengths: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(ValueError, match="1 or more, not 0"):
        made(lengths, size=0)


def test_rows_get_their_ends_and_padding() -> None:
    batch = to_batch([[7, 8, 9], [5]], [[6], [4, 5, 6, 7]])
    assert batch.source.tolist() == [[7, 8, 9, EOS], [5, EOS, PAD, PAD]]
    assert batch.source_mask.tolist() == [[True] * 4, [True, True, False, False]]
    assert batch.target.tolist() == [[BOS, 6, EOS, PAD, PAD, PAD], [BOS, 4, 5, 6, 7, EOS]]
    assert batch.target_mask.sum(dim=1).tolist() == [3, 6]
    assert batch.source.dtype == torch.int64


def test_an_empty_row_is_its_end_alone() -> None:
    batch = to_batch([[]], [[]])
    assert (batch.source.tolist(), batch.target.tolist()) == ([[EOS]], [[BOS, EOS]])


def test_a_padding_id_inside_a_row_is_no_padding() -> None:
    assert to_batch([[PAD, 5]], [[PAD]]).source_mask.tolist() == [[True, True, True]]


def test_sides_must_have_the_same_number_of_rows() -> None:
    with pytest.raises(ValueError, match="2 and 1 given"):
        to_batch([[1], [2]], [[1]])
    with pytest.raises(ValueError, match="0 and 0 given"):
        to_batch([], [])


def narrow(lists: list[list[int]]) -> RaggedRows:
    rows = RaggedRows.of(lists)
    return RaggedRows(rows.ids.astype(np.uint16), rows.offsets)


def test_rows_chosen_from_long_arrays_make_the_same_batch() -> None:
    sources, targets = [[5, 6], [7], [8, 9, 10]], [[11], [12, 13, 14], []]
    chosen = np.array([2, 0])
    from_rows = batch_of(narrow(sources), narrow(targets), chosen)
    directly = to_batch([sources[2], sources[0]], [targets[2], targets[0]])
    for name in ("source", "source_mask", "target", "target_mask"):
        assert torch.equal(getattr(from_rows, name), getattr(directly, name))
    assert [row.tolist() for row in RaggedRows.of(sources)] == sources
