"""What people, animals and things are, have and where they are: ser, estar and tener."""

from __future__ import annotations

from regard.translation.phrasebook import phrases as small
from regard.translation.phrasebook import verbs
from regard.translation.phrasebook.adjectives import QUALITIES, STATES
from regard.translation.phrasebook.clauses import Frame, Predicate
from regard.translation.phrasebook.noun_phrases import (
    NounPhrase,
    adjective_phrase,
    person,
    relation,
    thing,
)
from regard.translation.phrasebook.nouns import CITIES, NOUNS, pool
from regard.translation.phrasebook.places import location
from regard.translation.phrasebook.units import Draw, Phrase, unit, weighted, words
from regard.translation.phrasebook.verb_groups import being, group


def state(draw: Draw, subject: NounPhrase, tense: str) -> Predicate:
    """Estoy cansado; tengo hambre; estamos en casa (tense: present, past, future)."""
    chance = draw.random()
    if subject.human and chance < 0.3:
        predicate = Predicate(being(draw, verbs.TO_HAVE, tense, subject), Phrase())
        feeling = draw.pick(small.FEELINGS)
        degree = "mucha" if feeling.spanish[0][0] in _FEMININE_FEELINGS else "mucho"
        if feeling.english[0][0] in _GRADED_FEELINGS and draw.chance(0.25):
            predicate.tail.add(draw.pair(degree, "very"))
        predicate.tail.add(draw.place(feeling))
    elif (chance < 0.72 or subject.kind in ("room", "part")) and subject.kind in STATES:
        adjective = draw.fresh(STATES[subject.kind])
        predicate = Predicate(being(draw, verbs.TO_STAY, tense, subject), Phrase())
        if adjective.english in _GRADED_STATES and draw.chance(0.25):
            predicate.tail.add(draw.pair("muy", "very"))
        predicate.tail.add(
            adjective_phrase(draw, adjective, feminine=subject.feminine, plural=subject.plural)
        )
    else:
        predicate = located(draw, subject, tense)
    predicate.lasting = True
    return predicate


_FEMININE_FEELINGS = ("hambre", "sed", "prisa", "suerte")
_GRADED_FEELINGS = ("hungry", "thirsty", "sleepy", "cold", "hot", "lucky")
_GRADED_STATES = ("tired", "happy", "sad", "busy", "angry", "nervous", "worried", "dirty", "clean")


def located(draw: Draw, subject: NounPhrase, tense: str) -> Predicate:
    """Where somebody or something is."""
    return Predicate(
        being(draw, verbs.TO_STAY, tense, subject), location(draw, subject.kind), lasting=True
    )


def quality(draw: Draw, subject: NounPhrase, tense: str) -> Predicate:
    """Soy alto; Ana es médica; el libro es más interesante que la novela."""
    predicate = Predicate(being(draw, verbs.TO_BE, tense, subject), Phrase(), lasting=True)
    chance = draw.random()
    if subject.human and chance < 0.25:
        predicate.tail = _profession(draw, subject)
    elif subject.human and chance < 0.33 and tense == "present":
        predicate.tail = draw.pair("de", "from")
        predicate.tail.add(draw.place(draw.pick(CITIES)))
    elif chance < 0.6 or tense != "present":
        predicate.tail = _adjective(draw, subject)
    else:
        predicate.tail = comparison(draw, subject)
    return predicate


def _adjective(draw: Draw, subject: NounPhrase) -> Phrase:
    adjective = draw.fresh(QUALITIES[subject.kind])
    phrase = Phrase()
    if adjective.english not in ("delicious", "beautiful", "new") and draw.chance(0.3):
        phrase = draw.pair("muy", "very")
    phrase.add(adjective_phrase(draw, adjective, feminine=subject.feminine, plural=subject.plural))
    return phrase


def _profession(draw: Draw, subject: NounPhrase) -> Phrase:
    """The article that only English says is linked to the profession."""
    noun = draw.pick(_PROFESSIONS[subject.feminine])
    form = noun.plural if subject.plural else noun.singular
    assert form is not None
    phrase = draw.place(form)
    if not subject.plural:
        phrase.english.insert(0, ("a", phrase.spanish[0][1]))
    return phrase


_PROFESSIONS = tuple(
    tuple(noun for noun in NOUNS["profession"] if noun.feminine == feminine)
    for feminine in (False, True)
)


def comparison(draw: Draw, subject: NounPhrase) -> Phrase:
    """More than, as ... as: one English word where it has a comparative of its own."""
    adjective = draw.fresh(QUALITIES[subject.kind])
    form = adjective.form(feminine=subject.feminine, plural=subject.plural)
    if draw.chance(0.7):
        more, sense = draw.sense(), draw.sense()
        if len(adjective.comparative) == 1:
            english = [(adjective.comparative[0], more | sense)]
        else:
            english = [("more", more), (adjective.english, sense)]
        phrase = Phrase([("más", more), (form, sense)], english)
        phrase.add(draw.pair("que", "than"))
    else:
        phrase = draw.pair("tan", "as")
        phrase.add(draw.pair(form, adjective.english))
        phrase.add(draw.pair("como", "as"))
    if subject.human:
        phrase.add(person(draw) if draw.chance(0.8) else relation(draw))
    else:
        phrase.add(thing(draw, NOUNS[subject.kind], determiners=small.FOR_SUBJECT_THINGS))
    return phrase


def age(draw: Draw, subject: NounPhrase, tense: str) -> Predicate:
    """Tengo veinte años: I am twenty years old."""
    tail = draw.place(draw.pick(small.LARGE_NUMBERS))
    tail.add(draw.place(_YEARS))
    return Predicate(being(draw, verbs.TO_HAVE, tense, subject), tail, lasting=True)


_YEARS = unit("años:years_old")


def owning(draw: Draw, subject: NounPhrase, tense: str) -> Predicate:
    """Tengo dos hermanos y un perro; no tengo tiempo (tense: present, past)."""
    verb = verbs.OWN
    used = "imperfect" if tense == "past" else "present"
    if draw.chance(0.2):
        tail = draw.place(draw.pick(small.ONE_HAS))
        return Predicate(group(draw, verb, used, subject), tail, lasting=True)
    options = NOUNS["sibling"] if subject.human and draw.chance(0.25) else _OWNABLE
    tail = thing(draw, options, determiners=small.FOR_THERE_IS)
    return Predicate(group(draw, verb, used, subject), tail, lasting=True)


_OWNABLE = pool("animal tool vehicle clothes instrument furniture")


_CONDITIONS: tuple[Frame, ...] = weighted((5, state), (5, quality), (1, age), (3, owning))


def condition(draw: Draw, subject: NounPhrase, tense: str) -> Predicate:
    """What a subject is or has (tense: present, past or future)."""
    if not subject.human:
        return (quality if draw.chance(0.5) and subject.kind in QUALITIES else state)(
            draw, subject, tense
        )
    frame = draw.pick(_CONDITIONS if tense == "present" else _CONDITIONS[:10])
    return frame(draw, subject, tense)


FUNCTION_WORDS = words("muy mucho mucha más que tan como de")
