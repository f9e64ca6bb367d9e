"""Words of two languages that know each other, and the one stream of choices that combines them.

A token is a word and a set of senses (bits of an integer). Two words are linked where their sets
meet, so phrases are moved, merged and contracted freely and the links come out by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Token = tuple[str, int]
Option = TypeVar("Option")


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A phrase of the lexicon in both languages; `senses` is how many bits its tokens use."""

    spanish: tuple[Token, ...]
    english: tuple[Token, ...]
    senses: int


def unit(text: str) -> Unit:
    """Read a phrase from its notation: chunks `spanish:english` in the Spanish order.

    `_` joins the words of one chunk; all words of a chunk are linked. An empty side says that the
    other language has no word for it. `~` in front reverses the chunks on the English side.
    """
    text = text.strip()
    chunks = [chunk.split(":") for chunk in text.removeprefix("~").split()]
    spanish: list[Token] = []
    english: list[list[Token]] = []
    senses = 0
    for left, right in chunks:
        meaning = (1 << senses) if left and right else 0
        senses += 1 if meaning else 0
        spanish += [(word, meaning) for word in left.split("_") if word]
        english.append([(word, meaning) for word in right.split("_") if word])
    if text.startswith("~"):
        english.reverse()
    return Unit(tuple(spanish), tuple(token for chunk in english for token in chunk), senses)


def units(text: str) -> tuple[Unit, ...]:
    """Read several phrases, one a line or separated by `|`."""
    return tuple(unit(part) for part in text.replace("\n", "|").split("|") if part.strip())


class Phrase:
    """A phrase being built: its tokens in each language."""

    __slots__ = ("english", "spanish")

    def __init__(self, spanish: list[Token] | None = None, english: list[Token] | None = None):
        self.spanish: list[Token] = spanish if spanish is not None else []
        self.english: list[Token] = english if english is not None else []

    def add(self, other: Phrase) -> None:
        """Append another phrase on both sides."""
        self.spanish += other.spanish
        self.english += other.english


class Draw:
    """One sentence's choices: options picked from a stream of numbers in [0, 1), and new senses."""

    __slots__ = ("_next", "_picked", "random")

    def __init__(self, random: Callable[[], float]):
        self.random = random
        self._next = 1
        self._picked: set[object] = set()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random() < probability

    def pick(self, options: Sequence[Option]) -> Option:
        """One of the options, each as likely."""
        return options[int(self.random() * len(options))]

    def fresh(self, options: Sequence[Option]) -> Option:
        """One of the options that this sentence does not have yet, if that is easily found."""
        option = self.pick(options)
        for _ in range(6):
            if option not in self._picked:
                break
            option = self.pick(options)
        self._picked.add(option)
        return option

    def sense(self, count: int = 1) -> int:
        """A sense that no token has yet (the first of `count`)."""
        sense = self._next
        self._next <<= count
        return sense

    def place(self, phrase: Unit) -> Phrase:
        """The phrase of the lexicon with senses of its own in this sentence."""
        sense = self.sense(phrase.senses)
        return Phrase(
            [(word, bits * sense) for word, bits in phrase.spanish],
            [(word, bits * sense) for word, bits in phrase.english],
        )

    def pair(self, spanish: str, english: str) -> Phrase:
        """Two words that mean each other."""
        sense = self.sense()
        return Phrase([(spanish, sense)], [(english, sense)])


def words(text: str) -> tuple[str, ...]:
    """The words of a table."""
    return tuple(text.split())


def weighted(*choices: tuple[int, Option]) -> tuple[Option, ...]:
    """Options repeated by their weights, for `Draw.pick`."""
    return tuple(option for weight, option in choices for _ in range(weight))


def words_in(value: object) -> Iterable[str]:
    """Every Spanish word in a table of units, or of anything that holds units."""
    if isinstance(value, Unit):
        for word, _ in value.spanish:
            yield word
    elif isinstance(value, dict):
        for item in value.values():
            yield from words_in(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from words_in(item)
    elif hasattr(value, "spanish_words") and not isinstance(value, type):
        yield from value.spanish_words()  # pyright: ignore[reportAttributeAccessIssue]
