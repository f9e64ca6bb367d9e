"""A vocabulary of whole words and punctuation.

Words lose what is outside the vocabulary (`<unk>`) and the exact spacing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, SupportsIndex, final

from regard.record.words import split_words
from regard.translation.model import SPECIAL_PIECES, UNK
from regard.translation.normal_form import normalise, normalise_with_spans
from regard.translation.spacing import join_words
from regard.translation.tokens import Piece, Tokens, TokensError, distinct_texts


@final
class Words(Tokens):
    """Whole words and punctuation; a word outside the vocabulary is `<unk>`."""

    kind = "words"

    def __init__(self, words: Sequence[str], *, lowercase: bool = False) -> None:
        self.lowercase = lowercase
        self.pieces = (*SPECIAL_PIECES, *words)
        # A word of the text that is spelt "<s>" is a word, never the special piece.
        self._ids = {word: id_ for id_, word in enumerate(words, start=len(SPECIAL_PIECES))}

    def encode(self, text: str) -> list[Piece]:
        """Words of a text, without `<s>` and `</s>`; an unknown one keeps its own text."""
        normal, starts, ends = normalise_with_spans(text, self.lowercase)
        return [
            Piece(self._ids.get(word.text, UNK), word.text, starts[word.start], ends[word.end - 1])
            for word in split_words(normal)
        ]

    def encode_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of many texts at once."""
        return [
            [self._ids.get(word, UNK) for word in _words(normalise(text, self.lowercase))]
            for text in texts
        ]

    def decode(self, ids: Iterable[SupportsIndex]) -> str:
        """The words of any ids, spaced as they are usually written; `<unk>` stays visible."""
        ids = [int(id_) for id_ in ids]
        return join_words(
            self.piece(id_) for id_ in ids if id_ == UNK or id_ >= len(SPECIAL_PIECES)
        )

    def _content(self) -> dict[str, Any]:
        return {"words": list(self.pieces[len(SPECIAL_PIECES) :])}

    @classmethod
    def from_content(cls, content: dict[str, Any], *, lowercase: bool) -> Words:
        """The vocabulary that `_content` describes.

        Raises KeyError, TypeError or ValueError for what describes none.
        """
        return cls(distinct_texts(content["words"], "words"), lowercase=lowercase)


def count_words(texts: Iterable[str], *, limit: int, lowercase: bool = False) -> Words:
    """Take the most frequent words and signs, so that `limit` pieces result with the special ones.

    Deterministic: words seen equally often are taken in code-point order. Raises `TokensError` if
    the limit leaves no room or if there is no text.
    """
    room = limit - len(SPECIAL_PIECES)
    if room < 1:
        raise TokensError(
            f"a vocabulary of words needs more than {len(SPECIAL_PIECES)} pieces, not {limit}"
        )
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_words(normalise(text, lowercase)))
    if not counts:
        raise TokensError("there is no text to take words from")
    by_frequency = sorted(counts, key=lambda word: (-counts[word], word))
    return Words(by_frequency[:room], lowercase=lowercase)


@lru_cache(maxsize=1 << 16)
def _words_between_spaces(text: str) -> tuple[str, ...]:
    """The words of a text without spaces: texts repeat their words, so most are split once."""
    return tuple(word.text for word in split_words(text))


def _words(normal: str) -> list[str]:
    return [word for part in normal.split() for word in _words_between_spaces(part)]
