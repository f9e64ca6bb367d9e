"""Words: where they are in a text, and what a map of tokens says about them.

Models see tokens, people read words. Both are spans of characters in the same text, so which token
belongs to which word is a question of overlap and needs no tokenizer.
"""

# Shapes: H heads · Q query tokens · K key tokens · R query words (rows) · C key words (columns)
#         N tokens · M words

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Float32, Float64

from regard.record.attention import AttentionMap, Token


@dataclass(frozen=True, slots=True)
class Word:
    """A word and the half-open span of characters that it takes in its text.

    A word with start == end stands for a token with no text of its own, such as `</s>`.
    """

    text: str
    start: int
    end: int


# --- where the words of a text are ----------------------------------------------------------------

_APOSTROPHES = "'’ʼ＇"
_HYPHENS = "-‐‑"
_IN_NUMBERS = ".,٫٬"
_RUNS = ".…-–—=*_~#!?"
_ZERO_WIDTH_JOINER = "\u200d"
# Letters of these blocks are written without spaces between words: each is a word by itself.
_UNSPACED = (
    (0x0E00, 0x0FFF),  # Thai, Lao, Tibetan
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x2E80, 0x2FDF),  # radicals
    (0x3005, 0x312F),  # kana, bopomofo
    (0x31A0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FF),  # Myanmar, extended
    (0xAA60, 0xAADF),
    (0xF900, 0xFAFF),  # Han, compatibility
    (0xFF66, 0xFF9D),  # kana, half width
    (0x1AFF0, 0x1B16F),
    (0x20000, 0x3FFFF),
)
_STARTS = [start for start, _ in _UNSPACED]
_FOLLOWING_VOWELS = "\u0e33\u0eb3"  # Thai and Lao "am": letters by category, signs to a reader


def split_words(text: str) -> tuple[Word, ...]:
    """Cut a text of any script into words, with their spans.

    White space separates. A word is a run of letters, marks, digits and `_`; it keeps apostrophes
    and hyphens that stand inside it (don't, well-known), a number its points and commas (3,000.5).
    A letter of a script written without spaces (Han, kana, Thai, Lao, Khmer, Myanmar, Tibetan) is a
    word with the signs on it. Any other character is a word by itself; a run of the same dot or
    dash, and an emoji of several characters, is one.
    """
    words = []
    at = 0
    while at < len(text):
        if _is_gap(text[at]):
            at += 1
            continue
        end = _end_of_word(text, at)
        words.append(Word(text[at:end], at, end))
        at = end
    return tuple(words)


def words_of_tokenised(text: str) -> tuple[Word, ...]:
    """The words of a text that is cut already: whatever stands between spaces (or tabs)."""
    found = re.finditer(r"[^ \t\r\n]+", text)
    return tuple(Word(match.group(), match.start(), match.end()) for match in found)


def printable(text: str) -> str:
    r"""A text that is safe to print and to write into a file: control characters as `\x1b`.

    Escaped: control, formatting (such as those that reverse the writing direction), private and
    unassigned characters, and breaks of lines; the joiners that Persian, Hindi and emoji need are
    kept. Other spaces become a plain one. A mark without a letter gets a dotted circle to sit on.
    """
    shown = []
    for character in text:
        category = unicodedata.category(character)
        if character in "\u200c\u200d":
            shown.append(character)
        elif category == "Zs":
            shown.append(" ")
        elif category[0] == "C" or category in ("Zl", "Zp"):
            shown.append(character.encode("unicode_escape").decode("ascii"))
        else:
            shown.append(character)
    if shown and unicodedata.category(shown[0][0])[0] == "M":
        shown.insert(0, "\u25cc")
    return "".join(shown)


@lru_cache(maxsize=8192)
def _is_gap(character: str) -> bool:
    return (
        character.isspace()
        or character in "\u200b\ufeff"
        or unicodedata.category(character) in ("Cc", "Zl", "Zp")
    )


@lru_cache(maxsize=8192)
def _is_unspaced(character: str) -> bool:
    code = ord(character)
    block = bisect_right(_STARTS, code) - 1
    return (
        block >= 0
        and code <= _UNSPACED[block][1]
        and unicodedata.category(character) in ("Lo", "Lm")
    )


@lru_cache(maxsize=8192)
def _is_inner(character: str) -> bool:
    """Whether a character continues a word of a script with spaces."""
    category = unicodedata.category(character)
    joins = category[0] in "LMN" or category == "Cf" or character == "_"
    return joins and not _is_unspaced(character) and not _is_gap(character)


def _end_of_word(text: str, at: int) -> int:
    if _is_unspaced(text[at]):
        return _end_of_signs(text, at + 1)
    if _is_inner(text[at]):
        return _end_of_spaced_word(text, at)
    end = at + 1
    if text[at] in _RUNS:
        while end < len(text) and text[end] == text[at]:
            end += 1
    elif _is_flag_letter(text[at]) and end < len(text) and _is_flag_letter(text[end]):
        end += 1
    return _end_of_signs(text, end)


def _end_of_spaced_word(text: str, at: int) -> int:
    end = at + 1
    while end < len(text):
        here, before = text[end], text[end - 1]
        after = text[end + 1] if end + 1 < len(text) else " "
        if _is_inner(here):
            end += 1
        elif _joins(before, here, after):
            end += 2
        else:
            break
    return end


def _joins(before: str, here: str, after: str) -> bool:
    """Whether a mark stands inside a word: an apostrophe, a hyphen, or a point in a number."""
    if here in _IN_NUMBERS:
        return before.isdigit() and after.isdigit()
    return here in _APOSTROPHES + _HYPHENS and _is_inner(after)


def _end_of_signs(text: str, at: int) -> int:
    """Where the marks end that belong to the character before `at`."""
    while at < len(text):
        character = text[at]
        if character == _ZERO_WIDTH_JOINER and at + 1 < len(text) and not _is_gap(text[at + 1]):
            at += 2
        elif (
            unicodedata.category(character)[0] == "M"
            or character in _FOLLOWING_VOWELS
            or (unicodedata.category(character) == "Lm" and _is_unspaced(character))
            or 0x1F3FB <= ord(character) <= 0x1F3FF  # the colours of a hand
            or 0xE0020 <= ord(character) <= 0xE007F  # the flags of regions
        ):
            at += 1
        else:
            break
    return at


def _is_flag_letter(character: str) -> bool:
    return 0x1F1E6 <= ord(character) <= 0x1F1FF


# --- which token belongs to which word ------------------------------------------------------------


def with_markers(words: Sequence[Word], tokens: Sequence[Token]) -> tuple[Word, ...]:
    """The words, and one more for each token with no text of its own, such as `</s>`.

    With them, no mass of a row is lost when tokens are merged into words.
    """
    inside = [token for token in tokens if token.start == token.end]
    markers = {
        Word(token.text, token.start, token.end): None
        for token in inside
        if not any(word.start < token.start < word.end for word in words)
    }
    return tuple(sorted([*words, *markers], key=lambda word: (word.start, word.end)))


def token_shares(tokens: Sequence[Token], words: Sequence[Word]) -> Float64[np.ndarray, "N M"]:
    """How much of each token lies in each word: [tokens, words], rows sum to 1, or to 0.

    Counted in characters, spaces left out; 0 for a token that touches no word. A token without
    text belongs to the marker of its own text, or to the word that it lies inside.
    Raises ValueError when the words are not in the order of the text.
    """
    _check_order(words)
    starts = [word.start for word in words]
    ends = [word.end for word in words]
    shares = np.zeros((len(tokens), len(words)))
    for number, token in enumerate(tokens):
        # Words that end before the token, or begin after it, cannot overlap it.
        for place in range(bisect_left(ends, token.start), bisect_right(starts, token.end)):
            shares[number, place] = _overlap(token, words[place])
    total = shares.sum(axis=1, keepdims=True)
    return np.divide(shares, total, out=shares, where=total > 0)


def _overlap(token: Token, word: Word) -> int:
    if token.start < token.end:
        return max(0, min(token.end, word.end) - max(token.start, word.start))
    if word.start == word.end:
        return int(word.start == token.start and word.text == token.text)
    return int(word.start < token.start < word.end)


def _check_order(words: Sequence[Word]) -> None:
    reached = 0
    for word in words:
        if not reached <= word.start <= word.end:
            raise ValueError(
                f"word {word.text!r} at {word.start}:{word.end} begins before the last one ends"
            )
        reached = word.end


def merge_to_words(
    map: AttentionMap,  # noqa: A002 -- the noun of this package
    query_words: Sequence[Word],
    key_words: Sequence[Word],
) -> Float32[np.ndarray, "H R C"]:
    """Say a map in words: [heads, query words, key words].

    A key word gets the sum of its tokens, so that mass is kept; a query word the mean of its
    tokens' rows. A token in several words is divided by characters. A word without tokens is 0.
    """
    return merge_weights(map.dense(), map.query_tokens, map.key_tokens, query_words, key_words)


def merge_weights(
    weights: Float[np.ndarray, "H Q K"],
    query_tokens: Sequence[Token],
    key_tokens: Sequence[Token],
    query_words: Sequence[Word],
    key_words: Sequence[Word],
) -> Float32[np.ndarray, "H R C"]:
    """Say weights over tokens, [heads, queries, keys], in words, as `merge_to_words` does."""
    touches = (token_shares(query_tokens, query_words) > 0).astype(float).T
    count = touches.sum(axis=1, keepdims=True)
    mean = np.divide(touches, count, out=touches, where=count > 0)
    return (mean @ weights @ token_shares(key_tokens, key_words)).astype(np.float32)
