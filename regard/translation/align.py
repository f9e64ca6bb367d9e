"""Translations that are given: the model is made to write them, and its attention links the words.

pairs = translator.align(sources, targets)
links = [pair.alignment for pair in pairs]
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace

from regard.record.alignment import SYMMETRISERS, Links, agreeing_links, turned
from regard.record.words import Word, words_of_tokenised
from regard.translation.batches import to_batch
from regard.translation.detokenise import join_tokenised
from regard.translation.model import TranslationModel
from regard.translation.result import Reader, Segment, Translation
from regard.translation.search import FORCED_PIECES, LONGEST_GIVEN, device_of, force, in_batches
from regard.translation.sentences import Span


def given_translation(source: str, target: str, reader: Reader, *, tokenised: bool) -> Translation:
    """A pair before the model has seen it; tokenised text is spaced as usual."""
    if not tokenised:
        return Translation(source, target, (), reader)
    (source, source_words), (target, target_words) = map(_spaced, (source, target))
    return Translation(
        source,
        target,
        (),
        reader,
        given_source_words=source_words,
        given_target_words=target_words,
    )


def aligned(
    model: TranslationModel, pairs: Sequence[Translation], *, sentences: int, length_alpha: float
) -> list[Translation]:
    """The pairs with what the model thinks of them and where it looked, in batches.

    A pair of which one side is blank stays as it is, and so, but for `too_long`, does one of which
    a side has more than `LONGEST_GIVEN` pieces. The pairs share one reader.
    """
    found = list(pairs)
    if not found:
        return found
    reader = found[0].reader
    source_ids = reader.source_tokens.encode_ids([pair.source for pair in found])
    pieces = [reader.target_tokens.encode(pair.text) for pair in found]
    sides = zip(source_ids, pieces, strict=True)
    lengths = [max(len(source), len(target)) + 1 for source, target in sides]
    for i, length in enumerate(lengths):
        if length > LONGEST_GIVEN + 1:
            found[i] = replace(found[i], too_long=True)
    for batch in in_batches(lengths, sentences=sentences, pieces=FORCED_PIECES):
        chosen = [i for i in batch if source_ids[i] and pieces[i] and not found[i].too_long]
        if not chosen:
            continue
        target_ids = [[piece.id for piece in pieces[i]] for i in chosen]
        rows = to_batch([source_ids[i] for i in chosen], target_ids).to(device_of(model))
        forced = force(model, rows, length_alpha=length_alpha)
        for i, hypothesis in zip(chosen, forced, strict=True):
            segment = Segment(
                source=Span(0, len(found[i].source)),
                target=Span(0, len(found[i].text)),
                hypothesis=hypothesis,
                written=tuple(Span(piece.start, piece.end) for piece in pieces[i]),
            )
            found[i] = replace(found[i], segments=(segment,))
    return found


def combined(there: Translation, back: Translation, how: str) -> Links:
    """The links of a pair, from it and from the same pair the other way round.

    `how` is one of `regard.record.alignment.SYMMETRISERS`, for the links that either direction
    makes by itself. No links where it was too long for either. Raises ValueError for another name.
    """
    check_combine(how)
    if there.too_long or back.too_long:
        return frozenset()
    return SYMMETRISERS[how](there.alignment, turned(back.alignment))


def agreed(there: Translation, back: Translation, how: str) -> Links:
    """The links of a pair as `combined` makes them, but of directions that agree first.

    A word is linked to the word that both directions together look at most
    (`regard.record.alignment.agreeing_links`).
    """
    check_combine(how)
    if there.too_long or back.too_long:
        return frozenset()
    return SYMMETRISERS[how](*agreeing_links(there.word_weights, back.word_weights))


def check_combine(how: str) -> None:
    """Raise ValueError, naming those there are, for an unknown way to combine."""
    if how not in SYMMETRISERS:
        raise ValueError(f"no way {how!r} to combine (there are: {', '.join(SYMMETRISERS)})")


def _spaced(tokenised: str) -> tuple[str, tuple[Word, ...]]:
    """Tokenised text spaced as usual, and its given words in there.

    Tokenisers that write `&apos;` for an apostrophe are undone, too.
    """
    given = [word.text for word in words_of_tokenised(tokenised)]
    written = join_tokenised([html.unescape(word).strip() or word for word in given])
    spans = zip(given, written.spans, strict=True)
    return written.text, tuple(Word(word, span.start, span.end) for word, span in spans)
