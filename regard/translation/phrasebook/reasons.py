"""Because: why somebody does something, and why not."""

from __future__ import annotations

from regard.translation.phrasebook import phrases as small
from regard.translation.phrasebook import verbs
from regard.translation.phrasebook.adjectives import STATES
from regard.translation.phrasebook.clauses import Predicate, statement, tense_form
from regard.translation.phrasebook.noun_phrases import NounPhrase, adjective_phrase, person
from regard.translation.phrasebook.patterns import weather
from regard.translation.phrasebook.predicates import (
    alone,
    going,
    to_person,
    to_someone,
    with_person,
    with_subject,
    with_thing,
)
from regard.translation.phrasebook.statements import human_subject
from regard.translation.phrasebook.states import state
from regard.translation.phrasebook.units import Draw, Phrase, Unit, unit, weighted
from regard.translation.phrasebook.verb_groups import being, group


def again(who: NounPhrase) -> NounPhrase:
    """The subject of a second clause: the same one, left out."""
    return who.dropped()


ACTS = weighted(
    (5, with_thing), (2, with_person), (1, to_person), (2, to_someone), (4, alone), (3, going),
    (2, with_subject),
)  # fmt: skip
_AIMS = (with_person, to_person, to_someone, with_subject, with_thing)
SCENES = weighted((5, "present"), (6, "preterite"), (3, "future"), (2, "progressive"), (2, "want"))


def because(draw: Draw) -> Phrase:
    """No voy a la escuela porque estoy enfermo: why, by what is done or not done."""
    who = human_subject(draw)
    tense = draw.pick(SCENES)
    predicate = draw.pick(ACTS)(draw, who, tense)
    negative = draw.chance(0.3)
    past = tense == "preterite"
    main = statement(draw, who, predicate, negative=negative)
    why = excuse(draw, who, past=past) if negative else _reason(draw, who, predicate, past=past)
    main.add(draw.pair("porque", "because"))
    main.add(why)
    return main


def that_is(draw: Draw, who: NounPhrase, what: Unit | str, *, past: bool) -> Phrase:
    """That somebody is hungry (a unit, with tener) or tired (an English adjective, with estar)."""
    who = tense_form(draw, who, past=past)
    tense = "past" if past else "present"
    if isinstance(what, str):
        adjective = next(state for state in STATES["person"] if state.english == what)
        tail = adjective_phrase(draw, adjective, feminine=who.feminine, plural=who.plural)
        return statement(draw, who, Predicate(being(draw, verbs.TO_STAY, tense, who), tail))
    predicate = Predicate(being(draw, verbs.TO_HAVE, tense, who), draw.place(what))
    return statement(draw, who, predicate)


_IS_REASONS = {"joy": "happy", "sadness": "sad", "anger": "angry", "sleepiness": "tired"}
_EXCUSES: tuple[Unit | str, ...] = (
    "tired", "sick", "busy", "sad", "worried", "nervous",
    *small.FEELINGS[2:3], *small.FEELINGS[5:7],
)  # fmt: skip


def _reason(draw: Draw, who: NounPhrase, predicate: Predicate, *, past: bool) -> Phrase:
    reason = predicate.reason
    same = again(who)
    if reason and draw.chance(0.75):
        if reason in _IS_REASONS and draw.chance(0.6):
            return that_is(draw, same, _IS_REASONS[reason], past=past)
        if reason in small.HAS_REASONS:
            return that_is(draw, same, small.HAS_REASONS[reason], past=past)
        if reason == "exam":
            return that_has(draw, same, _EXAM, past=past)
        if reason == "money" and not past:
            need = Predicate(group(draw, _NEED, "present", same), draw.place(MONEY))
            return statement(draw, same, need)
    chance = draw.random()
    if chance < 0.5:
        helper = "wanted" if past else draw.pick(("want", "want", "have_to", "need"))
        same = tense_form(draw, same, past=past)
        predicate = draw.pick(_AIMS)(draw, same, helper)
        return statement(draw, same, predicate)
    if chance < 0.62:
        return that_has(draw, same, TIME, past=past)
    return _somebody_is(draw, past=past)


_EXAM, TIME, MONEY = unit("un:an examen:exam"), unit("tiempo:time"), unit("dinero:money")
_NEED = next(verb for verb in verbs.WITH_THING if verb.spanish.infinitive == "necesitar")


def that_has(
    draw: Draw, who: NounPhrase, what: Unit, *, past: bool, negative: bool = False
) -> Phrase:
    """That somebody has something, or has not: no tengo tiempo."""
    who = tense_form(draw, who, past=past)
    made = group(draw, verbs.OWN, "imperfect" if past else "present", who)
    return statement(draw, who, Predicate(made, draw.place(what)), negative=negative)


def _somebody_is(draw: Draw, *, past: bool) -> Phrase:
    """Somebody else's state: because my sister is sick."""
    other = person(draw)
    return statement(draw, other, state(draw, other, "past" if past else "present"))


def excuse(draw: Draw, who: NounPhrase, *, past: bool) -> Phrase:
    """Why somebody does not do it: a state, no time, the weather, somebody else's state."""
    chance = draw.random()
    same = again(who)
    if chance < 0.5:
        return that_is(draw, same, draw.pick(_EXCUSES), past=past)
    if chance < 0.7:
        return that_has(draw, same, draw.pick((TIME, MONEY)), past=past, negative=True)
    if chance < 0.85:
        return weather(draw, "past" if past else "present", small.BAD_WEATHER)
    return _somebody_is(draw, past=past)
