"""A trained model that people can use: text in, `Translation` out.

    translator = regard.load("RUN")
    print(translator.translate("¿Dónde está la biblioteca?").text)

Text of any length is translated: what is longer than the model is at ease with is cut at sentence
ends, and the segments' translations are put together again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from itertools import chain, islice
from typing import Any, overload

import torch
from torch import Tensor

from regard.record.alignment import hard_links, rows_of_words
from regard.translation.align import aligned, given_translation
from regard.translation.detokenise import Detokenised, detokenise, unwritable
from regard.translation.device import autocast, precision_name
from regard.translation.hypothesis import Hypothesis
from regard.translation.lines import check_same_count
from regard.translation.model import UNK, TranslationModel
from regard.translation.result import Reader, Segment, Translation
from regard.translation.sampling import SampleSettings, sample
from regard.translation.search import SearchSettings, device_of, find_all, search_all
from regard.translation.sentences import Span, rejoin, segments
from regard.translation.tokens import Tokens
from regard.translation.whole_words import Words

READ_AHEAD = 1024  # texts or pairs; sorted by length they make full batches with little padding
READ_AHEAD_LOOKS = 1 << 26  # source characters times target characters of the pairs of a window


@dataclass(frozen=True, eq=False)
class Translator:
    """A model, its vocabularies, and how to search and to read its attention.

    Make another with `dataclasses.replace(translator, settings=...)`. Text of more than `at_ease`
    source pieces is cut into sentences, and a sentence of more than `longest` is cut further. An
    `<unk>` of a vocabulary of words becomes the aligned source word, or what `dictionary` has for
    it (as it is or in small letters), unless `replace_unknown` is False.

    Translations are searched for in `precision`, faster in bfloat16 where the hardware has it;
    draws and links are always worked out in float32.
    """

    model: TranslationModel
    reader: Reader
    settings: SearchSettings = field(default_factory=SearchSettings)
    at_ease: int = 50
    longest: int = 100
    sentences: int = 64
    replace_unknown: bool = True
    dictionary: Mapping[str, str] = field(default_factory=dict)
    precision: torch.dtype = torch.float32

    @property
    def source_tokens(self) -> Tokens:
        """The vocabulary of what is read."""
        return self.reader.source_tokens

    @property
    def target_tokens(self) -> Tokens:
        """The vocabulary of what is written."""
        return self.reader.target_tokens

    @overload
    def translate(self, text: str) -> Translation: ...
    @overload
    def translate(self, text: list[str] | tuple[str, ...]) -> list[Translation]: ...
    def translate(self, text: str | list[str] | tuple[str, ...]) -> Translation | list[Translation]:
        """Translate a text, or each of several.

        A blank text stays as it is. Alternatives are kept where `settings.best` asks for them.
        """
        if isinstance(text, str):
            return self.translate([text])[0]

        def search(sources: list[list[int]]) -> list[list[Hypothesis]]:
            with autocast(device_of(self.model), self.precision):
                return search_all(self.model, sources, self._settings(), sentences=self.sentences)

        how = {
            "beam": self.settings.beam,
            "length_alpha": self.settings.length_alpha,
            "search_precision": precision_name(self.precision),
        }
        return [
            replace(best, alternatives=_different(best, others))
            for best, *others in self._translated(list(text), search, _choices, how)
        ]

    def sample(
        self, texts: Sequence[str], seed: int, drawing: SampleSettings | None = None
    ) -> list[Translation]:
        """Draw a translation of each text; further draws are its alternatives, equal ones too.

        The same text and seed give the same, whatever is translated beside it.
        """
        drawing = drawing or SampleSettings()
        settings, device = self._settings(), device_of(self.model)

        def draw(source: Tensor, source_mask: Tensor) -> list[list[Hypothesis]]:
            return sample(self.model, source, source_mask, seed, drawing, settings)

        def draw_all(sources: list[list[int]]) -> list[list[Hypothesis]]:
            return find_all(draw, sources, device, sentences=self.sentences)

        def as_drawn(found: list[list[Hypothesis]]) -> list[list[Hypothesis]]:
            return [[draws[number] for draws in found] for number in range(drawing.draws)]

        how = {"seed": seed, **asdict(drawing)}
        return [
            replace(first, alternatives=tuple(others))
            for first, *others in self._translated(list(texts), draw_all, as_drawn, how)
        ]

    def stream(self, lines: Iterable[str], *, ahead: int = READ_AHEAD) -> Iterator[Translation]:
        """Translate lines as they come, in their order, one translation a line.

        Reads at most `ahead` lines before the first of them is answered; 1 answers each at once.
        """
        waiting = iter(lines)
        while window := list(islice(waiting, max(1, ahead))):
            yield from self.translate(
                [line.removesuffix("\n").removesuffix("\r") for line in window]
            )

    def align(
        self, sources: Sequence[str], targets: Sequence[str], *, tokenised: bool = False
    ) -> list[Translation]:
        """Make the model write each target, and see where it looked.

        Words are those of `split_words`; of text that is `tokenised`, whatever stands between
        spaces: the model reads and writes it spaced as usual, links count the words as given. A
        blank text has no links, nor has a pair of more than `LONGEST_GIVEN` pieces on a side, which
        says that it is `too_long`.

        Raises ValueError for different numbers of texts.
        """
        return list(self.align_stream(sources, targets, tokenised=tokenised))

    def align_stream(
        self, sources: Sequence[str], targets: Sequence[str], *, tokenised: bool = False
    ) -> Iterator[Translation]:
        """What `align` gives, one by one: the attention of at most 1024 pairs is in memory."""
        check_same_count(sources, targets, "the source", "the target")
        pairs = (
            given_translation(source, target, self.reader, tokenised=tokenised)
            for source, target in zip(sources, targets, strict=True)
        )
        return chain.from_iterable(map(self._aligned, _windows(pairs)))

    def _aligned(self, pairs: list[Translation]) -> list[Translation]:
        alpha = self.settings.length_alpha
        return aligned(self.model, pairs, sentences=self.sentences, length_alpha=alpha)

    def unknown_words(self, text: str) -> list[str]:
        """What of a text the source vocabulary does not have, each once; of byte pairs nothing."""
        if not isinstance(self.source_tokens, Words):
            return []
        pieces = self.source_tokens.encode(text)
        return list(dict.fromkeys(text[one.start : one.end] for one in pieces if one.id == UNK))

    @cached_property
    def _unwritable(self) -> tuple[int, ...]:
        return unwritable(self.target_tokens)

    def _settings(self) -> SearchSettings:
        """No empty translations, no control characters, and no `<unk>` of byte pairs."""
        settings = self.settings
        words = isinstance(self.target_tokens, Words)
        shortest = max(1, settings.min_length)
        if settings.max_length is not None:
            shortest = min(shortest, settings.max_length)
        return replace(
            settings,
            min_length=shortest,
            forbid_unknown=settings.forbid_unknown or not words,  # byte pairs never learn it
            forbidden=settings.forbidden + self._unwritable,
            record=settings.record or (words and self.replace_unknown),
        )

    def _translated(
        self,
        texts: Sequence[str],
        search: Callable[[list[list[int]]], list[list[Hypothesis]]],
        choose: Callable[[list[list[Hypothesis]]], list[list[Hypothesis]]],
        how: Mapping[str, Any],
    ) -> list[list[Translation]]:
        """Cut texts into segments, find hypotheses for all together, put them in place.

        `choose` makes, of the hypotheses found for each segment of a text, those of each of its
        translations; `how` they were found is what their records say.
        """
        reader = replace(self.reader, settings=dict(how))
        lines = list({line.strip(): None for text in texts for line in text.split("\n")})
        known = dict(zip(lines, self.source_tokens.encode_ids(lines), strict=True))

        def length(text: str) -> int:
            if text not in known:
                [known[text]] = self.source_tokens.encode_ids([text])
            return len(known[text])

        spans = [segments(text, self.at_ease, self.longest, length) for text in texts]
        # Every segment was measured while the text was cut.
        ids = [
            known[text[span.start : span.end]]
            for text, of_text in zip(texts, spans, strict=True)
            for span in of_text
        ]
        found = iter(search(ids))
        return [
            [
                self._translation(text, of_text, chosen, reader)
                for chosen in choose([_possible(next(found), text) for _ in of_text])
            ]
            for text, of_text in zip(texts, spans, strict=True)
        ]

    def _translation(
        self, text: str, spans: list[Span], chosen: list[Hypothesis], reader: Reader
    ) -> Translation:
        written = [
            self._detokenised(text[span.start : span.end], hypothesis)
            for span, hypothesis in zip(spans, chosen, strict=True)
        ]
        target, starts = rejoin(text, spans, [one.text for one in written])
        placed = [
            Segment(span, Span(start, start + len(one.text)), hypothesis, _shifted(one, start))
            for span, start, one, hypothesis in zip(spans, starts, written, chosen, strict=True)
        ]
        return Translation(text, target, tuple(placed), reader)

    def _detokenised(self, source: str, hypothesis: Hypothesis) -> Detokenised:
        unknown = [place for place, id_ in enumerate(hypothesis.ids) if id_ == UNK]
        if not unknown or not self.replace_unknown or not hypothesis.attention:
            return detokenise(self.target_tokens, hypothesis.ids)
        *_, weights = hypothesis.attention.values()
        pieces = self.source_tokens.encode(source)
        rows = rows_of_words(weights, self.reader.rows).mean(axis=0)[:, : len(pieces)]
        aligned = {target: place for place, target in hard_links(rows)}
        replacements = {
            place: self._word_for(source, pieces[aligned[place]].start, pieces[aligned[place]].end)
            for place in unknown
            if place in aligned
        }
        return detokenise(self.target_tokens, hypothesis.ids, replacements)

    def _word_for(self, source: str, start: int, end: int) -> str:
        """What to write for an unknown word that looked at these characters."""
        word = source[start:end]
        found = self.dictionary.get(word) or self.dictionary.get(word.lower())
        return found or word


def _windows(pairs: Iterable[Translation]) -> Iterator[list[Translation]]:
    """Pairs in windows whose attention fits in memory, long ones too."""
    window: list[Translation] = []
    looks = 0
    for pair in pairs:
        window.append(pair)
        looks += len(pair.source) * len(pair.text)
        if len(window) == READ_AHEAD or looks >= READ_AHEAD_LOOKS:
            yield window
            window, looks = [], 0
    if window:
        yield window


def _shifted(written: Detokenised, offset: int) -> tuple[Span, ...]:
    return tuple(Span(span.start + offset, span.end + offset) for span in written.spans)


def _possible(hypotheses: list[Hypothesis], text: str) -> list[Hypothesis]:
    """The hypotheses of a segment; ValueError if there are none."""
    if not hypotheses:
        raise ValueError(f"no translation has a probability above 0: {text[:60]!r}")
    return hypotheses


def _different(best: Translation, others: Iterable[Translation]) -> tuple[Translation, ...]:
    """Of those that read the same the first, none that reads as the best does."""
    different: dict[str, Translation] = {}
    for other in others:
        if other.text != best.text:
            different.setdefault(other.text, other)
    return tuple(different.values())


def _choices(found: list[list[Hypothesis]]) -> list[list[Hypothesis]]:
    """The best hypothesis of each segment, then the best ways to change one."""
    best = [hypotheses[0] for hypotheses in found]
    changes = [
        (hypothesis.score - best[segment].score, segment, hypothesis)
        for segment, hypotheses in enumerate(found)
        for hypothesis in hypotheses[1:]
    ]
    changes.sort(key=lambda change: -change[0])
    wanted = max((len(hypotheses) for hypotheses in found), default=1) - 1
    return [best] + [
        [*best[:segment], hypothesis, *best[segment + 1 :]]
        for _, segment, hypothesis in changes[:wanted]
    ]
