"""Word alignments: links, how two directions are combined, and how wrong they are.

A link (s, t) joins word s of the source to word t of the target, both counted from 0. Files hold
one sentence a line in Pharaoh's format: `0-0 1-2` are sure links, `1p3` is a possible one.
"""

# Shapes: H heads · Q steps · T = Q - 1 target tokens · K keys
#         R target words (rows) · C source words (columns)

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Shaped

from regard.record.attention import AttentionMap
from regard.record.words import Word, merge_weights

Links = frozenset[tuple[int, int]]

# --- Pharaoh's format -----------------------------------------------------------------------------


class LineOfLinks(NamedTuple):
    """The links of one sentence; `possible` includes the sure ones (Och and Ney 2003)."""

    sure: Links
    possible: Links


_LINK = re.compile(r"([0-9]{1,9})([-p])([0-9]{1,9})")


def parse_links(line: str, base: int = 0, *, swap: bool = False, where: str = "") -> LineOfLinks:
    """Read a line of links; `base` is the number of the first word, `swap` reads target-source.

    Raises ValueError that begins with `where` for anything that is not `3-4` or `3p4`.
    """
    prefix = f"{where}: " if where else ""
    sure, possible = set(), set()
    for item in line.split():
        match = _LINK.fullmatch(item)
        if match is None:
            raise ValueError(f"{prefix}{item[:40]!r} is not a link such as 3-4 (sure) or 3p4")
        first, second = int(match[1]) - base, int(match[3]) - base
        if first < 0 or second < 0:
            raise ValueError(f"{prefix}{item} has a word 0, but words are counted from {base}")
        link = (second, first) if swap else (first, second)
        possible.add(link)
        if match[2] == "-":
            sure.add(link)
    return LineOfLinks(frozenset(sure), frozenset(possible))


def parse_lines(
    lines: Iterable[str], base: int = 0, *, swap: bool = False, name: str = "links"
) -> list[LineOfLinks]:
    """Read a file's lines of links; ValueError names the file and the line of a malformed one."""
    return [
        parse_links(line, base, swap=swap, where=f"{name}, line {number}")
        for number, line in enumerate(lines, start=1)
    ]


def format_links(links: Links, base: int = 0) -> str:
    """Write links as a line, sorted, sure: `0-0 1-2`."""
    return " ".join(f"{source + base}-{target + base}" for source, target in sorted(links))


# --- two directions into one ----------------------------------------------------------------------

# The order in which Moses looks round a link, as steps of (target, source).
_NEIGHBOURS = ((-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1))


def intersection(forward: Links, backward: Links) -> Links:
    """The links that both directions have."""
    return forward & backward


def union(forward: Links, backward: Links) -> Links:
    """The links that either direction has."""
    return forward | backward


def grow_diag(forward: Links, backward: Links) -> Links:
    """Grow the intersection by neighbours in the union that give a free word a link.

    A link is visited in the order (target, source); each of its eight neighbours, the four
    straight ones first, is added when the union has it and its source word OR its target word has
    no link yet. Links added behind the place of the visit are visited in the next pass, until a
    pass adds none (Koehn, Och and Marcu 2003; Moses, symal).
    """
    links, _, _ = _grown(forward, backward)
    return frozenset(links)


def grow_diag_final(forward: Links, backward: Links) -> Links:
    """Then add links of the forward direction, then of the backward, with EITHER word still free.

    In the order (target, source). Forward is the direction in which each target word chose its
    source word: a translator from source to target.
    """
    links, sources, targets = _grown(forward, backward)
    for direction in (forward, backward):
        for source, target in sorted(direction, key=_by_target):
            if source not in sources or target not in targets:
                _add((source, target), links, sources, targets)
    return frozenset(links)


def grow_diag_final_and(forward: Links, backward: Links) -> Links:
    """As `grow_diag_final`, but only where BOTH words are still free."""
    links, sources, targets = _grown(forward, backward)
    for direction in (forward, backward):
        for source, target in sorted(direction, key=_by_target):
            if source not in sources and target not in targets:
                _add((source, target), links, sources, targets)
    return frozenset(links)


SYMMETRISERS: dict[str, Callable[[Links, Links], Links]] = {
    "intersection": intersection,
    "union": union,
    "grow-diag": grow_diag,
    "grow-diag-final": grow_diag_final,
    "grow-diag-final-and": grow_diag_final_and,
}


def _by_target(link: tuple[int, int]) -> tuple[int, int]:
    return link[1], link[0]


def _add(
    link: tuple[int, int], links: set[tuple[int, int]], sources: set[int], targets: set[int]
) -> None:
    links.add(link)
    sources.add(link[0])
    targets.add(link[1])


def _grown(forward: Links, backward: Links) -> tuple[set[tuple[int, int]], set[int], set[int]]:
    """The links of grow-diag, and the source and target words that have one."""
    both, either = forward & backward, forward | backward
    links = set(both)
    sources, targets = {source for source, _ in both}, {target for _, target in both}
    visits = sorted(either, key=_by_target)
    grew = True
    while grew:
        grew = False
        for source, target in visits:
            if (source, target) not in links:
                continue
            for target_step, source_step in _NEIGHBOURS:
                link = (source + source_step, target + target_step)
                if link in either and (link[0] not in sources or link[1] not in targets):
                    _add(link, links, sources, targets)
                    grew = True
    return links, sources, targets


# --- how wrong ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AlignmentScore:
    """Alignment error rate, precision and recall in percent, and how many links were judged."""

    aer: float
    precision: float
    recall: float
    links: int


def alignment_error_rate(
    outputs: Sequence[Links], sure: Sequence[Links], possible: Sequence[Links]
) -> AlignmentScore:
    """Judge links by gold: AER = 1 - (|A & S| + |A & P|) / (|A| + |S|), Och and Ney 2003.

    Counts are summed over the sentences before the one division; P includes S. An output without
    any link has precision 0. Raises ValueError when the numbers of lines differ, or the gold has
    no sure link.
    """
    if not len(outputs) == len(sure) == len(possible):
        raise ValueError(
            f"{len(outputs)} lines of links, but {len(sure)} lines of sure and "
            f"{len(possible)} of possible gold links; they must be as many"
        )
    hits = possible_hits = 0
    for links, sure_links, possible_links in zip(outputs, sure, possible, strict=True):
        hits += len(links & sure_links)
        possible_hits += len(links & (possible_links | sure_links))
    made, wanted = sum(map(len, outputs)), sum(map(len, sure))
    if not wanted:
        raise ValueError("the gold has no sure link, so recall and AER are not defined")
    return AlignmentScore(
        aer=100 * (1 - (hits + possible_hits) / (made + wanted)),
        precision=100 * possible_hits / made if made else 0.0,
        recall=100 * hits / wanted,
        links=made,
    )


# --- from attention to links ----------------------------------------------------------------------

ROW_CONVENTIONS: dict[str, slice] = {"predicted": slice(None, -1), "input": slice(1, None)}
"""Which row belongs to a target token: that of the step that predicts it, or that reads it."""


def check_convention(name: str) -> None:
    """Raise ValueError, naming those there are, for an unknown choice of a word's row."""
    if name not in ROW_CONVENTIONS:
        known = ", ".join(ROW_CONVENTIONS)
        raise ValueError(f"unknown row convention {name!r} (known: {known})")


def rows_of_words(
    weights: Shaped[np.ndarray, "H Q K"], convention: str = "predicted"
) -> Shaped[np.ndarray, "H T K"]:
    """Pick the row of each target token, [heads, T, keys], from those of all T + 1 steps.

    Step t reads token t - 1 and predicts token t, the last step predicts `</s>`. "predicted" gives
    token t row t; "input" gives it row t + 1, of the step that reads it, as Luong 2015 did for
    scores by content (dot, general, concat). Raises ValueError for another name.
    """
    check_convention(convention)
    return weights[:, ROW_CONVENTIONS[convention]]


def hard_links(weights: Float[np.ndarray, "R C"], null_keys: Collection[int] = ()) -> Links:
    """Link each target word (row) to the source word (column) that it looks at most.

    Of equal weights the first source word wins. A row of zeros has no link, nor has one whose
    largest weight is that of a null key, such as the column of `</s>`.
    """
    best = weights.argmax(axis=1) if weights.shape[1] else np.zeros(len(weights), dtype=int)
    return frozenset(
        (int(key), row)
        for row, key in enumerate(best)
        if int(key) not in null_keys and weights[row, key : key + 1].any()
    )


def turned(links: Links) -> Links:
    """Links of a pair as those of the same pair the other way round."""
    return frozenset((second, first) for first, second in links)


ENOUGH_LOOKS = 0.2  # both directions look this much, or one 0.8 (docs/why.md)


def agreeing_links(
    forward: Float[np.ndarray, "R C"], backward: Float[np.ndarray, "C R"]
) -> tuple[Links, Links]:
    """The hard links of both directions, each of which knows where the other looks.

    The two weights of a pair of words are joined by the mean of their square roots, squared: half
    their arithmetic and half their geometric mean, so that what both look at counts most, as in
    Liang, Taskar and Klein 2006, "Alignment by agreement", and what one is sure of counts, too.
    Then each target word is linked to its best source word, and each source word to its best target
    word; below `ENOUGH_LOOKS` there is no link. Rows of `forward` are target words, rows of
    `backward` source words; all links are (source, target).
    """
    both = ((np.sqrt(forward) + np.sqrt(backward.T)) / 2) ** 2
    both = np.where(both >= ENOUGH_LOOKS, both, 0)
    back = hard_links(both.T)
    return hard_links(both), turned(back)


def word_weights(
    map: AttentionMap,  # noqa: A002 -- the noun of this package
    source_words: Sequence[Word],
    target_words: Sequence[Word],
    convention: str = "predicted",
) -> Float32[np.ndarray, "R C"]:
    """How much each target word looks at each source word, in a map whose last row predicts `</s>`.

    Heads are averaged. A source word gets the sum of its tokens, a target word the mean of its own.
    """
    rows = rows_of_words(map.dense(), convention)
    merged = merge_weights(rows, map.query_tokens[:-1], map.key_tokens, target_words, source_words)
    return merged.mean(axis=0)


def word_links(
    map: AttentionMap,  # noqa: A002 -- the noun of this package
    source_words: Sequence[Word],
    target_words: Sequence[Word],
    convention: str = "predicted",
) -> Links:
    """The hard links between words of a cross-attention map whose last row predicts `</s>`.

    The weights are those of `word_weights`. Source words without text (markers, such as `</s>`)
    take part, but to look at one most is to have no link; leave them out of `source_words` to have
    every word linked.
    """
    weights = word_weights(map, source_words, target_words, convention)
    markers = [place for place, word in enumerate(source_words) if word.start == word.end]
    return hard_links(weights, markers)
