"""What ids say: the text, and which of its characters each piece wrote."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regard.translation.byte_pairs import BytePairs
from regard.translation.model import SPECIAL_PIECES, UNK
from regard.translation.normal_form import CONTROL, clean, places_in_clean
from regard.translation.sentences import Span
from regard.translation.spacing import join_words
from regard.translation.tokens import Tokens
from regard.translation.whole_words import Words

CLITIC = re.compile(r"['’](?:s|re|ve|ll|d|m)|n['’]t", re.IGNORECASE)
ELISION = re.compile(r"(?:[cdjlmnst]|qu)['’]", re.IGNORECASE)
CONTROL_BYTE = re.compile(rb"[\x00-\x1f\x7f]")
LINE_BREAKS = str.maketrans(dict.fromkeys("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))


@dataclass(frozen=True)
class Detokenised:
    """A text, and the span of each piece that wrote it, the space before its word left out.

    A piece that wrote part of a character has that character's span; one that wrote none, no width.
    """

    text: str
    spans: tuple[Span, ...]


def detokenise(
    tokens: Tokens, ids: Sequence[int], replacements: Mapping[int, str] | None = None
) -> Detokenised:
    """The text of ids: what `tokens.decode` gives, clean of control characters and on one line.

    `replacements` says, for the place of an `<unk>` among the ids, what to write instead of it.
    """
    if isinstance(tokens, Words):
        replaced = replacements or {}
        words = [
            clean(replaced.get(place) or tokens.piece(id_))
            if id_ == UNK or id_ >= len(SPECIAL_PIECES)
            else ""
            for place, id_ in enumerate(ids)
        ]
        text = join_words(filter(None, words))
        return Detokenised(text, _found(words, text))
    assert isinstance(tokens, BytePairs)
    return _of_bytes([tokens.bytes_of(id_) for id_ in ids])


def unwritable(tokens: Tokens) -> tuple[int, ...]:
    """The pieces that no translation may hold: those that write an ASCII control character.

    Byte pairs have a piece for every byte, and a model may choose any.
    """
    if not isinstance(tokens, BytePairs):
        return ()
    return tuple(id_ for id_ in range(tokens.size) if CONTROL_BYTE.search(tokens.bytes_of(id_)))


def join_tokenised(words: Sequence[str]) -> Detokenised:
    """Words of tokenised text as a line, spaced as usual, and where each of them is.

    What a tokeniser parts at an apostrophe (`do n't`, `l' eau`) is put together.
    """
    joined: list[str] = []
    for place, word in enumerate(words):
        follows = CLITIC.fullmatch(word) or (place and ELISION.fullmatch(words[place - 1]))
        if joined and follows:
            joined[-1] += word
        else:
            joined.append(word)
    text = join_words(joined)
    return Detokenised(text.translate(LINE_BREAKS), _found(words, text))


def _found(words: Sequence[str], text: str) -> tuple[Span, ...]:
    """Where words stand that were written into a text in this order."""
    spans, reached = [], 0
    for word in words:
        start = text.index(word, reached)
        reached = start + len(word)
        spans.append(Span(start, reached))
    return tuple(spans)


def _of_bytes(pieces: Sequence[bytes]) -> Detokenised:
    """A character belongs to every piece that wrote one of its bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = ""
    edges = []  # of each piece: the characters complete before it, and those begun after it
    for piece in pieces:
        before = len(text)
        text += decoder.decode(piece)
        unfinished = bool(decoder.getstate()[0])
        edges.append((before, len(text) + unfinished))
    text += decoder.decode(b"", final=True)
    if CONTROL.search(text):
        at = places_in_clean(text)
        edges = [(at[start], at[min(end, len(text))]) for start, end in edges]
        text = clean(text)
    shift = text.startswith(" ")
    spans = []
    for start, end in edges:
        end = min(end, len(text))  # bytes of a character that was never finished may write nothing
        if end - start > 1 and text[start] == " ":
            start += 1
        spans.append(Span(max(0, start - shift), max(0, end - shift, start - shift)))
    return Detokenised(text[shift:], tuple(spans))
