"""Sentence pairs from files: two plain texts, or one with two columns.

A pair is read without ever holding the file. What cannot be meant (unequal line counts, another
encoding, the same file twice) is refused before the first pair; what real files are full of (blank
lines, byte order marks, Windows line ends, control characters) is mended and counted.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from regard.translation.lines import CorpusError, examine, stream_lines, unequal_counts
from regard.translation.normal_form import BYTE_ORDER_MARK, CONTROL, clean

LONGEST_TEXT = 10_000  # characters on one side of a pair; longer ones are no sentences
LONGEST_LINE_BYTES = 2 * 4 * LONGEST_TEXT + 2  # two columns of the widest characters
OUTLIER_RATIO = 3.0  # times longer or shorter than the corpus's usual ratio of the two sides
OUTLIER_CHARACTERS = 30  # and this much at least: "Go." may well be "Marchaos ya."


class LinkLine(NamedTuple):
    """Word links of a pair as they were written, and where; `tokenised`: between spaces."""

    text: str
    tokenised: bool
    where: str


@dataclass(frozen=True)
class Pair:
    """A sentence, its translation, and the line (from 1) that they stood in.

    `links` join words of the two, where the text came with such. `mended` says that control
    characters were removed, which may have been words.
    """

    source: str
    target: str
    line: int
    links: LinkLine | None = None
    mended: bool = False


@dataclass(frozen=True)
class Reading:
    """What one pass over the files met; counts of lines or pairs unless the name says otherwise."""

    lines: int = 0
    pairs: int = 0
    blank: int = 0
    over_long: int = 0
    byte_order_marks: int = 0
    windows_line_ends: int = 0
    control_characters: int = 0
    extra_columns: int = 0
    duplicates: int = 0
    same_on_both_sides: int = 0
    length_outliers: int = 0
    source_characters: int = 0
    target_characters: int = 0

    def report(self) -> list[str]:
        """One line for each thing that a person should know."""
        told = [
            (self.blank, "left out: one side or both are blank"),
            (self.over_long, f"left out: a side is longer than {LONGEST_TEXT:,} characters"),
            (self.byte_order_marks, "mended: a byte order mark was removed"),
            (self.windows_line_ends, "mended: Windows line ends were removed"),
            (self.control_characters, "mended: control characters were removed"),
            (self.extra_columns, "have more than two columns; the first two were taken"),
            (self.duplicates, "repeat an earlier pair"),
            (self.same_on_both_sides, "say the same on both sides"),
            (self.length_outliers, "have one side far longer than its translation suggests"),
        ]
        first = f"{self.pairs:,} pairs from {self.lines:,} lines"
        return [first] + [f"{count:,} {what}" for count, what in told if count]

    def __str__(self) -> str:
        return "\n".join(self.report())


class Pairs:
    """The pairs of two files, or of one with two columns; every iteration reads them anew.

    `reading` says what the latest complete iteration met, and is None before.
    """

    def __init__(self, source: Path, target: Path | None) -> None:
        self.source = source
        self.target = target
        self.reading: Reading | None = None

    def __iter__(self) -> Iterator[Pair]:
        counts = _Counts()
        lines = (
            _two_columns(self.source, counts) if self.target is None else self._two_files(counts)
        )
        removed_before = 0
        for line, (source, target) in enumerate(lines, start=1):
            counts.lines = line
            mended = counts.control_characters > removed_before
            removed_before = counts.control_characters
            if source is None or target is None:
                counts.over_long += 1
            elif not source or not target:
                counts.blank += 1
            elif max(len(source), len(target)) > LONGEST_TEXT:
                counts.over_long += 1
            else:
                counts.take(source, target)
                yield Pair(source, target, line, mended=mended)
        self.reading = counts.reading()

    def read_through(self) -> Reading:
        """Read everything once, for what it meets."""
        for _ in self:
            pass
        assert self.reading is not None
        return self.reading

    def _two_files(self, counts: _Counts) -> Iterator[tuple[str | None, str | None]]:
        assert self.target is not None
        sides = (_texts(self.source, counts), _texts(self.target, counts))
        # Where one file is longer, its last lines are blank: `read_pairs` has seen to the rest.
        yield from itertools.zip_longest(*sides, fillvalue="")


def read_pairs(source: Path, target: Path | None = None) -> Pairs:
    """The pairs of two files (line n of one translates line n of the other) or of one TSV file.

    Text is UTF-8; gzip is recognised by its first bytes. Raises `CorpusError` at once for a file
    that is missing, empty, the same as the other, UTF-16, or of another number of lines than the
    other; while reading for bytes that are not UTF-8 and for a line without two columns.
    """
    if target is None:
        examine(source)
        return Pairs(source, None)
    ours, theirs = examine(source), examine(target)
    if source.samefile(target):
        raise CorpusError(
            f"{source} and {target} are the same file: name the two languages' files, "
            "or one file alone if it has two columns"
        )
    # One file may end in more blank lines than the other.
    if max(ours.until_last_text, theirs.until_last_text) > min(ours.all, theirs.all):
        raise unequal_counts(source, ours.all, target, theirs.all)
    return Pairs(source, target)


@dataclass
class _Counts:
    """The counters of a pass under way."""

    lines: int = 0
    blank: int = 0
    over_long: int = 0
    byte_order_marks: int = 0
    windows_line_ends: int = 0
    control_characters: int = 0
    extra_columns: int = 0
    same_on_both_sides: int = 0
    hashes: array[int] = field(default_factory=lambda: array("q"))
    source_lengths: array[int] = field(default_factory=lambda: array("H"))
    target_lengths: array[int] = field(default_factory=lambda: array("H"))

    def take(self, source: str, target: str) -> None:
        self.same_on_both_sides += source == target
        self.hashes.append(hash((source, target)))
        self.source_lengths.append(len(source))
        self.target_lengths.append(len(target))

    def reading(self) -> Reading:
        source = np.frombuffer(self.source_lengths, np.uint16)
        target = np.frombuffer(self.target_lengths, np.uint16)
        hashes = np.frombuffer(self.hashes, np.int64)
        return Reading(
            lines=self.lines,
            pairs=len(hashes),
            blank=self.blank,
            over_long=self.over_long,
            byte_order_marks=self.byte_order_marks,
            windows_line_ends=self.windows_line_ends,
            control_characters=self.control_characters,
            extra_columns=self.extra_columns,
            duplicates=len(hashes) - len(np.unique(hashes)),
            same_on_both_sides=self.same_on_both_sides,
            length_outliers=int(length_outliers(source, target).sum()),
            source_characters=int(source.sum(dtype=np.int64)),
            target_characters=int(target.sum(dtype=np.int64)),
        )


def length_outliers(source_lengths: np.ndarray, target_lengths: np.ndarray) -> np.ndarray:
    """True where one side is three times as long as the median ratio lets the other expect.

    Lengths are in characters, one for each pair; a difference under 30 characters is no outlier.
    """
    if not len(source_lengths):
        return np.zeros(0, bool)
    source = source_lengths.astype(np.float32)
    expected = target_lengths / np.float32(np.median(target_lengths / source))
    far = np.abs(np.log(source / expected)) > np.log(OUTLIER_RATIO)
    return far & (np.abs(source - expected) >= OUTLIER_CHARACTERS)


def _texts(path: Path, counts: _Counts) -> Iterator[str | None]:
    """Every line of a file, cleaned; None for one that is far too long to hold."""
    for line in _counted_lines(path, counts):
        yield None if line is None else _clean(line, counts)


def _two_columns(path: Path, counts: _Counts) -> Iterator[tuple[str | None, str | None]]:
    for number, line in enumerate(_counted_lines(path, counts), start=1):
        if line is None:
            yield None, None
            continue
        if line.isspace():
            yield "", ""
            continue
        columns = line.split("\t", 2)
        if len(columns) < 2:
            raise CorpusError(
                f"{path}, line {number}: has one column; source and target should be parted by a "
                "tab (or name two files)"
            )
        counts.extra_columns += len(columns) > 2
        yield _clean(columns[0], counts), _clean(columns[1], counts)


def _counted_lines(path: Path, counts: _Counts) -> Iterator[str | None]:
    """Every line of a file, ending in a line feed alone; None for one far too long to hold."""
    for line in stream_lines(path, LONGEST_LINE_BYTES):
        if line is not None and line.endswith("\r\n"):
            counts.windows_line_ends += 1
            yield f"{line[:-2]}\n"
        else:
            yield line


def _clean(text: str, counts: _Counts) -> str:
    text = text.removesuffix("\n")
    if CONTROL.search(text):
        if text.startswith(BYTE_ORDER_MARK):
            counts.byte_order_marks += 1
            text = text.removeprefix(BYTE_ORDER_MARK)
        cleaned = clean(text)
        counts.control_characters += cleaned != text
        text = cleaned
    return text.strip()
