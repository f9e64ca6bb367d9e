"""Statements of one clause, from `Corro.` to things with a relative clause."""

from __future__ import annotations

from regard.translation.phrasebook import phrases as small
from regard.translation.phrasebook import verbs
from regard.translation.phrasebook.clauses import Predicate, statement, tense_form, time_for
from regard.translation.phrasebook.noun_phrases import (
    STATED_PRONOUNS,
    NounPhrase,
    joined,
    name,
    person,
    relation,
    spoken,
    thing,
    unspoken,
)
from regard.translation.phrasebook.nouns import NOUNS, pool
from regard.translation.phrasebook.places import location, where
from regard.translation.phrasebook.predicates import action, chosen
from regard.translation.phrasebook.relatives import perhaps_relative, where_clause
from regard.translation.phrasebook.states import condition
from regard.translation.phrasebook.units import Draw, Phrase, Unit, weighted, words
from regard.translation.phrasebook.verb_groups import group

TENSES = weighted(
    (8, "present"), (8, "preterite"), (3, "progressive"), (4, "future"), (3, "perfect"),
    (1, "just"), (2, "can"), (3, "want"), (1, "must"), (2, "have_to"), (1, "need"),
    (1, "was_doing"), (1, "had_to"),
)  # fmt: skip
_PAST_OF_STATES = {"preterite": "past", "future": "future"}


def subject(draw: Draw, *, third: bool = False) -> NounPhrase:
    """Who does it: in the verb alone, a pronoun, a name, somebody with an article, two people.

    third: only those whom a later clause can leave out without becoming ambiguous.
    """
    chance = draw.random()
    if chance < 0.32 and not third:
        return unspoken(draw, draw.pick(_UNSPOKEN))
    if chance < 0.38 and not third:
        return spoken(draw)
    if chance < 0.48:
        return spoken(draw, STATED_PRONOUNS)
    if chance < 0.56:
        return joined(draw, name(draw), name(draw) if draw.chance(0.6) else relation(draw))
    if chance < 0.63:
        return thing(draw, NOUNS["animal"], determiners=small.FOR_SUBJECT_THINGS)
    somebody = person(draw, known=False)
    somebody.add(perhaps_relative(draw, somebody, 0.1))
    return somebody


_UNSPOKEN = weighted((9, 0), (4, 1), (7, 3))


def human_subject(draw: Draw) -> NounPhrase:
    """Who, when it has to be a person."""
    who = subject(draw)
    while not who.human:
        who = subject(draw)
    return who


def event(draw: Draw, who: NounPhrase, tense: str) -> Phrase:
    """A statement about somebody in a tense, with what may stand around it."""
    acts = who.kind in ("person", "animal") and (
        draw.chance(0.75) or tense not in ("present", "preterite", "future")
    )
    if not acts:
        return _stative(draw, who, _PAST_OF_STATES.get(tense, "present"))
    who = tense_form(draw, who, past=tense == "was_doing")
    predicate = action(draw, who, tense)
    if tense == "perfect" and draw.chance(0.4):
        return _already(draw, who, predicate)
    negative = draw.chance(0.17)
    adverb = None
    if not negative and draw.chance(0.13):
        adverb = _frequency(draw, tense)
    time = None
    if adverb is None and draw.chance(0.3) and not (predicate.lasting and tense == "present"):
        time = time_for(draw, tense)
    return _with_time(draw, who, predicate, time, negative=negative, adverb=adverb)


def _with_time(
    draw: Draw,
    who: NounPhrase,
    predicate: Predicate,
    time: Phrase | None,
    *,
    negative: bool,
    adverb: Unit | None,
) -> Phrase:
    first = time is not None and draw.chance(0.4)
    if time is not None:
        predicate.timed = True
        if not first:
            predicate.say_when(time)
    said = statement(draw, who, predicate, negative=negative, adverb=adverb)
    if time is None or not first:
        return said
    return Phrase(time.spanish + said.spanish, time.english + said.english)


_ALWAYS, _OFTEN, _NEVER = small.OFTEN[0], small.OFTEN[1], small.OFTEN[2]
_ALSO = small.OFTEN[6]
_ADVERBS = {
    "present": small.OFTEN,
    "preterite": (_NEVER, _ALSO),
    "perfect": (_NEVER, _ALWAYS, _ALSO),
    "can": (_ALSO, _ALWAYS),
    "want": (_ALSO, _ALWAYS, _NEVER),
}


def _frequency(draw: Draw, tense: str) -> Unit:
    return draw.pick(_ADVERBS.get(tense, (_ALSO,)))


def _already(draw: Draw, who: NounPhrase, predicate: Predicate) -> Phrase:
    """Ya he leído: I have already read; todavía no he leído: I have not read ... yet."""
    if draw.chance(0.5):
        return statement(draw, who, predicate, adverb=_YA)
    said = statement(draw, who, predicate, negative=True)
    yet = draw.pair("todavía", "yet")
    at = len(who.spanish)
    spanish = said.spanish[:at] + yet.spanish + said.spanish[at:]
    return Phrase(spanish, said.english + yet.english)


_YA = small.ALREADY
_STATE_ADVERBS = (_ALWAYS, _ALSO, small.OFTEN[5], _NEVER)


def _stative(draw: Draw, who: NounPhrase, tense: str) -> Phrase:
    who = tense_form(draw, who, past=tense == "past")
    predicate = condition(draw, who, tense)
    negative = draw.chance(0.17)
    adverb = None
    if (
        not negative
        and who.kind in ("person", "animal")
        and tense == "present"
        and draw.chance(0.1)
    ):
        adverb = draw.pick(_STATE_ADVERBS)
    return statement(draw, who, predicate, negative=negative, adverb=adverb)


# One clause --------------------------------------------------------------------------------------


def simple(draw: Draw) -> Phrase:
    """One statement."""
    tense = draw.pick(TENSES)
    said = event(draw, subject(draw), tense)
    if not draw.chance(0.05):
        return said
    openers = small.TURNS + small.ATTITUDES if tense == "preterite" else small.ATTITUDES
    opening = draw.place(draw.pick(openers))
    opening.add(draw.pair(",", ","))
    opening.add(said)
    return opening


def about_things(draw: Draw) -> Phrase:
    """What a thing or a place is like, or where it is."""
    what = thing(draw, _THINGS, determiners=small.FOR_SUBJECT_THINGS)
    if what.kind in ("building", "outdoors") and draw.chance(0.2):
        where_clause(draw, what)
    else:
        what.add(perhaps_relative(draw, what, 0.3))
    tense = "past" if draw.chance(0.2) else "present"
    return statement(draw, what, condition(draw, what, tense), negative=draw.chance(0.15))


_THINGS = pool("text tool clothes vehicle furniture building room food")


def there_is(draw: Draw) -> Phrase:
    """Hay un libro en la mesa: there is, there are, there was; no hay leche: there is no milk."""
    past = draw.chance(0.25)
    negative = draw.chance(0.2)
    determiners = small.FOR_NOTHING if negative else small.FOR_THERE_IS
    options = _MASS if negative and draw.chance(0.3) else _THERE
    what = thing(draw, options, determiners=determiners)
    head = draw.sense()
    be = (("was", "were") if past else ("is", "are"))[what.plural]
    phrase = Phrase([("había" if past else "hay", head)], [("there", head), (be, head)])
    if negative:
        no = draw.pair("no", "no")
        phrase = Phrase(no.spanish + phrase.spanish, phrase.english + no.english)
    phrase.add(what)
    phrase.add(location(draw, what.kind))
    return phrase


_THERE = pool("person animal food text tool clothes vehicle furniture building plant profession")
_MASS = tuple(noun for noun in pool("food drink") if noun.is_mass)


def nothing(draw: Draw) -> Phrase:
    """No veo nada: I do not see anything; no veo a nadie; nadie abre la puerta: nobody opens ..."""
    tense = draw.pick(TENSES)
    if draw.chance(0.35):
        nobody = draw.pair("nadie", "nobody")
        who = NounPhrase(
            nobody.spanish, nobody.english, person=2, pronoun="", feminine=False, kind="person"
        )
        return statement(draw, who, action(draw, who, tense))
    who = tense_form(draw, human_subject(draw), past=tense == "was_doing")
    if draw.chance(0.6):
        verb_with = chosen(draw, verbs.WITH_THING, tense)
        tail = draw.pair("nada", "anything")
    else:
        verb_with = chosen(draw, verbs.WITH_PERSON, tense)
        tail = Phrase([("a", 0)], [])
        tail.add(draw.pair("nadie", "anyone"))
    if verb_with.where and draw.chance(0.4):
        tail.add(where(draw, verb_with.where))
    predicate = Predicate(group(draw, verb_with, tense, who), tail)
    return statement(draw, who, predicate, negative=True)


FUNCTION_WORDS = words("hay había no todavía nada nadie")
