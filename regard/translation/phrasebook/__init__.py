"""A Spanish-English phrasebook that never ends: sentence pairs with gold word links.

A grammar made for a first look, not a corpus: everyday words, two languages that order and inflect
them differently, and one translation for each Spanish sentence. What would be ambiguous is settled
by a rule that the source shows:

- I, you and we are dropped; he, she and they are said, or left out only in a clause whose subject
  is that of the clause before. The imperfect says `yo`, because estaba is I and he.
- `su` belongs to the subject of its clause. `lo` is him after verbs that are done to people
  (ayudar), else it. `le` and `se` (lo) are doubled by who it is (le doy el libro a Ana).
- compramos is present; as a past, a time is said (compramos pan ayer).

Gold links: words that translate each other; a dropped subject's pronoun and `do` to the finite
verb; all words of a fixed phrase to all of its translation (a menudo, often); `¿` and `?` to `?`.
Every English word has a link. A Spanish word that English does not say (the personal `a`, a
doubled `le`, a reflexive pronoun, the article of `me gusta el café`) has none.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from regard.record.words import split_words
from regard.translation.phrasebook import (
    adjectives,
    clauses,
    likings,
    noun_phrases,
    nouns,
    patterns,
    phrases,
    places,
    predicates,
    questions,
    reasons,
    relatives,
    statements,
    states,
    two_clauses,
    verb_groups,
    verbs,
)
from regard.translation.phrasebook.sentences import sentence, text_of
from regard.translation.phrasebook.units import Draw, Token, words_in


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence pair, its words as `split_words` cuts them, and the links (source, target)."""

    source: str
    target: str
    source_words: tuple[str, ...]
    target_words: tuple[str, ...]
    links: frozenset[tuple[int, int]]


_HELD_OUT = 10  # one English sentence in ten is never in the training stream


def pairs(seed: int) -> Iterator[Example]:
    """Training pairs without end: a function of the seed alone; none can be in `held_out`."""
    return _stream(seed, held_out=False)


def held_out(count: int, seed: int) -> list[Example]:
    """As many different pairs, neither side of which any training stream has, whatever its seed."""
    found: dict[str, Example] = {}
    stream = _stream(seed, held_out=True)
    while len(found) < count:
        example = next(stream)
        found.setdefault(example.source, example)
    return list(found.values())


def _stream(seed: int, *, held_out: bool) -> Iterator[Example]:
    """All that is held out, or all that is not, by the English: so both sides of it are new."""
    choices = random.Random(seed).random
    while True:
        made = sentence(Draw(choices))
        target = text_of(made.english)
        if (zlib.crc32(target.encode()) % _HELD_OUT == 0) is not held_out:
            continue
        yield Example(
            text_of(made.spanish),
            target,
            tuple([word for word, _ in made.spanish]),
            tuple([word for word, _ in made.english]),
            _links(made.spanish, made.english),
        )


def _links(spanish: list[Token], english: list[Token]) -> frozenset[tuple[int, int]]:
    places: dict[int, list[int]] = {}
    for target, (_, senses) in enumerate(english):
        for sense in _each(senses):
            places.setdefault(sense, []).append(target)
    return frozenset(
        [
            (source, target)
            for source, (_, senses) in enumerate(spanish)
            for sense in _each(senses)
            for target in places.get(sense, ())
        ]
    )


def _each(senses: int) -> Sequence[int]:
    """The single senses of a set of them."""
    if senses & (senses - 1) == 0:
        return (senses,) if senses else ()
    found = []
    while senses:
        lowest = senses & -senses
        found.append(lowest)
        senses ^= lowest
    return found


_MODULES = (
    adjectives, clauses, likings, noun_phrases, nouns, patterns, phrases, places, predicates,
    questions, reasons, relatives, states, statements, two_clauses, verb_groups, verbs,
)  # fmt: skip
_PUNCTUATION = ".,¿?¡!"


@cache
def lexicon() -> frozenset[str]:
    """The Spanish words that the grammar knows, in lower case, punctuation included."""
    found = set(_PUNCTUATION)
    for module in _MODULES:
        found.update(word.lower() for word in words_in(list(vars(module).values())))
        found.update(getattr(module, "FUNCTION_WORDS", ()))
    return frozenset(found)


def unknown_words(text: str) -> tuple[str, ...]:
    """The words of a Spanish text that the grammar does not know, each once, in order."""
    words = dict.fromkeys(word.text for word in split_words(text))
    return tuple(word for word in words if word.lower() not in lexicon())
