"""Words and signs back to a line of text."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable

OPENING = frozenset("([{¿¡«‹“„‚")
CLOSING = frozenset(")]}.,;:!?%…»›”。、，！？；：）」』》")
APOSTROPHES = frozenset("'’")
SPACELESS_SCRIPTS = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")


def join_words(words: Iterable[str]) -> str:
    """Write words and signs as a line of text.

    No space before what closes or after what opens; straight quotes open and close in turn; an
    apostrophe between two words joins them; no space between words of scripts that write none.
    What the text had between its words is a guess from these rules alone.
    """
    words = list(words)
    text = ""
    glued = True  # the next word follows without a space
    quoted = False
    for word, following in itertools.zip_longest(words, words[1:], fillvalue=" "):
        joins = word in APOSTROPHES and text[-1:].isalpha() and following[0].isalpha()
        closes = word[0] in CLOSING or (word == '"' and quoted)
        spaceless = bool(text) and _is_spaceless(text[-1]) and _is_spaceless(word[0])
        text += word if glued or joins or closes or spaceless else f" {word}"
        glued = joins or word in OPENING or (word == '"' and not quoted)
        quoted ^= word == '"'
    return text


def _is_spaceless(character: str) -> bool:
    return character > "\u0dff" and unicodedata.name(character, "").startswith(SPACELESS_SCRIPTS)
