"""Sentences of two clauses: because, when, if, while, although, that, before, and, but.

A third person that is the subject of both clauses is named in the first and left out of the second
in Spanish (Ana no viene porque está cansada): English says the pronoun of the first subject.
"""

from __future__ import annotations

from regard.translation.phrasebook import verbs
from regard.translation.phrasebook.clauses import (
    Predicate,
    inverted,
    past_time,
    statement,
    tense_form,
    verb_phrase,
)
from regard.translation.phrasebook.english import verb
from regard.translation.phrasebook.likings import liking
from regard.translation.phrasebook.noun_phrases import NounPhrase, person, unspoken
from regard.translation.phrasebook.nouns import CITIES
from regard.translation.phrasebook.patterns import weather
from regard.translation.phrasebook.predicates import (
    alone,
    care,
    doing,
    going,
    to_person,
    to_someone,
    with_it,
    with_person,
    with_subject,
    with_thing,
)
from regard.translation.phrasebook.reasons import ACTS, MONEY, SCENES, TIME, again, excuse, that_has
from regard.translation.phrasebook.statements import event, human_subject
from regard.translation.phrasebook.states import state
from regard.translation.phrasebook.units import Draw, Phrase, Token, unit, units, weighted, words
from regard.translation.phrasebook.verb_groups import Group, being, group

FUNCTION_WORDS = words("porque cuando si mientras aunque pero y e o que")


def _link(draw: Draw, first: Phrase, word: tuple[str, str], second: Phrase) -> Phrase:
    first.add(draw.pair(*word))
    first.add(second)
    return first


def _in_front(draw: Draw, word: tuple[str, str], first: Phrase, second: Phrase) -> Phrase:
    phrase = draw.pair(*word)
    phrase.add(first)
    phrase.add(draw.pair(",", ","))
    phrase.add(second)
    return phrase


# When, while, if, although -----------------------------------------------------------------------


def _other_or_same(draw: Draw, who: NounPhrase, probability: float = 0.6) -> NounPhrase:
    if draw.chance(probability):
        return again(who)
    if draw.chance(0.7):
        return person(draw)
    return unspoken(draw, 1 if who.person in (0, 3) else draw.pick((0, 3)))


def when(draw: Draw) -> Phrase:
    """Cuando llego a casa, leo; Ana estaba leyendo cuando llegué."""
    who = human_subject(draw)
    chance = draw.random()
    if chance < 0.4:
        first = statement(draw, who, draw.pick((alone, going, with_thing))(draw, who, "present"))
        same = _other_or_same(draw, who, 0.7)
        second = statement(draw, same, draw.pick(ACTS)(draw, same, "present"))
        if draw.chance(0.6):
            return _in_front(draw, ("cuando", "when"), first, second)
        return _link(draw, first, ("cuando", "when"), second)
    other = person(draw)
    arrival = draw.pick((going, alone, with_thing, with_person))(draw, other, "preterite")
    if draw.chance(0.4):
        other = unspoken(draw, 1 if who.person in (0, 3) else 0)
        arrival = draw.pick((going, going, with_thing))(draw, other, "preterite")
    who = tense_form(draw, who, past=True)
    doing_then = statement(draw, who, draw.pick(ACTS)(draw, who, "was_doing"))
    arrived = statement(draw, other, arrival)
    if draw.chance(0.5):
        return _in_front(draw, ("cuando", "when"), arrived, doing_then)
    return _link(draw, doing_then, ("cuando", "when"), arrived)


def childhood(draw: Draw) -> Phrase:
    """Ana vivía en Lima cuando era niña: Ana lived in Lima when she was a child."""
    who = human_subject(draw)
    who = tense_form(draw, who, past=True)
    place = draw.pair("en", "in")
    place.add(draw.place(draw.pick(CITIES)))
    lived = group(draw, verbs.RESIDING[0], "imperfect", who)
    main = statement(draw, who, Predicate(lived, place))
    same = tense_form(draw, again(who), past=True)
    child = draw.pair("niña" if who.feminine else "niño", "child")
    if who.plural:
        child = draw.pair("niñas" if who.feminine else "niños", "children")
    else:
        child.english.insert(0, ("a", child.english[0][1]))
    was = statement(draw, same, Predicate(being(draw, verbs.TO_BE, "past", same), child))
    return _link(draw, main, ("cuando", "when"), was)


def meanwhile(draw: Draw) -> Phrase:
    """Ana lee mientras Pedro cocina."""
    who = human_subject(draw)
    other = _other_or_same(draw, who, 0.0)
    tense = draw.pick(("present", "progressive", "was_doing"))
    who = tense_form(draw, who, past=tense == "was_doing")
    other = tense_form(draw, other, past=tense == "was_doing")
    first = statement(draw, who, draw.pick(ACTS)(draw, who, tense))
    second = statement(draw, other, draw.pick((alone, with_thing, to_person))(draw, other, tense))
    if draw.chance(0.35):
        return _in_front(draw, ("mientras", "while"), first, second)
    return _link(draw, first, ("mientras", "while"), second)


def provided(draw: Draw) -> Phrase:
    """Si tengo tiempo, voy a leer el libro; podemos ir al parque si hace sol."""
    who = human_subject(draw)
    tense = draw.pick(("future", "can", "must", "have_to"))
    front = draw.chance(0.6)
    first, second = (who, again(who)) if front else (again(who), who)
    chance = draw.random()
    if chance < 0.25:
        given = weather(draw, "present")
        first, second = who, who
    elif chance < 0.5:
        given = that_has(
            draw, first, draw.pick((TIME, MONEY)), past=False, negative=draw.chance(0.3)
        )
    elif chance < 0.75:
        given = statement(draw, first, state(draw, first, "present"), negative=draw.chance(0.2))
    else:
        given = statement(draw, first, draw.pick(ACTS)(draw, first, "want"))
    result = statement(
        draw, second, draw.pick(ACTS)(draw, second, tense), negative=draw.chance(0.15)
    )
    if front:
        return _in_front(draw, ("si", "if"), given, result)
    return _link(draw, result, ("si", "if"), given)


def although(draw: Draw) -> Phrase:
    """Aunque está cansada, Ana trabaja: the subject is named in the first clause."""
    who = human_subject(draw)
    past = draw.chance(0.4)
    who = tense_form(draw, who, past=past)
    predicate = state(draw, who, "past" if past else "present")
    first = statement(draw, who, predicate, negative=draw.chance(0.15))
    same = again(who)
    tense = "preterite" if past else draw.pick(("present", "future", "want", "have_to"))
    second = statement(draw, same, draw.pick(ACTS)(draw, same, tense), negative=draw.chance(0.2))
    if draw.chance(0.6):
        return _in_front(draw, ("aunque", "although"), first, second)
    who_acts = human_subject(draw)
    acts = statement(draw, who_acts, draw.pick(ACTS)(draw, who_acts, tense))
    same = tense_form(draw, again(who_acts), past=past)
    condition_then = statement(draw, same, state(draw, same, "past" if past else "present"))
    return _link(draw, acts, ("aunque", "although"), condition_then)


# That, whether, where ----------------------------------------------------------------------------

_SAID = (unit("es:it_is verdad:true que:that"), unit("parece:it_seems que:that"))
_THINKING = tuple(
    (forms, verb(english))
    for forms, english in (
        (verbs.TO_BELIEVE, "think"),
        (verbs.TO_SAY, "say"),
        (verbs.TO_KNOW, "know"),
    )
)


def opinion(draw: Draw) -> Phrase:
    """Creo que Ana está enferma; Pedro dice que no tiene tiempo; es verdad que ..."""
    if draw.chance(0.15):
        phrase = draw.place(draw.pick(_SAID))
        phrase.add(event(draw, named_subject(draw), draw.pick(_REPORTED)))
        return phrase
    who = human_subject(draw)
    forms, english = draw.pick(_THINKING)
    sense = draw.sense()
    thinks = english.third if who.person == 2 else english.base
    main = Phrase(
        [*who.spanish, (forms.present[who.person], sense)],
        [*(who.english or [(who.pronoun, sense)]), *((word, sense) for word in thinks)],
    )
    other = again(who) if draw.chance(0.4) else named_subject(draw)
    return _link(draw, main, ("que", "that"), event(draw, other, draw.pick(_REPORTED)))


_REPORTED = weighted(
    (5, "present"), (4, "preterite"), (4, "future"), (2, "perfect"), (2, "have_to"),
    (2, "progressive"), (1, "can"), (1, "want"),
)  # fmt: skip


def named_subject(draw: Draw) -> NounPhrase:
    """A subject of its own for a second clause."""
    if draw.chance(0.25):
        return unspoken(draw, draw.pick((0, 1, 3)))
    return person(draw)


_QUESTION_WORDS = (
    (unit("dónde:where"), "place"),
    (unit("cuándo:when"), "time"),
    (unit("por_qué:why"), "reason"),
    (unit("si:if"), "whether"),
)


def not_knowing(draw: Draw) -> Phrase:
    """No sé dónde vive Ana: I do not know where Ana lives (no do, no inversion in English)."""
    who = unspoken(draw, draw.pick((0, 0, 3))) if draw.chance(0.7) else person(draw)
    sense = draw.sense()
    no = draw.pair("no", "not")
    while who.universal:
        who = person(draw)
    do = "does" if who.person == 2 else "do"
    main = Phrase(
        [*who.spanish, *no.spanish, (verbs.TO_KNOW.present[who.person], sense)],
        [*(who.english or [(who.pronoun, sense)]), (do, sense), *no.english, ("know", sense)],
    )
    word, about = draw.pick(_QUESTION_WORDS)
    main.add(draw.place(word))
    other = person(draw)
    if about == "place":
        predicate = Predicate(
            group(draw, draw.pick(verbs.RESIDING), "present", other)
            if draw.chance(0.5)
            else being(draw, verbs.TO_STAY, "present", other),
            Phrase(),
        )
    else:
        tense = draw.pick(("preterite", "future", "want") if about == "time" else _REPORTED)
        predicate = draw.pick(ACTS)(draw, other, tense)
    said = verb_phrase(draw, predicate)
    made = predicate.group
    if about == "place":  # dónde vive Ana
        main.spanish += said.spanish + other.spanish
    elif about == "whether":
        main.spanish += other.spanish + said.spanish
    else:
        main.spanish += made.spanish + other.spanish + predicate.tail.spanish
    main.english += other.english + said.english
    if about == "place" and made.auxiliary:  # where Ana is
        main.english = main.english[: -len(said.english)] + said.english
    return main


# And, but, or, before, after ---------------------------------------------------------------------

_FIRST = (with_thing, with_thing, with_thing, going, alone, to_someone, with_person)
_SECOND = (going, alone, alone, with_person, to_person, with_subject)


def sequence(draw: Draw) -> Phrase:
    """Ana abrió la puerta y salió; compré un libro y lo leí: one subject, said once."""
    who = human_subject(draw)
    tense = draw.pick(("present", "preterite", "preterite"))
    first = draw.pick(_FIRST)(draw, who, tense)
    if first.thing is not None and draw.chance(0.6):
        second = with_it(draw, who.dropped(), tense, first.thing)
    else:
        second = draw.pick(_SECOND)(draw, who.dropped(), tense)
    opening = Phrase()
    if first.group.ambiguous or (tense == "preterite" and draw.chance(0.25)):
        opening = past_time(draw)
    first.timed = second.timed = bool(opening.spanish) or not first.group.ambiguous
    opening.add(statement(draw, who, first))
    opening.add(draw.pair("y", "and"))
    opening.add(verb_phrase(draw, second))
    return opening


def contrast(draw: Draw) -> Phrase:
    """Quiero leer, pero no tengo tiempo; Ana come carne, pero Pedro no."""
    who = human_subject(draw)
    if draw.chance(0.3):
        tense = draw.pick(("present", "preterite", "can", "future"))
        made = draw.pick(ACTS)(draw, who, tense)
        main = statement(draw, who, made)
        other = person(draw)
        while other.universal:
            other = person(draw)
        no = draw.pair("no", "not")
        helper = _do_for(made.group, other, no.english[0][1])
        second = Phrase(other.spanish + no.spanish, [*other.english, helper, *no.english])
    else:
        tense = draw.pick(("want", "have_to", "present", "preterite", "wanted"))
        past = tense in ("preterite", "wanted")
        who = tense_form(draw, who, past=tense == "wanted")
        main = statement(draw, who, draw.pick(ACTS)(draw, who, tense))
        second = excuse(draw, who, past=past)
    main.add(draw.pair(",", ","))
    return _link(draw, main, ("pero", "but"), second)


def _do_for(made: Group, other: NounPhrase, sense: int) -> Token:
    """The helper that English repeats for another subject, linked to `no`."""
    if made.auxiliary in ("can", "must"):
        return made.auxiliary, sense
    if made.auxiliary:
        return ("are" if other.plural else "is"), sense
    if made.past:
        return "did", sense
    return ("do" if other.plural else "does"), sense


def both(draw: Draw) -> Phrase:
    """Two statements with `y`, `pero` or `o` between, each with its own subject."""
    tense = draw.pick(SCENES)
    who = human_subject(draw)
    first = statement(draw, who, draw.pick(ACTS)(draw, who, tense))
    other = person(draw)
    second = statement(
        draw, other, draw.pick(ACTS)(draw, other, tense), negative=(but := draw.chance(0.4))
    )
    if but:
        first.add(draw.pair(",", ","))
        return _link(draw, first, ("pero", "but"), second)
    return _link(draw, first, ("y", "and"), second)


_BEFORE = units("antes_de:before|después_de:after|sin:without")


def before(draw: Draw) -> Phrase:
    """Ana se lava las manos antes de comer: Ana washes her hands before eating."""
    who = human_subject(draw)
    tense = draw.pick(("present", "preterite", "future", "have_to", "want"))
    main = statement(draw, who, draw.pick((care, *ACTS))(draw, who, tense))
    main.add(draw.place(draw.pick(_BEFORE[:2] if draw.chance(0.85) else _BEFORE)))
    main.add(doing(draw, who, gerund=True))
    return main


def likes_because(draw: Draw) -> Phrase:
    """Me gusta el libro porque es interesante; a Ana le gusta el café, pero a Pedro no."""
    who, predicate = liking(draw)
    main = statement(draw, who, predicate)
    other, second = liking(draw)
    while second.group.finite[0][0] in ("love", "loves"):
        other, second = liking(draw)
    main.add(draw.pair(",", ","))
    return _link(draw, main, ("pero", "but"), statement(draw, other, second, negative=True))


def choice(draw: Draw) -> Phrase:
    """¿Quieres beber té o prefieres leer? as a question: do you want to ... or ...?"""
    who = unspoken(draw, 1)
    tense = draw.pick(("want", "future", "can"))
    first = draw.pick(ACTS)(draw, who, tense)
    phrase = inverted(draw, who, first)
    phrase.add(draw.pair("o", "or"))
    phrase.add(doing(draw, who))
    return phrase


def asked_if(draw: Draw) -> Phrase:
    """A question with a condition: ¿puedes ayudarme si tienes tiempo?"""
    who = unspoken(draw, 1)
    phrase = inverted(draw, who, draw.pick(ACTS)(draw, who, draw.pick(("can", "want", "future"))))
    phrase.add(draw.pair("si", "if"))
    same = again(who)
    if draw.chance(0.5):
        phrase.add(that_has(draw, same, draw.pick((TIME, MONEY)), past=False))
    else:
        phrase.add(statement(draw, same, state(draw, same, "present")))
    return phrase
