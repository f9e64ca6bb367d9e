"""Words and signs back to a line of text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

CLOSED_BY = {
    "(": ")", "[": "]", "{": "}", "¿": "?", "¡": "!", "«": "»", "‹": "›", "“": "”", "„": "“",
    "‘": "’", "‚": "‘", "（": "）", "「": "」", "『": "』", "《": "》", '"': '"', "'": "'",
}  # fmt: skip
STRAIGHT_QUOTES = frozenset("'\"")
CLOSING = frozenset(")]}.,;:!?%°…»›”’。、，！？；：）」』》")
BEFORE_NUMBERS = frozenset("$£€#")
SPACELESS_SCRIPTS = (
    "CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "FULLWIDTH", "THAI", "LAO", "KHMER", "MYANMAR",
    "TIBETAN",
)  # fmt: skip


def join_words(words: Iterable[str]) -> str:
    """Write words and signs as a line of text, spaced as they usually are.

    No space before what closes or after what opens; a straight quote opens where another follows to
    close it, and belongs to the word before it otherwise (the boys' room); `/`, the colon of a time
    and the points of p.m. join; scripts that write no spaces get none. All this is a guess.
    """
    words = list(words)
    text = ""
    joined = True  # the next word follows without a space
    awaited: list[str] = []  # what would close the signs that are open, the innermost last
    for place, word in enumerate(words):
        closes = word[0] in CLOSING
        opens = word in CLOSED_BY
        if awaited and word == awaited[-1]:
            awaited.pop()
            closes, opens = True, False
        elif word in STRAIGHT_QUOTES and word not in words[place + 1 :]:
            closes, opens = True, False
        if opens:
            awaited.append(CLOSED_BY[word])
        following = words[place + 1] if place + 1 < len(words) else " "
        before = words[place - 1] if place else " "
        between = (
            word == "/"
            or (word == ":" and before[-1].isdigit() and following[0].isdigit())
            or (word == "." and _is_letter(before) and _is_letter(following))
        )
        spaceless = bool(text) and _is_spaceless(text[-1]) and _is_spaceless(word[0])
        text += word if joined or closes or between or spaceless else f" {word}"
        before_number = word in BEFORE_NUMBERS and following[0].isdigit()
        joined = between or opens or before_number
    return text


def _is_spaceless(character: str) -> bool:
    return character > "\u0dff" and unicodedata.name(character, "").startswith(SPACELESS_SCRIPTS)


def _is_letter(word: str) -> bool:
    return len(word) == 1 and word.isalpha()
