"""Where spaces stand: between words and signs on a line, and between sentences."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

CLOSED_BY = {
    "(": ")", "[": "]", "{": "}", "¿": "?", "¡": "!", "«": "»", "‹": "›", "“": "”", "„": "“",
    "‘": "’", "‚": "‘", "（": "）", "「": "」", "『": "』", "《": "》", '"': '"', "'": "'",
}  # fmt: skip
STRAIGHT_QUOTES = frozenset("'\"")
CLOSING = frozenset(")]}.,;:!?%°…»›”’。、，！？；：）」』》")
BEFORE_NUMBERS = frozenset("$£€#")
CHINESE_AND_JAPANESE = re.compile(
    "[\u2e80-\u312f\u3190-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff9f\U00020000-\U0003ffff]"
)
# They write no spaces between words, but do between sentences.
THAI_LAO_TIBETAN_BURMESE_KHMER = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f]"
)


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


def space_between(before: str, after: str) -> str:
    """What stands between a sentence that ends in `before` and one that begins with `after`.

    A space, but for Chinese and Japanese: their letters follow each other, and their punctuation
    has its space within.
    """
    wide = list(filter(CHINESE_AND_JAPANESE.match, (before, after)))
    has_own_space = any(unicodedata.category(character).startswith("P") for character in wide)
    return "" if len(wide) == 2 or has_own_space else " "


def _is_spaceless(character: str) -> bool:
    return bool(
        CHINESE_AND_JAPANESE.match(character) or THAI_LAO_TIBETAN_BURMESE_KHMER.match(character)
    )


def _is_letter(word: str) -> bool:
    return len(word) == 1 and word.isalpha()
