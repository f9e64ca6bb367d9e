"""Word links that come with a training text: a line of them for each pair, spread to its pieces.

The file is in Pharaoh's format, source-target, words counted from 0: `0-0 1-2`. Possible links
(`1p3`) teach nothing. A piece belongs to the words that its characters touch, as where attention is
read back from pieces to words.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from regard.record.alignment import parse_links
from regard.record.words import Word, split_words, words_of_tokenised
from regard.translation.lines import CorpusError, examine, stream_lines, unequal_counts
from regard.translation.normal_form import BYTE_ORDER_MARK
from regard.translation.pairs import LinkLine, Pair
from regard.translation.tokens import Piece

LONGEST_LINE_BYTES = 1 << 20


@dataclass(frozen=True)
class LinkedPairs:
    """Pairs of a text, each with its line of the file of links; read anew by every iteration.

    `tokenised` says that links count what stands between spaces, not the words of `split_words`. A
    pair from which control characters were removed gets no links: they may have been counted.
    """

    pairs: Iterable[Pair]
    path: Path
    tokenised: bool

    def __iter__(self) -> Iterator[Pair]:
        lines = enumerate(stream_lines(self.path, LONGEST_LINE_BYTES), start=1)
        for pair in self.pairs:
            line = next((line for number, line in lines if number == pair.line), None)
            where = f"{self.path}, line {pair.line}"
            if line is None:
                raise CorpusError(f"{where}: is missing or longer than any line of links")
            text = "" if pair.mended else line.removeprefix(BYTE_ORDER_MARK).strip()
            yield replace(pair, links=LinkLine(text, self.tokenised, where))


def check_lines(path: Path, text: str, lines: int) -> None:
    """Raise `CorpusError` for a file that cannot be read, has no link, or not a line for each."""
    no_link = "no line has a link; it should have a line for each pair, such as 0-0 1-2"
    found = examine(path, if_empty=no_link)
    if found.all != lines:
        raise unequal_counts(path, found.all, text, lines)


def piece_links(
    pair: Pair, source: Sequence[Piece], target: Sequence[Piece]
) -> list[tuple[int, int]]:
    """The links of a pair as (target piece, source piece), sorted.

    Every piece of a target word is linked to every piece of each word that the word is linked to.
    Raises `CorpusError` naming the line for what is no link, or is outside the pair.
    """
    line = pair.links
    if line is None:
        return []
    words_of = words_of_tokenised if line.tokenised else split_words
    try:
        links = parse_links(line.text, where=line.where).sure
    except ValueError as error:
        raise CorpusError(str(error)) from error
    sources = _pieces_of_words(words_of(pair.source), source)
    targets = _pieces_of_words(words_of(pair.target), target)
    for first, second in sorted(links):
        if first >= len(sources) or second >= len(targets):
            counted = "what stands between spaces" if line.tokenised else "words and punctuation"
            raise CorpusError(
                f"{line.where}: {first}-{second} is outside its pair of {len(sources)} source and "
                f"{len(targets)} target words. Links are source-target, from 0, and count "
                f"{counted} (data.links_tokenised)"
            )
    return sorted(
        {(t, s) for first, second in links for t in targets[second] for s in sources[first]}
    )


def _pieces_of_words(words: Sequence[Word], pieces: Sequence[Piece]) -> list[range]:
    """The places of the pieces whose characters each word touches."""
    starts, ends = [piece.start for piece in pieces], [piece.end for piece in pieces]
    return [range(bisect_right(ends, word.start), bisect_left(starts, word.end)) for word in words]
