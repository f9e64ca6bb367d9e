"""English inflection: plurals, verbs, comparison, a and an.

Persons are numbered as in Spanish: I 0, you 1, he 2, we 3, they 4.
"""

from __future__ import annotations

from dataclasses import dataclass

from regard.translation.phrasebook.units import words

_PLURALS = {
    "man": "men",
    "woman": "women",
    "boy": "children",  # los niños, los hijos: what they mean without more context
    "son": "children",
    "fish": "fish",
    "sheep": "sheep",
    "mouse": "mice",
    "knife": "knives",
    "scarf": "scarves",
    "potato": "potatoes",
    "tomato": "tomatoes",
    "photo": "photos",
    "piano": "pianos",
    "strawberry": "strawberries",
}


def plural(word: str) -> str:
    """The plural of a noun: dog dogs, bus buses, city cities, man men."""
    if word in _PLURALS:
        return _PLURALS[word]
    return _with_s(word)


def _with_s(word: str) -> str:
    if word.endswith(("s", "x", "ch", "sh", "z", "o")):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


@dataclass(frozen=True, slots=True)
class EnglishForms:
    """The forms of a verb, each with the words that follow it (get up, got up)."""

    base: tuple[str, ...]
    third: tuple[str, ...]
    past: tuple[str, ...]
    participle: tuple[str, ...]
    gerund: tuple[str, ...]


def verb(text: str) -> EnglishForms:
    """Read `base [past [participle [gerund]]]`; forms left out are regular; `get_up` is two words.

    Words after the first stay as they are: `get_up got gotten` has the past `got up`.
    """
    given = text.split()
    base, *after = given[0].split("_")
    past = given[1] if len(given) > 1 else _regular_past(base)
    participle = given[2] if len(given) > 2 else past
    gerund = given[3] if len(given) > 3 else _regular_gerund(base)
    third = {"have": "has", "be": "is"}.get(base, _with_s(base))
    forms = (base, third, past, participle, gerund)
    return EnglishForms(*((form, *after) for form in forms))


def _regular_past(base: str) -> str:
    if base.endswith("e"):
        return base + "d"
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ied"
    return base + "ed"


def _regular_gerund(base: str) -> str:
    return base[:-1] + "ing" if base.endswith("e") and not base.endswith("ee") else base + "ing"


BE_PRESENT = ("am", "are", "is", "are", "are")
BE_PAST = ("was", "were", "was", "were", "were")

_DOUBLED = {"big": "bigg", "thin": "thinn", "fat": "fatt", "sad": "sadd", "hot": "hott"}
_IN_SYLLABLES = set(
    words(
        "shy tall short young old rich poor strong big small new cheap fast slow long kind thin "
        "quiet dark sweet clean cold hot fresh great light hard sad brave nice warm high wide "
        "deep pretty ugly heavy easy funny lazy noisy happy busy friendly dirty"
    )
)
_COMPARED = {"good": ("better", "best"), "bad": ("worse", "worst")}


def compared(adjective: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Comparative and superlative: taller tallest, more famous, most famous."""
    if adjective in _COMPARED:
        return (_COMPARED[adjective][0],), (_COMPARED[adjective][1],)
    if adjective not in _IN_SYLLABLES:
        return ("more", adjective), ("most", adjective)
    stem = _DOUBLED.get(adjective, adjective)
    if stem.endswith("y") and stem != "shy":
        stem = stem[:-1] + "i"
    stem = stem.removesuffix("e")
    return (stem + "er",), (stem + "est",)


_AS_CONSONANT = ("uni", "eu", "one", "use")
_SILENT_H = ("hour", "honest")


def takes_an(word: str) -> bool:
    """Whether `an` stands before this word: an apple, an hour, a university."""
    if word.startswith(_SILENT_H):
        return True
    return word[0].lower() in "aeiou" and not word.startswith(_AS_CONSONANT)
