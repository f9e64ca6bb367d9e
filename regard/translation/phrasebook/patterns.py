"""Statements with a pattern of their own: weather, hours, for how long, the most of all."""

from __future__ import annotations

from collections.abc import Sequence

from regard.translation.phrasebook import phrases as small
from regard.translation.phrasebook import verbs
from regard.translation.phrasebook.adjectives import QUALITIES, Adjective
from regard.translation.phrasebook.clauses import Predicate, clock_time, statement, time_for
from regard.translation.phrasebook.noun_phrases import NounPhrase, described, thing
from regard.translation.phrasebook.nouns import CITIES, MEN, NOUNS, WOMEN, pool
from regard.translation.phrasebook.places import place_in
from regard.translation.phrasebook.predicates import doing
from regard.translation.phrasebook.statements import human_subject
from regard.translation.phrasebook.units import Draw, Phrase, Token, Unit, unit, units, words
from regard.translation.phrasebook.verb_groups import group

_IMPERSONAL = units(
    "importante:important|fácil:easy|difícil:difficult|necesario:necessary|divertido:fun|"
    "mejor:better|imposible:impossible|bueno:good"
)


def impersonal(draw: Draw) -> Phrase:
    """Es importante leer el libro: it is important to read the book."""
    head = draw.sense()
    phrase = Phrase([("es", head)], [("it", head), ("is", head)])
    adjective = draw.place(draw.pick(_IMPERSONAL))
    if adjective.english[0][0] in ("important", "easy", "difficult", "fun") and draw.chance(0.3):
        phrase.add(draw.pair("muy", "very"))
    phrase.add(adjective)
    anyone = NounPhrase([], [], person=2, pronoun="", feminine=False, kind="person")
    phrase.add(doing(draw, anyone, to=True))
    if draw.chance(0.3):
        phrase.add(draw.place(draw.pick(small.HABITS)))
    return phrase


_SKY = {
    "present": units("hace:it_is|está:it_is"),
    "progressive": units("está:it_is lloviendo:raining|está:it_is nevando:snowing"),
    "past": units("estaba:it_was lloviendo:raining|estaba:it_was nevando:snowing"),
    "preterite": units("llovió:it_rained|nevó:it_snowed"),
    "future": units("va:it_is_going a:to llover:rain|va:it_is_going a:to nevar:snow"),
}
_COLD = {
    "present": unit("hace:it_is"),
    "past": unit("hacía:it_was"),
    "future": unit("va:it_is_going a:to hacer:be"),
}


def weather(draw: Draw, tense: str, kinds: Sequence[Unit] = small.WEATHER) -> Phrase:
    """Hace frío: it is cold; está lloviendo: it is raining (present, past, future, preterite)."""
    if tense in _COLD and draw.chance(0.6):
        phrase = draw.place(_COLD[tense])
        kind = draw.pick(kinds)
        if draw.chance(0.35):
            phrase.add(draw.pair("mucho", "very"))
        phrase.add(draw.place(kind))
        return phrase
    return draw.place(draw.pick(_SKY["progressive" if tense == "present" else tense]))


def about_weather(draw: Draw) -> Phrase:
    """The weather, somewhere, sometimes."""
    tense = draw.pick(("present", "past", "future", "preterite"))
    phrase = weather(draw, tense)
    if draw.chance(0.7):
        phrase.add(draw.pair("en", "in"))
        phrase.add(draw.place(draw.pick(CITIES)))
    if tense == "future" or tense == "preterite":
        time = time_for(draw, tense)
        assert time is not None
        phrase.add(time)
    return phrase


def hour(draw: Draw) -> Phrase:
    """What happens at what hour: la tienda abre a las tres y media."""
    if draw.chance(0.5):
        who = human_subject(draw)
        predicate = _with_habit(draw, who)
        predicate.tail.add(clock_time(draw))
        return statement(draw, who, predicate)
    what = thing(draw, _OPENING, determiners=(small.THE, small.THIS))
    sense = draw.sense()
    stem, english = draw.pick((("abre", "open"), ("cierra", "close")))
    word = stem + "n" * what.plural
    phrase = Phrase(
        [*what.spanish, (word, sense)], [*what.english, (english + "s" * (not what.plural), sense)]
    )
    phrase.add(clock_time(draw))
    return phrase


def _with_habit(draw: Draw, who: NounPhrase) -> Predicate:
    habit = draw.pick(_DAILY)
    return Predicate(group(draw, habit, draw.pick(("present", "preterite")), who), Phrase())


_DAILY = tuple(
    daily
    for daily in verbs.ALONE
    if daily.spanish.infinitive
    in ("desayunar", "almorzar", "cenar", "levantar", "acostar", "despertar")
)
_OPENING = pool("building")


# Long ago and most of all ------------------------------------------------------------------------


def since(draw: Draw) -> Phrase:
    """Hace dos años que vivo en Lima: I have lived in Lima for two years."""
    duration = draw.pair("hace", "for")
    span = draw.place(draw.pick(small.SMALL_NUMBERS))
    span.add(draw.place(draw.pick(small.LONG_SPANS)))
    who = human_subject(draw)
    resides = draw.pick(verbs.RESIDING)
    sense = draw.sense()
    tail = draw.pair("en", "in")
    tail.add(draw.place(draw.pick(CITIES)))
    if draw.chance(0.4):
        tail = place_in(draw, draw.pick(_WORKPLACES))
    have: Token = ("has" if who.person == 2 else "have", sense)
    english = who.english or [(who.pronoun, sense)]
    english = [*english, have, *((word, sense) for word in resides.english.participle)]
    verb: Token = (resides.spanish.present[who.person], sense)
    return Phrase(
        [*duration.spanish, *span.spanish, ("que", 0), *who.spanish, verb, *tail.spanish],
        english + tail.english + duration.english + span.english,
    )


FUNCTION_WORDS = words("es son abre abren cierra cierran hace que más mucho en de")
_WORKPLACES = small.PLACES["work"]


def superlative(draw: Draw) -> Phrase:
    """Ana es la médica más famosa de España; esta es la casa más grande de la ciudad."""
    if draw.chance(0.4):
        noun = draw.pick(_PROFESSIONS)
        adjective = draw.fresh(QUALITIES["person"])
        called = draw.fresh(WOMEN if noun.feminine else MEN)
        opening = draw.pair(called, called)
        plural = False
    else:
        noun = draw.pick(_COMPARABLE)
        adjective = draw.fresh(QUALITIES[noun.kind])
        plural = noun.plural is not None and draw.chance(0.25)
        this = small.THIS.form(feminine=noun.feminine, plural=plural)
        assert this is not None
        opening = draw.place(this)
    be = ("son", "are") if plural else ("es", "is")
    opening.add(draw.pair(*be))
    core = described(draw, noun, small.THE, plural=plural, bare=True)
    most = _most(draw, adjective, feminine=noun.feminine, plural=plural)
    opening.spanish += core.spanish + most.spanish
    opening.english += [core.english[0], *most.english, *core.english[1:]]
    opening.add(draw.pair("de", "in"))
    if noun.is_human and draw.chance(0.4):
        opening.add(draw.place(draw.pick(CITIES)))
    else:
        within = _WITHIN["profession" if noun.is_human else noun.kind]
        this = draw.pick((small.THE, small.THE, small.THIS))
        opening.add(described(draw, draw.fresh(within), this, plural=False))
    return opening


def _most(draw: Draw, adjective: Adjective, *, feminine: bool, plural: bool) -> Phrase:
    more, sense = draw.sense(), draw.sense()
    form = adjective.form(feminine=feminine, plural=plural)
    if len(adjective.superlative) == 1:
        english = [(adjective.superlative[0], more | sense)]
    else:
        english = [("most", more), (adjective.superlative[1], sense)]
    return Phrase([("más", more), (form, sense)], english)


_PROFESSIONS = NOUNS["profession"]
_COMPARABLE = tuple(noun for noun in pool("text vehicle building furniture clothes") if noun.plural)
_WITHIN = {
    kind: tuple(noun for noun in pool("building outdoors") if noun.lemma in lemmas.split())
    for kind, lemmas in (
        ("profession", "ciudad pueblo escuela universidad hospital"),
        ("text", "biblioteca tienda escuela"),
        ("vehicle", "ciudad pueblo tienda"),
        ("building", "ciudad pueblo"),
        ("furniture", "tienda casa escuela"),
        ("clothes", "tienda mercado"),
    )
}
