"""What ids say: the text, and which of its characters each piece wrote."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regard.translation.model import SPECIAL_PIECES, UNK
from regard.translation.rejoin import join_words
from regard.translation.sentences import Span
from regard.translation.tokens import FIRST_BYTE, FIRST_CHARACTER, BytePairs, Tokens, Words

LINE_BREAKS = str.maketrans(dict.fromkeys("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))


@dataclass(frozen=True)
class Written:
    """A text, and the span of each piece that wrote it, the space before its word left out.

    A piece that wrote part of a character has that character's span; one that wrote none, no width.
    """

    text: str
    spans: tuple[Span, ...]


def write(
    tokens: Tokens, ids: Sequence[int], replacements: Mapping[int, str] | None = None
) -> Written:
    """The text of ids, the same that `tokens.decode` gives, but that a line stays one line.

    `replacements` says, for the place of an `<unk>` among the ids, what to write instead of it.
    """
    if isinstance(tokens, Words):
        replaced = replacements or {}
        words = [replaced.get(place) or tokens.piece(id_) for place, id_ in enumerate(ids)]
        shown = [id_ == UNK or id_ >= len(SPECIAL_PIECES) for id_ in ids]
        return _of_words(words, shown)
    assert isinstance(tokens, BytePairs)
    return _of_bytes([_bytes(tokens, id_) for id_ in ids])


def find_words(words: Sequence[str]) -> Written:
    """Words as a line of text, spaced as usual, and where each of them is."""
    return _of_words(words, [True] * len(words))


def _of_words(words: Sequence[str], shown: Sequence[bool]) -> Written:
    text = join_words(word for word, wanted in zip(words, shown, strict=True) if wanted)
    spans, reached = [], 0
    for word, wanted in zip(words, shown, strict=True):
        start = text.index(word, reached) if wanted else reached
        reached = start + len(word) if wanted else reached
        spans.append(Span(start, reached))
    return Written(text.translate(LINE_BREAKS), tuple(spans))


def _bytes(tokens: BytePairs, id_: int) -> bytes:
    if id_ < FIRST_BYTE:
        return b""
    if id_ < FIRST_CHARACTER:
        return bytes([id_ - FIRST_BYTE])
    return tokens.piece(id_).encode()


def _of_bytes(pieces: Sequence[bytes]) -> Written:
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
    shift = text.startswith(" ")
    spans = []
    for start, end in edges:
        end = min(end, len(text))
        if end - start > 1 and text[start] == " ":
            start += 1
        spans.append(Span(max(0, start - shift), max(0, end - shift, start - shift)))
    return Written(text[shift:].translate(LINE_BREAKS), tuple(spans))
