"""Where: in, on and at as the English noun wants it; near, behind and inside other things."""

from __future__ import annotations

from regard.translation.phrasebook import phrases as small
from regard.translation.phrasebook.clauses import Predicate
from regard.translation.phrasebook.noun_phrases import thing
from regard.translation.phrasebook.nouns import CITIES, NOUNS, Noun, pool
from regard.translation.phrasebook.units import Draw, Phrase
from regard.translation.phrasebook.verbs import Verb


def place_in(draw: Draw, noun: Noun) -> Phrase:
    """En la cocina, en la mesa: in, on or at, as the English noun wants it."""
    phrase = draw.pair("en", noun.place)
    phrase.add(thing(draw, (noun,), determiners=small.FOR_PLACES))
    return phrase


def where(draw: Draw, group_of_places: str) -> Phrase:
    """Where people do what is done in this group of places."""
    chance = draw.random()
    if chance < 0.25 and group_of_places in small.HAS_HOME:
        return draw.place(small.AT_HOME)
    if chance > 0.95:
        return draw.place(draw.pick(small.HERE))
    if chance > 0.8 and group_of_places in small.IN_CITIES:
        phrase = draw.pair("en", "in")
        phrase.add(draw.place(draw.pick(CITIES)))
        return phrase
    return place_in(draw, draw.pick(small.PLACES[group_of_places]))


def perhaps_where(draw: Draw, predicate: Predicate, verb: Verb, probability: float) -> None:
    """Sometimes say where, among the places that suit the verb."""
    predicate.reason = verb.reason
    if verb.where and draw.chance(probability):
        predicate.tail.add(where(draw, verb.where))


_SMALL_KINDS = ("text", "tool", "keepsake", "clothes", "instrument")


def location(draw: Draw, kind: str) -> Phrase:
    """A place where something of this kind may be."""
    if kind in ("food", "drink"):
        return place_in(draw, draw.pick(_WITH_FOOD))
    if kind in _SMALL_KINDS:
        if draw.chance(0.35):
            return place_in(draw, draw.pick(NOUNS["room"]))
        chance = draw.random()
        if chance < 0.2 and kind != "instrument":
            phrase = draw.place(small.INSIDE)
            phrase.add(thing(draw, _CONTAINERS, determiners=small.FOR_SUBJECT_THINGS))
            return phrase
        if chance < 0.5:
            return place_in(draw, draw.pick(NOUNS["furniture"]))
        phrase = draw.place(draw.pick(small.ON_FURNITURE))
        phrase.add(thing(draw, NOUNS["furniture"], determiners=small.FOR_SUBJECT_THINGS))
        return phrase
    if kind == "person" and draw.chance(0.65):
        if draw.chance(0.25):
            return draw.place(small.AT_HOME)
        return place_in(draw, draw.pick(small.DESTINATIONS + NOUNS["room"]))
    if kind == "animal" and draw.chance(0.6):
        return place_in(draw, draw.pick(_FOR_ANIMALS))
    if kind == "furniture":
        return place_in(draw, draw.pick(NOUNS["room"]))
    if kind in ("building", "outdoors") and draw.chance(0.3):
        phrase = draw.pair("en", "in")
        phrase.add(draw.place(draw.pick(CITIES)))
        return phrase
    phrase = draw.place(draw.pick(small.NEAR))
    phrase.add(thing(draw, small.LANDMARKS, determiners=small.FOR_PLACES))
    return phrase


_CONTAINERS = tuple(
    noun for noun in NOUNS["tool"] if noun.lemma in ("caja", "bolsa", "maleta", "mochila")
)
_WITH_FOOD = tuple(
    noun for noun in pool("furniture room") if noun.lemma in ("mesa", "cocina", "comedor")
)
_FOR_ANIMALS = pool("room outdoors")
