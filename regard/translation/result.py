"""A translation as people get it: the text, what the model thinks of it, and where it looked.

It knows where every piece stood in the text as given, so that words, links and records are worked
out when somebody asks for them, and never before.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float32

from regard.record.alignment import Links, check_convention, word_links, word_weights
from regard.record.attention import AttentionMap, AttentionRecord, Token
from regard.record.words import Word, split_words, with_markers
from regard.translation.hypothesis import Hypothesis
from regard.translation.model import EOS, SPECIAL_PIECES
from regard.translation.sentences import Span
from regard.translation.tokens import Tokens

# Shapes: R target words (rows) · C source words (columns)

END = SPECIAL_PIECES[EOS]


@dataclass(frozen=True, eq=False)
class Reader:
    """How the attention of a translator is to be read.

    `rows` says which row belongs to a target word ("predicted" or "input": see
    `regard.record.alignment.rows_of_words`; ValueError for another name). A word that looks at
    `</s>` most has no link. `settings` say how the translation was found.
    """

    source_tokens: Tokens
    target_tokens: Tokens
    model: str = ""
    normaliser: str = "softmax"
    radius: int | None = None
    rows: str = "predicted"
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_convention(self.rows)


@dataclass(frozen=True, eq=False)
class Segment:
    """One piece of text that was translated by itself: where it stands on both sides.

    `written` has a span for each piece of the hypothesis, in the whole target.
    """

    source: Span
    target: Span
    hypothesis: Hypothesis
    written: tuple[Span, ...]


@dataclass(frozen=True, eq=False)
class Translation:
    """A text and its translation, which the model found or was given.

    `alternatives` are the next best ones, or the further draws. `given_source_words` and
    `given_target_words` are the words of text that came tokenised. `too_long` says that a side of a
    given pair has more than `search.LONGEST_GIVEN` pieces: the model was not asked about it.
    """

    source: str
    text: str
    segments: tuple[Segment, ...]
    reader: Reader
    alternatives: tuple[Translation, ...] = ()
    given_source_words: tuple[Word, ...] | None = None
    given_target_words: tuple[Word, ...] | None = None
    too_long: bool = False

    @property
    def score(self) -> float:
        """The length-normalised log-probability, summed over the segments of a long text."""
        return sum((segment.hypothesis.score for segment in self.segments), 0.0)

    @property
    def log_probability_nats(self) -> float:
        """The log-probability of the target, all its segments and their `</s>` together."""
        return sum((segment.hypothesis.log_probability_nats for segment in self.segments), 0.0)

    @property
    def cut(self) -> bool:
        """Whether the longest length allowed ended a segment: such a translation is rarely good."""
        return any(segment.hypothesis.cut for segment in self.segments)

    @cached_property
    def source_words(self) -> tuple[Word, ...]:
        """The words of the source, as given or by `split_words`."""
        given = self.given_source_words
        return split_words(self.source) if given is None else given

    @cached_property
    def target_words(self) -> tuple[Word, ...]:
        """The words of the target, as given or by `split_words`."""
        given = self.given_target_words
        return split_words(self.text) if given is None else given

    @cached_property
    def alignment(self) -> Links:
        """Links (source word, target word); none where the model has no attention."""
        links: set[tuple[int, int]] = set()
        for segment, maps in zip(self.segments, self._maps, strict=True):
            if not maps:
                continue
            first_source, sources = _within(self.source_words, segment.source)
            first_target, targets = _within(self.target_words, segment.target)
            marked = with_markers(sources, maps[-1].key_tokens)
            # Not only </s> is a marker: a text may begin with a piece that is a space alone.
            words = [place for place, word in enumerate(marked) if word.start < word.end]
            number = {place: first_source + count for count, place in enumerate(words)}
            found = word_links(maps[-1], marked, targets, self.reader.rows)
            links |= {(number[source], target + first_target) for source, target in found}
        return frozenset(links)

    @cached_property
    def word_weights(self) -> Float32[np.ndarray, "R C"]:
        """How much each target word looks at each source word; all 0 without attention.

        What it looks at beside them, such as `</s>`, is left out.
        """
        weights = np.zeros((len(self.target_words), len(self.source_words)), np.float32)
        for segment, maps in zip(self.segments, self._maps, strict=True):
            if not maps:
                continue
            first_source, sources = _within(self.source_words, segment.source)
            first_target, targets = _within(self.target_words, segment.target)
            rows = slice(first_target, first_target + len(targets))
            columns = slice(first_source, first_source + len(sources))
            weights[rows, columns] = word_weights(maps[-1], sources, targets, self.reader.rows)
        return weights

    @cached_property
    def record(self) -> AttentionRecord:
        """Where every piece looked. Each segment reads itself alone, so its rows see its keys."""
        joined = [_joined(list(maps)) for maps in zip(*self._maps, strict=True)]
        return AttentionRecord(
            tuple(joined), self.source, self.text, self.reader.model, self.reader.settings
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON values: texts, words, links as pairs of word numbers from 0."""
        return {
            "source": self.source,
            "text": self.text,
            "score": self.score,
            "log_probability_nats": self.log_probability_nats,
            "cut": self.cut,
            "source_words": [word.text for word in self.source_words],
            "words": [word.text for word in self.target_words],
            "alignment": [list(link) for link in sorted(self.alignment)],
            "alternatives": [
                {
                    "text": other.text,
                    "score": other.score,
                    "log_probability_nats": other.log_probability_nats,
                }
                for other in self.alternatives
            ],
        }

    @cached_property
    def _maps(self) -> tuple[tuple[AttentionMap, ...], ...]:
        return tuple(self._maps_of(segment) for segment in self.segments)

    def _maps_of(self, segment: Segment) -> tuple[AttentionMap, ...]:
        hypothesis, reader = segment.hypothesis, self.reader
        if not hypothesis.attention:
            return ()
        pieces = reader.source_tokens.encode(self.source[segment.source.start : segment.source.end])
        offset = segment.source.start
        keys = [Token(one.text, one.start + offset, one.end + offset) for one in pieces]
        queries = [
            Token(reader.target_tokens.piece(id_), span.start, span.end)
            for id_, span in zip(hypothesis.ids, segment.written, strict=True)
        ]
        return tuple(
            AttentionMap(
                site,
                weights,
                (*queries, Token(END, segment.target.end, segment.target.end)),
                (*keys, Token(END, segment.source.end, segment.source.end)),
                centre=hypothesis.centre.get(site),
                radius=reader.radius if site in hypothesis.centre else None,
                normaliser=reader.normaliser,
            )
            for site, weights in hypothesis.attention.items()
        )


def _within(words: Sequence[Word], span: Span) -> tuple[int, tuple[Word, ...]]:
    """The words that lie in a span or reach into it, and the number of the first."""
    first = bisect_right(words, span.start, key=lambda word: word.end)
    last = bisect_left(words, span.end, key=lambda word: word.start)
    return first, tuple(words[first:last])


def _joined(maps: list[AttentionMap]) -> AttentionMap:
    """The maps of one site in all segments as one: each row keeps the keys of its own segment."""
    if len(maps) == 1:
        return maps[0]
    slots = max(one.weights.shape[2] for one in maps)
    offsets = np.cumsum([0, *(len(one.key_tokens) for one in maps)])[:-1]
    counts = [len(one.query_tokens) for one in maps]
    centres = [
        one.centre + offset
        for one, offset in zip(maps, offsets, strict=True)
        if one.centre is not None
    ]
    return AttentionMap(
        maps[0].site,
        np.concatenate(
            [
                np.pad(one.weights, ((0, 0), (0, 0), (0, slots - one.weights.shape[2])))
                for one in maps
            ],
            axis=1,
        ),
        tuple(token for one in maps for token in one.query_tokens),
        tuple(token for one in maps for token in one.key_tokens),
        first=np.repeat(offsets, counts),
        centre=np.concatenate(centres) if centres else None,
        radius=maps[0].radius,
        normaliser=maps[0].normaliser,
    )
