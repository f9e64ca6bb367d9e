"""Reversed verbs: me gustan los perros, me duele la cabeza, where English has another subject."""

from __future__ import annotations

from collections.abc import Sequence

from regard.translation.phrasebook import phrases as small
from regard.translation.phrasebook.clauses import Predicate, statement
from regard.translation.phrasebook.english import BE_PRESENT, verb
from regard.translation.phrasebook.noun_phrases import (
    STATED_PRONOUNS,
    NounPhrase,
    described,
    name,
    person,
    relation,
    spoken,
    thing,
    unspoken,
)
from regard.translation.phrasebook.nouns import NOUNS, Noun, pool
from regard.translation.phrasebook.predicates import action, doing
from regard.translation.phrasebook.relatives import perhaps_relative
from regard.translation.phrasebook.units import Draw, Phrase, Token, unit, weighted, words
from regard.translation.phrasebook.verb_groups import Group

# Pronoun, emphasis (a mí), English subject, person.
_LIKERS = weighted(
    (5, ("me", "mí", "I", 0)),
    (3, ("te", "ti", "you", 1)),
    (3, ("nos", "nosotros", "we", 3)),
)


def _liker(draw: Draw) -> tuple[NounPhrase, Token]:
    """Who likes it, as `a Ana` or nothing, and the pronoun beside the verb."""
    chance = draw.random()
    if chance < 0.55:
        pronoun, emphasis, english, number = draw.pick(_LIKERS)
        sense = draw.sense()
        who = unspoken(draw, number)
        who.english = [(english, sense)]
        if draw.chance(0.2):
            who.spanish = [("a", 0), (emphasis, sense)]
        return who, (pronoun, sense)
    who = spoken(draw, STATED_PRONOUNS) if chance < 0.65 else person(draw)
    who.spanish = [("a", 0), *who.spanish]
    return who, ("les" if who.plural else "le", 0)


def liking(draw: Draw) -> tuple[NounPhrase, Predicate]:
    """Me gustan los perros: I like dogs; a Ana le gusta leer: Ana likes to read.

    A present plural or mass noun is meant in general and has no article in English.
    """
    who, pronoun = _liker(draw)
    past = draw.chance(0.18)
    what = draw.pick(("like",) if past else _LIKING)
    what_is_liked, plural = _liked(draw, who, past=past, by=what)
    stem, forms = _LIKING_VERBS[what]
    head = draw.sense()
    word = stem + (("ó", "aron") if past else ("a", "an"))[plural]
    finite = forms.past if past else forms.third if who.person == 2 else forms.base
    base = forms.base
    auxiliary = ""
    if what == "be":
        auxiliary = BE_PRESENT[who.person]
        finite = base = base[1:]
    made = Group(
        [pronoun, (word, head)],
        head,
        auxiliary=auxiliary,
        finite=[(part, head) for part in finite],
        base=[(part, head) for part in base],
        past=past,
        person=who.person,
    )
    return who, Predicate(made, what_is_liked, lasting=True)


_LIKING = ("like", "like", "like", "love", "be")
_LIKING_VERBS = {
    "like": ("gust", verb("like")),
    "love": ("encant", verb("love")),
    "be": ("interes", verb("be_interested_in")),
}


def likes(draw: Draw) -> Phrase:
    """A statement about what somebody likes or does not like."""
    who, predicate = liking(draw)
    negative = predicate.group.finite[0][0] not in ("love", "loves") and draw.chance(0.25)
    return statement(draw, who, predicate, negative=negative)


def _liked(draw: Draw, who: NounPhrase, *, past: bool, by: str) -> tuple[Phrase, bool]:
    """What is liked, and whether it is plural."""
    chance = draw.random()
    if past:
        phrase = thing(draw, _LIKABLE, determiners=small.FOR_SUBJECT_THINGS)
        return phrase, phrase.plural
    if by == "be":
        if chance < 0.5:
            return draw.place(draw.pick(small.LIKED_SUBJECTS)), False
        return _general(draw, NOUNS["text"]), True
    if chance < 0.3:
        return doing(draw, who, to=True), False
    if chance < 0.4:
        return draw.place(draw.pick(small.LIKED_SUBJECTS)), False
    if chance < 0.7:
        noun = draw.pick(_GENERAL)
        return _general(draw, (noun,)), noun.plural is not None
    noun = draw.fresh(_LIKABLE)
    determiner = draw.pick(_SPECIFIC)
    phrase = described(draw, noun, determiner, plural=False if determiner is small.THE else None)
    phrase.add(perhaps_relative(draw, phrase, 0.25))
    return phrase, phrase.plural


def _general(draw: Draw, options: Sequence[Noun]) -> Phrase:
    noun = draw.fresh(options)
    return described(draw, noun, small.GENERIC, plural=noun.plural is not None)


_GENERAL = pool("animal food drink clothes text song film plant")
_LIKABLE = pool("text clothes vehicle building outdoors song film room furniture")
_SPECIFIC = weighted(
    (3, small.THE), (3, small.THIS), (2, small.THAT), (1, small.MY), (2, small.YOUR)
)


_BODY = (
    (unit("cabeza:head"), unit("cabeza:heads"), True),
    (unit("espalda:back"), unit("espalda:backs"), True),
    (unit("garganta:throat"), unit("garganta:throats"), True),
    (unit("estómago:stomach"), unit("estómago:stomachs"), False),
    (unit("pies:feet"), unit("pies:feet"), False),
    (unit("ojos:eyes"), unit("ojos:eyes"), False),
)


FUNCTION_WORDS = (
    *(stem + ending for stem, _ in _LIKING_VERBS.values() for ending in ("a", "an")),
    *words("gustó gustaron duele duelen a mí ti le les"),
)


def hurting(draw: Draw) -> Phrase:
    """Me duele la cabeza: my head hurts; a Ana le duelen los pies cuando corre: Ana's feet ..."""
    one, of_several, feminine = draw.pick(_BODY)
    head, whose = draw.sense(), draw.sense()
    owned = draw.place(one)
    plural = owned.spanish[0][0].endswith("s")
    several = plural
    if draw.chance(0.6):
        pronoun, _, english, person = draw.pick(_LIKERS)
        who = unspoken(draw, person)
        if pronoun == "nos":
            owned, several = draw.place(of_several), True
        spanish: list[Token] = [(pronoun, whose)]
        opening: list[Token] = [(small.ENGLISH_POSSESSIVE[english], whose)]
    else:
        who = name(draw) if draw.chance(0.6) else relation(draw, singular=True)
        spanish = [("a", 0), *who.spanish, ("le", 0)]
        word, senses = who.english[-1]
        opening = [*who.english[:-1], (word + "'s", senses)]
    article = ("los" if plural else "la" if feminine else "el", 0)
    spanish += [("duelen" if plural else "duele", head), article, *owned.spanish]
    hurts = "hurt" if several else "hurts"
    phrase = Phrase(spanish, [*opening, *owned.english, (hurts, head)])
    if draw.chance(0.5):
        same = who.dropped()
        phrase.add(draw.pair("cuando", "when"))
        phrase.add(statement(draw, same, action(draw, same, "present")))
    return phrase
