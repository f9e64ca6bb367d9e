"""What a vocabulary is: text to ids and back. Byte pairs and whole words are its two kinds.

    text -> normal form (clean, NFC, lower case by option) -> pieces of the vocabulary -> ids

Every piece knows which characters of the text *as given* it stands for, whatever normalising did.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, SupportsIndex

from regard.translation.durable import write_text

FORMAT = "regard tokens"
VERSION = 1


class TokensError(ValueError):
    """Tokens that cannot be trained, read or used, and what to do about it."""


@dataclass(frozen=True)
class Piece:
    """One piece of a text: its id, its text, and the characters `[start, end)` that it stands for.

    The span refers to the text as it was given, and leaves out the space that a piece begins with.
    The bytes of one character share that character's span.
    """

    id: int
    text: str
    start: int
    end: int


class Tokens(ABC):
    """A vocabulary: ids 0 to 3 are `<pad>`, `<unk>`, `<s>`, `</s>`, the rest is text."""

    kind: str
    lowercase: bool
    pieces: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many ids there are, the four special ones included."""
        return len(self.pieces)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that decides the ids."""
        return hashlib.sha256(_json(self._document()).encode()).hexdigest()

    def piece(self, id: int) -> str:  # noqa: A002 - the contract's own word
        """The piece as the vocabulary spells it; a leading space belongs to it."""
        return self.pieces[self._checked(id)]

    @abstractmethod
    def encode(self, text: str) -> list[Piece]:
        """Pieces of a text, without `<s>` and `</s>`."""

    @abstractmethod
    def encode_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of many texts at once: the same ids as `encode`, much faster."""

    @abstractmethod
    def decode(self, ids: Iterable[SupportsIndex]) -> str:
        """The text of any ids; special ids are passed over."""

    @abstractmethod
    def _content(self) -> dict[str, Any]:
        """What decides the ids, ready for JSON."""

    def _document(self) -> dict[str, Any]:
        head = {"format": FORMAT, "version": VERSION, "kind": self.kind}
        return {**head, "lowercase": self.lowercase, **self._content()}

    def save(self, path: Path) -> None:
        """Write one JSON file, whole or not at all."""
        write_text(path, _json(self._document()) + "\n")

    def _checked(self, id_: int) -> int:
        if not 0 <= id_ < self.size:
            raise TokensError(f"id {id_} is not in this vocabulary of {self.size} pieces")
        return id_


def distinct_texts(values: Any, name: str) -> list[str]:
    """A list from a file of tokens; raises TypeError or ValueError for what is none of texts."""
    if not isinstance(values, list) or not all(
        isinstance(value, str) and value for value in values
    ):
        raise TypeError(f"{name} is not a list of texts")
    if len(set(values)) != len(values):
        raise ValueError(f"{name} names one twice")
    "".join(values).encode()  # a UnicodeEncodeError (half a surrogate pair) is a ValueError
    return values


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
