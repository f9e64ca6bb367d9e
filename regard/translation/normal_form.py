"""The form of a text that vocabularies see: NFC, in lower case by option, spans kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character: no text, but Python lets it be


def normalise(text: str, lowercase: bool) -> str:
    """NFC; in lower case, character by character (so a sigma never depends on its neighbours)."""
    if not text.isascii():
        text = LONE_SURROGATE.sub("\ufffd", text)
    text = unicodedata.normalize("NFC", text)
    if not lowercase:
        return text
    return unicodedata.normalize("NFC", text.replace("Σ", "σ").lower())


def normalise_with_spans(text: str, lowercase: bool) -> tuple[str, Sequence[int], Sequence[int]]:
    """The normal form, and where each of its characters begins and ends in the given text."""
    normal = normalise(text, lowercase)
    if len(normal) == len(text) and unicodedata.is_normalized("NFC", text):
        return normal, range(len(text)), range(1, len(text) + 1)
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _independent_parts(text):
        length = len(normalise(text[start:end], lowercase))
        starts += [start] * length
        ends += [end] * length
    assert len(starts) == len(normal), "parts that compose with each other"
    return normal, starts, ends


def _independent_parts(text: str) -> Iterator[tuple[int, int]]:
    """Cut a text where composing cannot reach across: spans of characters that stay together."""
    start = 0
    for position in range(1, len(text)):
        character = text[position]
        if unicodedata.combining(character):
            continue
        part = text[start:position]
        composed = unicodedata.normalize("NFC", part + character)
        apart = unicodedata.normalize("NFC", part) + unicodedata.normalize("NFC", character)
        if composed == apart:
            yield start, position
            start = position
    if text:
        yield start, len(text)
