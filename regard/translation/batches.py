"""Which pairs make which batch, and a batch of ids from ragged rows.

    shuffle the pairs -> pools -> sort each pool by length -> batches -> shuffle those

The order is a function of the lengths, size, unit, seed and epoch alone, so a position in it is one
number: how many batches were taken.
"""

# Shapes: P pairs · N pieces of all rows together · B rows of a batch · C links

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Int, Int64, Integer, UInt64
from torch import Tensor

from regard.translation.model import BOS, EOS, PAD, Batch

Unit = Literal["sentences", "tokens"]

# Larger pools pad less and mix less. With 200 batches of 64, four in a hundred cells of spa-eng are
# padding (with 50 ten, without sorting forty-five). Small texts get smaller pools, so that an epoch
# never repeats the batches of another.
BATCHES_IN_A_POOL = 200
POOLS_IN_AN_EPOCH = 4


@dataclass(frozen=True, eq=False)
class RaggedRows:
    """Rows of ids one after the other: row r is `ids[offsets[r]:offsets[r + 1]]`."""

    ids: Integer[np.ndarray, " N"]
    offsets: Int64[np.ndarray, " edges"]

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> RaggedRows:
        """The same ids, laid out one after the other."""
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(row) for row in rows], out=offsets[1:])
        return cls(np.fromiter(chain.from_iterable(rows), np.int64, int(offsets[-1])), offsets)

    def __getitem__(self, row: int) -> Integer[np.ndarray, " length"]:
        return self.ids[self.offsets[row] : self.offsets[row + 1]]

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, eq=False)
class Arrangement:
    """The batches of an epoch: batch b is `pairs[edges[b]:edges[b + 1]]`, taken as `turns` says."""

    pairs: Int[np.ndarray, " P"]
    edges: Int[np.ndarray, " edges"]
    turns: Int[np.ndarray, " batches"]

    def __len__(self) -> int:
        return len(self.turns)

    def batch(self, turn: int) -> Int[np.ndarray, " B"]:
        """The pairs of the batch that is taken at that turn."""
        which = self.turns[turn]
        return self.pairs[self.edges[which] : self.edges[which + 1]]


def arrange(
    source_lengths: Int[np.ndarray, " P"],
    target_lengths: Int[np.ndarray, " P"],
    *,
    size: int,
    unit: Unit,
    seed: int,
    epoch: int,
) -> Arrangement:
    """Arrange an epoch's batches; lengths are in pieces, without `<s>` and `</s>`.

    A batch has `size` pairs, the last one fewer; or at most `size` cells of source and target with
    padding, a pair that is larger than that being a batch alone.
    """
    if size < 1:
        raise ValueError(f"a batch needs a size of 1 or more, not {size}")
    count = len(source_lengths)
    # Cells of a row: source and `</s>`; `<s>`, target and `</s>`.
    mean_cells = float(source_lengths.mean() + target_lengths.mean()) + 3
    pairs_in_a_batch = size if unit == "sentences" else max(1, int(size / mean_cells))
    in_a_pool = count // pairs_in_a_batch // POOLS_IN_AN_EPOCH
    pool = pairs_in_a_batch * min(max(1, in_a_pool), BATCHES_IN_A_POOL)
    pairs = _shuffled(count, seed, epoch, salt=1)
    edges: list[int] = [0]
    for first in range(0, count, pool):
        chosen = pairs[first : first + pool]
        source, target = source_lengths[chosen], target_lengths[chosen]
        # By source, and within one length by target, up and down in turn: neighbours differ little.
        order = np.lexsort((np.where(source % 2, target, -target), source))
        pairs[first : first + pool] = chosen[order]
        last = first + len(chosen)
        if unit == "sentences":
            edges += [*range(first + size, last, size), last]
        else:
            edges += _cut_by_cells(source[order] + 1, target[order] + 2, size, first)
    return Arrangement(pairs, np.asarray(edges), _shuffled(len(edges) - 1, seed, epoch, salt=2))


def _cut_by_cells(
    source: Int[np.ndarray, " P"], target: Int[np.ndarray, " P"], size: int, first: int
) -> list[int]:
    edges: list[int] = []
    rows = widest_source = widest_target = 0
    for place, (source_length, target_length) in enumerate(
        zip(source.tolist(), target.tolist(), strict=True), start=first
    ):
        widest_source = max(widest_source, source_length)
        widest_target = max(widest_target, target_length)
        rows += 1
        if rows > 1 and rows * (widest_source + widest_target) > size:
            edges.append(place)
            rows, widest_source, widest_target = 1, source_length, target_length
    return [*edges, first + len(source)]


def _shuffled(count: int, seed: int, epoch: int, *, salt: int) -> Int[np.ndarray, " count"]:
    """The numbers below `count`, in an order of their hashes: the same on every machine."""
    key = np.array([seed, epoch, salt], np.int64).astype(np.uint64)
    start = np.uint64(0)
    for part in key:
        start = mixed(np.array([start ^ part]))[0]
    return np.argsort(mixed(np.arange(count, dtype=np.uint64) ^ start), kind="stable")


def mixed(values: UInt64[np.ndarray, " P"]) -> UInt64[np.ndarray, " P"]:
    """One step of SplitMix64 (Steele, Lea and Flood 2014): a bijection that looks random."""
    with np.errstate(over="ignore"):
        values = values + np.uint64(0x9E3779B97F4A7C15)
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return values ^ (values >> np.uint64(31))


def to_batch(sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> Batch:
    """A batch of ids without `<s>` and `</s>`, which are added, as is padding on the right."""
    if len(sources) != len(targets) or not sources:
        raise ValueError(
            f"a batch needs as many sources as targets, and one at least: "
            f"{len(sources)} and {len(targets)} given"
        )
    chosen = np.arange(len(sources))
    return batch_of(RaggedRows.of(sources), RaggedRows.of(targets), chosen)


def batch_of(source: RaggedRows, target: RaggedRows, chosen: Int[np.ndarray, " B"]) -> Batch:
    """The batch of the chosen pairs, `<s>` and `</s>` added, padded on the right."""
    source_ids, source_mask = _padded(source, chosen, before=0)
    target_ids, target_mask = _padded(target, chosen, before=1)
    target_ids[:, 0] = BOS
    return Batch(source_ids, source_mask, target_ids, target_mask)


def links_of(links: RaggedRows, chosen: Int[np.ndarray, " B"]) -> Int[Tensor, "C 3"]:
    """The links of the chosen pairs for their batch: (row of the batch, target, source piece).

    A row of `links` has target and source piece in turn.
    """
    counts = (links.offsets[chosen + 1] - links.offsets[chosen]) // 2
    rows = np.repeat(np.arange(len(chosen)), counts)
    pieces = np.concatenate([links[pair] for pair in chosen.tolist()]).reshape(-1, 2)
    return torch.from_numpy(np.column_stack([rows, pieces]).astype(np.int64))


def _padded(
    rows: RaggedRows, chosen: Int[np.ndarray, " B"], *, before: int
) -> tuple[Int[Tensor, "B W"], Bool[Tensor, "B W"]]:
    """Rows and their `</s>`, after `before` free cells, and a mask of what is no padding."""
    starts = rows.offsets[chosen]
    ends = rows.offsets[chosen + 1] - starts + before
    columns = np.arange(int(ends.max()) + 1)
    inside = (columns >= before) & (columns < ends[:, None])
    padded = np.full(inside.shape, PAD, np.int64)
    padded[inside] = rows.ids[(starts[:, None] + (columns - before))[inside]]
    padded[np.arange(len(chosen)), ends] = EOS
    return torch.from_numpy(padded), torch.from_numpy(columns <= ends[:, None])
