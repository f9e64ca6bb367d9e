"""The form of a text that vocabularies see: clean, NFC, in lower case by option, spans kept.

Clean is one rule for what is learned, translated, aligned and written: control characters that
part words (a tab, what some take for the end of a line) are a space, the others and byte order
marks are nothing.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence

BYTE_ORDER_MARK = "\ufeff"
SEPARATORS = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
CLEANED = {
    code: " " if chr(code) in SEPARATORS else None
    for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, ord(BYTE_ORDER_MARK))
}
LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character: no text, but Python lets it be


def clean(text: str) -> str:
    """The text without control characters; a space for those that part words."""
    return text.translate(CLEANED) if CONTROL.search(text) else text


def is_blank(text: str) -> bool:
    """Whether nothing is written: no more than white space and control characters."""
    return not clean(text).strip()


def places_in_clean(text: str) -> list[int]:
    """Where each character of a text begins in its clean form; at last, where that ends."""
    lengths = (CLEANED.get(ord(character), character) is not None for character in text)
    return list(itertools.accumulate(lengths, initial=0))


def normalise(text: str, lowercase: bool) -> str:
    """Clean and NFC; in lower case, character by character (a sigma ignores its neighbours)."""
    text = clean(text)
    if not text.isascii():
        text = LONE_SURROGATE.sub("\ufffd", text)
    text = unicodedata.normalize("NFC", text)
    if not lowercase:
        return text
    return unicodedata.normalize("NFC", text.replace("Σ", "σ").lower())


def normalise_with_spans(text: str, lowercase: bool) -> tuple[str, Sequence[int], Sequence[int]]:
    """The normal form, and where each of its characters begins and ends in the given text."""
    cleaned = clean(text)
    normal, starts, ends = _normalise_clean(cleaned, lowercase)
    if len(cleaned) == len(text):
        return normal, starts, ends
    kept = [place for place, character in enumerate(text) if clean(character)]
    return normal, [kept[start] for start in starts], [kept[end - 1] + 1 for end in ends]


def _normalise_clean(text: str, lowercase: bool) -> tuple[str, Sequence[int], Sequence[int]]:
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
