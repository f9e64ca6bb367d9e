"""Relative clauses: el libro que compré ayer, la mujer que vive en Madrid."""

from __future__ import annotations

from regard.translation.phrasebook import verbs
from regard.translation.phrasebook.adjectives import STATES
from regard.translation.phrasebook.clauses import Predicate, english_subject, verb_phrase
from regard.translation.phrasebook.noun_phrases import (
    NounPhrase,
    adjective_phrase,
    name,
    relation,
    thing,
    unspoken,
)
from regard.translation.phrasebook.nouns import CITIES, Noun
from regard.translation.phrasebook.units import Draw, Phrase, words
from regard.translation.phrasebook.verb_groups import being, group
from regard.translation.phrasebook.verbs import Verb

TAKING: dict[Noun, tuple[Verb, ...]] = {}
for _verb in verbs.WITH_THING:
    for _noun in _verb.objects:
        TAKING[_noun] = (*TAKING.get(_noun, ()), _verb)


def perhaps_relative(draw: Draw, phrase: NounPhrase, probability: float = 0.13) -> Phrase:
    """Sometimes more about a noun that has an article; nothing otherwise."""
    if phrase.noun is None or phrase.spanish[0][0] in _POSSESSIVES:
        return Phrase()
    if phrase.noun.kind in ("sibling", "relation", "close", "partner"):
        return Phrase()
    return relative(draw, phrase) if draw.chance(probability) else Phrase()


_POSSESSIVES = words("mi mis tu tus su sus nuestro nuestra nuestros nuestras")


def relative(draw: Draw, phrase: NounPhrase) -> Phrase:
    """A relative clause about a person (who does), or a thing (that somebody does)."""
    if phrase.human:
        return _who(draw, phrase)
    return _that(draw, phrase)


def _who(draw: Draw, phrase: NounPhrase) -> Phrase:
    subject = phrase.dropped()
    chance = draw.random()
    if chance < 0.3:
        verb = draw.pick(verbs.RESIDING)
        place = draw.pair("en", "in")
        place.add(draw.place(draw.pick(CITIES)))
        predicate = Predicate(group(draw, verb, "present", subject), place)
    elif chance < 0.5:
        adjective = draw.pick(STATES["person"])
        predicate = Predicate(
            being(draw, verbs.TO_STAY, "present", subject),
            adjective_phrase(draw, adjective, feminine=phrase.feminine, plural=phrase.plural),
        )
    else:
        verb = draw.fresh(_DOES)
        tense = draw.pick(("present", "preterite", "progressive"))
        predicate = Predicate(
            group(draw, verb, tense, subject), thing(draw, verb.objects, owner=subject)
        )
    clause = draw.pair("que", "who")
    clause.add(verb_phrase(draw, predicate))
    return clause


_DOES = tuple(
    verb for verb in verbs.WITH_THING if not (verb.stative or verb.past_only or verb.present_only)
)


def _that(draw: Draw, phrase: NounPhrase) -> Phrase:
    assert phrase.noun is not None
    verb = draw.fresh(TAKING.get(phrase.noun, TAKES_ALL))
    tense = "present" if verb.present_only else "preterite"
    if tense == "preterite" and draw.chance(0.15):
        tense = "perfect"
    chance = draw.random()
    if chance < 0.5:
        subject = unspoken(draw, draw.pick((0, 1, 3)))
    elif chance < 0.8:
        subject = name(draw)
    else:
        subject = relation(draw)
    made = group(draw, verb, tense, subject)
    if made.ambiguous:  # que compramos: bought, or buy
        subject = unspoken(draw, 0)
        made = group(draw, verb, tense, subject)
    clause = draw.pair("que", "that")
    after = draw.chance(0.4)  # que compró Ana
    clause.spanish += made.spanish + subject.spanish if after else subject.spanish + made.spanish
    clause.english += english_subject(subject, made)
    clause.english += [made.do(), *made.finite] if made.auxiliary else made.finite
    return clause


TAKES_ALL = tuple(
    verb for verb in verbs.WITH_THING if verb.spanish.infinitive in ("ver", "comprar")
)


def where_clause(draw: Draw, place: NounPhrase) -> Phrase:
    """La casa donde vive Ana: the house where Ana lives."""
    subject = name(draw) if draw.chance(0.6) else relation(draw)
    verb = draw.pick(verbs.RESIDING)
    verbs_group = group(draw, verb, "present", subject)
    clause = draw.pair("donde", "where")
    clause.spanish += verbs_group.spanish + subject.spanish
    clause.english += english_subject(subject, verbs_group) + verbs_group.finite
    place.spanish += clause.spanish
    place.english += clause.english
    return place
