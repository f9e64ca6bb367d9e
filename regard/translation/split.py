"""Train, dev and test parts of one text, none of which knows a sentence of another.

A sentence often has several translations, which have several themselves; a split by pairs would
put one half of such a family into the training text and ask for the other. Sentences are therefore
nodes and pairs are edges, and a connected component goes to one part as a whole.

Which part that is depends on the hash of the component's sentences and the seed, so that adding
lines to a text moves few of the others.
"""

# Shapes: P pairs · N nodes (distinct sentences of both sides)

from __future__ import annotations

import contextlib
import hashlib
import re
import unicodedata
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int, UInt8, UInt64

from regard.translation.batches import mixed
from regard.translation.durable import PARTIAL, cannot_write, sync_file, sync_folder
from regard.translation.pairs import CorpusError, Pair, length_outliers, read_pairs

PARTS = ("train", "dev", "test")
TRAIN, DEV, TEST, REPEATED = range(4)
# Pairs: larger components are always trained on. They are families like "No." with its forty
# translations, or the work of a machine, and would fill a part with one thing.
LARGEST_COMPONENT = 20

_NO_LETTER_OR_DIGIT = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class SplitReport:
    """What a split found and did; numbers of pairs unless the name says otherwise."""

    pairs: int
    components: int
    largest_component: int
    in_large_components: int
    duplicates: int
    length_outliers: int
    train: int
    dev: int
    test: int
    dev_wanted: int
    test_wanted: int
    repeated_sources: int

    def report(self) -> list[str]:
        """One line for each thing that a person should know."""
        lines = [
            f"{self.pairs:,} pairs: train {self.train:,}, dev {self.dev:,}, test {self.test:,}",
            f"{self.components:,} groups of pairs that share sentences, "
            f"the largest of {self.largest_component:,}",
        ]
        told = [
            (self.in_large_components, f"in groups of over {LARGEST_COMPONENT}: always train"),
            (self.repeated_sources, "left out of dev and test: the source is there already"),
            (self.duplicates, "repeat an earlier pair (but for case and punctuation)"),
            (self.length_outliers, "have one side far longer than its translation suggests"),
        ]
        lines += [f"{count:,} {what}" for count, what in told if count]
        for name, got, wanted in (
            ("dev", self.dev, self.dev_wanted),
            ("test", self.test, self.test_wanted),
        ):
            if got < wanted:
                lines.append(
                    f"{name} has {got:,} of the {wanted:,} pairs asked for: "
                    "the others share sentences with too many"
                )
        return lines

    def __str__(self) -> str:
        return "\n".join(self.report())


@dataclass(frozen=True, eq=False)
class Split:
    """Which part each pair belongs to, in the order of reading, and a report."""

    parts: UInt8[np.ndarray, " P"]
    report: SplitReport

    def part(self, pairs: Iterable[Pair], name: str) -> Part:
        """The pairs of "train", "dev" or "test", out of the same pairs that were split."""
        return Part(pairs, self.parts, PARTS.index(name))


@dataclass(frozen=True, eq=False)
class Part:
    """The pairs of one part; read as often as the pairs themselves can be."""

    pairs: Iterable[Pair]
    parts: UInt8[np.ndarray, " P"]
    number: int

    def __len__(self) -> int:
        return int((self.parts == self.number).sum())

    def __iter__(self) -> Iterator[Pair]:
        for pair, number in _numbered(self.pairs, self.parts):
            if number == self.number:
                yield pair


def part_size(pairs: int) -> int:
    """How many pairs a dev or test part should have when nobody says.

    Five in a hundred up to 500; one in a hundred where that is more; at most 2,000.
    """
    return min(2000, max(min(500, pairs // 20), pairs // 100))


def split_pairs(
    pairs: Iterable[Pair],
    *,
    dev: int | float | None = None,
    test: int | float | None = None,
    seed: int = 1,
) -> Split:
    """Divide pairs into train, dev and test.

    `dev` and `test` are numbers of pairs, or shares below 1; None takes `part_size`. Sentences that
    differ by case, punctuation or spacing alone count as the same. Dev and test keep the first pair
    of each source sentence. A part may get fewer pairs than asked for, as the report then says.
    Raises `CorpusError` when the two parts would leave less than half of the pairs.
    """
    source_nodes, target_nodes, outliers = _hashed(pairs)
    count = len(source_nodes)
    dev_wanted, test_wanted = _wanted(dev, count), _wanted(test, count)
    if (dev_wanted + test_wanted) * 2 > count:
        raise CorpusError(
            f"dev ({dev_wanted:,}) and test ({test_wanted:,}) would take more than half of the "
            f"{count:,} pairs: ask for less, or train on more text"
        )
    hashes, nodes = np.unique(np.concatenate([source_nodes, target_nodes]), return_inverse=True)
    source, target = nodes[:count], nodes[count:]
    component = _components(len(hashes), source, target)[source]
    roots, component = np.unique(component, return_inverse=True)
    sizes = np.bincount(component, minlength=len(roots))
    first = np.zeros(count, bool)
    first[np.unique(source, return_index=True)[1]] = True
    # A component is named by the least hash of its source sentences.
    names = np.full(len(roots), np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(names, component, source_nodes)
    chosen = _choose(
        mixed(names ^ mixed(np.array([seed % 2**64], np.uint64))),
        kept=np.bincount(component[first], minlength=len(roots)),
        eligible=sizes <= LARGEST_COMPONENT,
        dev=dev_wanted,
        test=test_wanted,
    )
    parts = chosen[component]
    parts[(parts != TRAIN) & ~first] = REPEATED
    counts = np.bincount(parts, minlength=4)
    edges = np.stack([source, target], axis=1)
    report = SplitReport(
        pairs=count,
        components=len(roots),
        largest_component=int(sizes.max(initial=0)),
        in_large_components=int(sizes[sizes > LARGEST_COMPONENT].sum()),
        duplicates=count - len(np.unique(edges, axis=0)),
        length_outliers=outliers,
        train=int(counts[TRAIN]),
        dev=int(counts[DEV]),
        test=int(counts[TEST]),
        dev_wanted=dev_wanted,
        test_wanted=test_wanted,
        repeated_sources=int(counts[REPEATED]),
    )
    return Split(parts, report)


def split_files(
    source: Path,
    target: Path | None,
    folder: Path,
    *,
    dev: int | float | None = None,
    test: int | float | None = None,
    seed: int = 1,
) -> SplitReport:
    """Divide two files (or a TSV file) into train, dev and test files in `folder`.

    mine.es and mine.en become train.es, train.en, dev.es and so on; names without an ending of
    their own become train.source, train.target. The files get their names once all are written
    and synced; a failure leaves none of them.

    Raises `CorpusError` where a file is there already, and when a wanted part would be empty.
    """
    endings = _endings(source, target)
    paths = [[folder / f"{part}.{ending}" for ending in endings] for part in PARTS]
    for path in (path for row in paths for path in row):
        if path.exists():
            raise CorpusError(f"{path}: is there already; name another folder, or delete it first")
    pairs = read_pairs(source, target)
    split = split_pairs(pairs, dev=dev, test=test, seed=seed)
    for name, got, wanted in (
        ("dev", split.report.dev, split.report.dev_wanted),
        ("test", split.report.test, split.report.test_wanted),
    ):
        if wanted and not got:
            raise CorpusError(
                f"{source}: no {name} part can be set aside without leaks: all pairs share "
                f"sentences with too many others ({split.report.components:,} groups)"
            )
    _write_parts(pairs, split, paths)
    return split.report


def normal_sentence(text: str) -> str:
    """What two sentences have in common if they count as the same: letters and digits, no case."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _NO_LETTER_OR_DIGIT.sub("", folded) or folded


def _hashed(
    pairs: Iterable[Pair],
) -> tuple[UInt64[np.ndarray, " P"], UInt64[np.ndarray, " P"], int]:
    """A 64-bit hash of each sentence, in a half of its own for each side; length outliers."""
    nodes = (array("Q"), array("Q"))
    lengths = (array("H"), array("H"))
    for pair in pairs:
        for text, hashes, characters in zip(
            (pair.source, pair.target), nodes, lengths, strict=True
        ):
            digest = hashlib.blake2b(normal_sentence(text).encode(), digest_size=8).digest()
            hashes.append(int.from_bytes(digest, "little"))
            characters.append(min(len(text), 65_535))
    source, target = (np.frombuffer(hashes, np.uint64) for hashes in nodes)
    outliers = length_outliers(*(np.frombuffer(each, np.uint16) for each in lengths))
    # The lowest bit says which side: the same word of two languages is two sentences.
    return source & ~np.uint64(1), target | np.uint64(1), int(outliers.sum())


def _wanted(part: int | float | None, pairs: int) -> int:
    if part is None:
        return part_size(pairs)
    if not 0 <= part < float("inf") or (part > 1 and part != int(part)):
        raise CorpusError(f"a part is a whole number of pairs, or a share below 1, not {part:g}")
    return max(1, round(part * pairs)) if 0 < part < 1 else int(part)


def _components(
    count: int, source: Int[np.ndarray, " P"], target: Int[np.ndarray, " P"]
) -> Int[np.ndarray, " N"]:
    """The least node of each node's connected component.

    Every round hangs the root of one end of each edge under the smaller root of the other, then
    lets all nodes point at their roots (after Shiloach and Vishkin 1982).
    """
    roots = np.arange(count)
    while True:
        one, other = roots[source], roots[target]
        apart = one != other
        if not apart.any():
            return roots
        source, target, one, other = source[apart], target[apart], one[apart], other[apart]
        np.minimum.at(roots, np.maximum(one, other), np.minimum(one, other))
        while True:
            above = roots[roots]
            if np.array_equal(above, roots):
                break
            roots = above


def _choose(
    keys: UInt64[np.ndarray, " components"],
    *,
    kept: Int[np.ndarray, " components"],
    eligible: np.ndarray,
    dev: int,
    test: int,
) -> UInt8[np.ndarray, " components"]:
    """A part for each component: test from the least keys on, dev from the greatest down."""
    parts = np.full(len(keys), TRAIN, np.uint8)
    order = np.argsort(keys, kind="stable")
    order = order[eligible[order]]
    for number, wanted, ordered in ((TEST, test, order), (DEV, dev, order[::-1])):
        missing = wanted
        for component in ordered.tolist():
            if not missing:
                break
            if parts[component] == TRAIN and kept[component] <= missing:
                parts[component] = number
                missing -= int(kept[component])
    return parts


def _numbered(pairs: Iterable[Pair], parts: UInt8[np.ndarray, " P"]) -> Iterator[tuple[Pair, int]]:
    try:
        yield from zip(pairs, parts.tobytes(), strict=True)
    except ValueError as error:
        if isinstance(error, CorpusError):
            raise
        raise CorpusError("the text changed while it was being split: start again") from error


def _endings(source: Path, target: Path | None) -> tuple[str, ...]:
    if target is None:
        return ("tsv",)
    names = [path.name.removesuffix(".gz").rpartition(".") for path in (source, target)]
    endings = tuple(ending for stem, _, ending in names if stem and ending)
    return endings if len(set(endings)) == 2 else ("source", "target")


def _write_parts(pairs: Iterable[Pair], split: Split, paths: list[list[Path]]) -> None:
    folder = paths[0][0].parent
    partial = {path: path.with_name(f".{path.name}{PARTIAL}") for row in paths for path in row}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _fill(pairs, split, [[partial[path] for path in row] for row in paths])
        for written in partial.values():
            sync_file(written)
        _put_in_place(partial)
        sync_folder(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        for written in partial.values():
            with contextlib.suppress(OSError):
                written.unlink(missing_ok=True)


def _fill(pairs: Iterable[Pair], split: Split, paths: list[list[Path]]) -> None:
    """Write every pair to the file, or the two files, of its part."""
    with contextlib.ExitStack() as opened:
        files = [
            [
                opened.enter_context(path.open("w", encoding="utf-8", newline="\n"))
                for path in of_part
            ]
            for of_part in paths
        ]
        for pair, number in _numbered(pairs, split.parts):
            if number == REPEATED:
                continue
            texts = (pair.source, pair.target)
            columns = texts if len(files[number]) == 2 else ("\t".join(texts),)
            for file, text in zip(files[number], columns, strict=True):
                file.write(f"{text}\n")


def _put_in_place(partial: dict[Path, Path]) -> None:
    """Give all files their names, or none: a failure takes back those that have theirs."""
    placed: list[Path] = []
    try:
        for path, written in partial.items():
            written.rename(path)
            placed.append(path)
    except BaseException:
        for path in placed:
            with contextlib.suppress(OSError):
                path.unlink()
        raise
