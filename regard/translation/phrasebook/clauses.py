"""Clauses: a subject and what is said of it, as a statement, a question or a relative clause."""

from __future__ import annotations

from collections.abc import Callable

from regard.translation.phrasebook import phrases as small
from regard.translation.phrasebook.noun_phrases import NounPhrase, name, relation
from regard.translation.phrasebook.units import Draw, Phrase, Token, Unit, words
from regard.translation.phrasebook.verb_groups import Group

FUNCTION_WORDS = words("no que donde a las y media yo")


class Predicate:
    """What is said of a subject: a verb group and what follows it.

    lasting: a state, which does not happen every day; timed: its time is said already; reason: why
    people do it, a key of REASONS; thing: what it is done to, for a pronoun in the next clause.
    """

    __slots__ = ("group", "lasting", "reason", "tail", "thing", "timed")

    def __init__(self, group: Group, tail: Phrase, *, lasting: bool = False):
        self.group = group
        self.tail = tail
        self.lasting = lasting
        self.timed = False
        self.reason = ""
        self.thing: NounPhrase | None = None

    def say_when(self, time: Phrase) -> None:
        """Put a time at the end."""
        self.tail.add(time)
        self.timed = True


Frame = Callable[[Draw, NounPhrase, str], Predicate]  # builds one in a tense


def verb_phrase(
    draw: Draw, predicate: Predicate, *, negative: bool = False, adverb: Unit | None = None
) -> Phrase:
    """A predicate as a statement without its subject; an ambiguous past says when it was."""
    group = predicate.group
    if group.ambiguous and not predicate.timed:
        predicate.say_when(past_time(draw))
    spanish: list[Token] = []
    english: list[Token] = []
    if negative or group.auxiliary:
        english.append(group.do())
    if negative:
        no = draw.pair("no", "not")
        spanish += no.spanish
        english += no.english
    if adverb is not None:
        often = draw.place(adverb)
        spanish += often.spanish
        english += often.english
    spanish += group.spanish
    english += group.base if negative else group.finite
    phrase = Phrase(spanish, english)
    phrase.add(predicate.tail)
    return phrase


def english_subject(subject: NounPhrase, group: Group) -> list[Token]:
    """The English subject: the pronoun of the verb where Spanish has none."""
    return subject.english or [(subject.pronoun, group.head)]


def statement(
    draw: Draw,
    subject: NounPhrase,
    predicate: Predicate,
    *,
    negative: bool = False,
    adverb: Unit | None = None,
) -> Phrase:
    """Subject and predicate in the order of a statement; `all` is not denied."""
    negative = negative and not subject.universal
    said = verb_phrase(draw, predicate, negative=negative, adverb=adverb)
    return Phrase(
        subject.spanish + said.spanish,
        english_subject(subject, predicate.group) + said.english,
    )


def inverted(
    draw: Draw, subject: NounPhrase, predicate: Predicate, *, fronted: bool = False
) -> Phrase:
    """The order of a question: verb, subject, rest; fronted leaves the Spanish subject in front."""
    group, tail = predicate.group, predicate.tail
    spanish = group.spanish + subject.spanish
    if fronted:
        spanish = subject.spanish + group.spanish
    english = [group.do(), *english_subject(subject, group), *group.base]
    return Phrase(spanish + tail.spanish, english + tail.english)


def past_time(draw: Draw) -> Phrase:
    """When something happened: ayer, la semana pasada, hace dos días."""
    if draw.chance(0.3):
        ago = draw.pair(*small.AGO)
        span = draw.place(draw.pick(small.SMALL_NUMBERS))
        span.add(draw.place(draw.pick(small.SPANS)))
        return Phrase(ago.spanish + span.spanish, span.english + ago.english)
    return draw.place(draw.pick(small.PAST_TIMES))


def clock_time(draw: Draw) -> Phrase:
    """At what hour: a las tres, a las tres y media."""
    at = draw.pair("a", "at")
    hour = draw.place(draw.pick(small.HOURS))
    if draw.chance(0.25):
        half = draw.sense()
        at.spanish += [("las", 0), *hour.spanish, ("y", half), ("media", half)]
        at.english += [("half", half), ("past", half), *hour.english]
        return at
    las = draw.sense()
    at.spanish += [("las", las), *hour.spanish]
    at.english += [*hour.english, ("o'clock", las)]
    return at


_TIMES = {
    "present": small.HABITS,
    "progressive": small.NOW_TIMES,
    "was_doing": small.PAST_TIMES[:2],
    "perfect": small.LATELY,
    "future": small.FUTURE_TIMES,
    "can": small.FUTURE_TIMES,
    "must": small.FUTURE_TIMES,
    "want": small.FUTURE_TIMES,
    "need": small.FUTURE_TIMES,
    "have_to": small.FUTURE_TIMES + small.HABITS[:4],
}


def time_for(draw: Draw, tense: str) -> Phrase | None:
    """When, as it suits a tense; None where no time is said with it."""
    if tense in ("preterite", "had_to"):
        return past_time(draw)
    times = _TIMES.get(tense)
    return draw.place(draw.pick(times)) if times is not None else None


def tense_form(draw: Draw, subject: NounPhrase, *, past: bool) -> NounPhrase:
    """The subject, said aloud where the verb alone would not tell I from he: yo estaba."""
    if past and subject.person == 0 and not subject.spanish:
        phrase = draw.pair("yo", "I")
        subject.spanish, subject.english = phrase.spanish, phrase.english
    return subject


def companion(draw: Draw, subject: NounPhrase) -> Phrase:
    """With whom: conmigo, con Ana; not with oneself."""
    if draw.chance(0.25):
        person, phrase = draw.pick(small.WITH_PRONOUN)
        while person in _SAME[subject.pronoun]:
            person, phrase = draw.pick(small.WITH_PRONOUN)
        return draw.place(phrase)
    phrase = draw.pair("con", "with")
    phrase.add(name(draw) if draw.chance(0.5) else relation(draw))
    return phrase


# By the English subject: the persons that it may be part of.
_SAME = {
    "I": (0, 3), "we": (0, 3), "you": (1,), "he": (2,), "she": (2,), "it": (2,), "they": (2, 4),
    "": (),
}  # fmt: skip
