"""Questions, orders and exclamations."""

from __future__ import annotations

from regard.translation.phrasebook import phrases as small
from regard.translation.phrasebook import verbs
from regard.translation.phrasebook.adjectives import ATTRIBUTES
from regard.translation.phrasebook.clauses import Predicate, inverted, verb_phrase
from regard.translation.phrasebook.likings import liking
from regard.translation.phrasebook.noun_phrases import (
    NounPhrase,
    adjective_phrase,
    described,
    name,
    person,
    relation,
    spoken,
    thing,
    unspoken,
)
from regard.translation.phrasebook.nouns import pool
from regard.translation.phrasebook.places import location
from regard.translation.phrasebook.predicates import action, chosen
from regard.translation.phrasebook.states import condition
from regard.translation.phrasebook.units import Draw, Phrase, unit, units, weighted, words
from regard.translation.phrasebook.verb_groups import being, group

_TENSES = weighted(
    (5, "present"), (5, "preterite"), (3, "progressive"), (3, "future"), (2, "can"), (3, "want"),
    (1, "perfect"), (1, "have_to"), (1, "need"),
)  # fmt: skip


def _asked(draw: Draw) -> NounPhrase:
    """Whom a question is about: mostly the listener, or somebody named."""
    chance = draw.random()
    if chance < 0.45:
        return unspoken(draw, 1)
    if chance < 0.55:
        return spoken(
            draw, (("él", "he", 2), ("ella", "she", 2), ("ustedes", "you", 4), ("ellos", "they", 4))
        )
    if chance < 0.8:
        return name(draw)
    return person(draw)


def yes_or_no(draw: Draw) -> Phrase:
    """¿Lee Ana el libro? Does Ana read the book?"""
    if draw.chance(0.15):
        who, predicate = liking(draw)
        while who.person in (0, 3) or predicate.group.past:
            who, predicate = liking(draw)
        return inverted(draw, who, predicate, fronted=True)
    who = _asked(draw)
    tense = draw.pick(_TENSES)
    if tense == "present" and draw.chance(0.5):
        predicate = condition(draw, who, tense)
        return inverted(draw, who, predicate, fronted=draw.chance(0.5))
    predicate = action(draw, who, tense)
    return inverted(draw, who, predicate, fronted=draw.chance(0.4))


def thing_question(draw: Draw) -> Phrase:
    """Is a thing so, is it there: ¿Está abierta la tienda?"""
    what = thing(draw, _THINGS, determiners=small.FOR_SUBJECT_THINGS)
    predicate = condition(draw, what, "past" if draw.chance(0.15) else "present")
    return inverted(draw, what, predicate, fronted=draw.chance(0.5))


_THINGS = pool("text tool clothes vehicle furniture building food")


def is_there(draw: Draw) -> Phrase:
    """¿Hay una farmacia cerca de la plaza? Is there a pharmacy near the square?"""
    what = thing(draw, _THERE, determiners=small.FOR_THERE_IS)
    head = draw.sense()
    be = "are" if what.plural else "is"
    phrase = Phrase([("hay", head)], [(be, head), ("there", head)])
    phrase.add(what)
    phrase.add(location(draw, what.kind))
    return phrase


_THERE = pool("food building plant tool text vehicle person")


# With a question word ----------------------------------------------------------------------------

_WHEN = unit("cuándo:when")
_WHY = unit("por_qué:why")
_WHERE = unit("dónde:where")
_WHAT = unit("qué:what")
_WHO = unit("quién:who")
_AT_WHAT_TIME = unit("a:at qué:what hora:time")


def when_or_why(draw: Draw) -> Phrase:
    """¿Cuándo compraste el coche? ¿Por qué lloran los niños?"""
    why = draw.chance(0.5)
    opening = draw.place(_WHY if why else _WHEN)
    who = _asked(draw)
    tense = draw.pick(_TENSES if why else ("preterite", "preterite", "future", "can", "want"))
    predicate = action(draw, who, tense)
    opening.add(inverted(draw, who, predicate))
    return opening


def where_is_it(draw: Draw) -> Phrase:
    """¿Dónde está mi llave? ¿Dónde vive Ana? ¿Dónde compraste el vestido?"""
    opening = draw.place(_WHERE)
    chance = draw.random()
    if chance < 0.4:
        what = (
            thing(draw, _LOST, determiners=small.FOR_SUBJECT_THINGS)
            if chance < 0.25
            else person(draw)
        )
        tense = "past" if draw.chance(0.2) else "present"
        opening.add(
            inverted(draw, what, Predicate(being(draw, verbs.TO_STAY, tense, what), Phrase()))
        )
        return opening
    who = _asked(draw)
    if chance < 0.6:
        verb = draw.pick(verbs.RESIDING)
        predicate = Predicate(group(draw, verb, "present", who), Phrase())
    else:
        verb = chosen(draw, _SOMEWHERE, tense := draw.pick(("preterite", "want", "can", "future")))
        predicate = Predicate(group(draw, verb, tense, who), thing(draw, verb.objects, owner=who))
    opening.add(inverted(draw, who, predicate))
    return opening


_LOST = pool("tool text clothes building room vehicle")
_SOMEWHERE = tuple(
    verb
    for verb in verbs.WITH_THING
    if verb.spanish.infinitive
    in ("comprar", "vender", "encontrar", "perder", "esconder", "alquilar", "leer", "comer", "ver")
)


def what_is_done(draw: Draw) -> Phrase:
    """¿Qué quieres comer? What do you want to eat? ¿Qué libro lees? Which book ...?"""
    tense = draw.pick(_TENSES)
    verb = chosen(draw, verbs.WITH_THING, tense)
    who = _asked(draw)
    if draw.chance(0.45):
        opening = draw.place(_WHAT)
    else:
        opening = Phrase()
        noun = draw.pick(verb.objects)
        plural = noun.plural is not None and draw.chance(0.5)
        if plural and draw.chance(0.5):
            opening.add(draw.place(_HOW_MANY[noun.feminine]))
        else:
            opening.add(draw.pair("qué", "which"))
        opening.add(described(draw, noun, small.NO_DETERMINER, plural=plural, bare=True))
    opening.add(inverted(draw, who, Predicate(group(draw, verb, tense, who), Phrase())))
    return opening


_HOW_MANY = (unit("cuántos:how_many"), unit("cuántas:how_many"))


def who_does_it(draw: Draw) -> Phrase:
    """¿Quién abrió la puerta? Who opened it? ¿Con quién baila Ana? Who does Ana dance with?"""
    tense = draw.pick(_TENSES)
    if draw.chance(0.6):
        who = NounPhrase([], [], person=2, pronoun="", feminine=False, kind="person")
        opening = draw.place(_WHO)
        opening.add(verb_phrase(draw, action(draw, who, tense)))
        return opening
    who = _asked(draw)
    verb = chosen(draw, verbs.TO_PERSON, tense)
    bridge = draw.place(verb.bridge)
    opening = draw.place(_WHO)
    opening.add(inverted(draw, who, Predicate(group(draw, verb, tense, who), Phrase())))
    return Phrase(bridge.spanish + opening.spanish, opening.english + bridge.english)


def whose(draw: Draw) -> Phrase:
    """¿De quién es este libro? Whose book is this? ¿Cuánto cuesta? ¿Cuántos años tiene Ana?"""
    chance = draw.random()
    if chance < 0.35:
        return _whose(draw)
    if chance < 0.65:
        what = thing(draw, _FOR_SALE, determiners=small.FOR_SUBJECT_THINGS)
        opening = draw.place(_HOW_MUCH)
        sense = draw.sense()
        cost = "cuestan" if what.plural else "cuesta"
        do = "do" if what.plural else "does"
        opening.spanish += [(cost, sense), *what.spanish]
        opening.english += [(do, sense), *what.english, ("cost", sense)]
        return opening
    who = _asked(draw)
    opening = draw.place(_HOW_OLD)
    opening.add(
        inverted(draw, who, Predicate(being(draw, verbs.TO_HAVE, "present", who), Phrase()))
    )
    return opening


_HOW_MUCH, _HOW_OLD, _OF_WHOM = (
    unit("cuánto:how_much"), unit("cuántos:how años:old"), unit("de_quién:whose")
)  # fmt: skip
_FOR_SALE = pool("text tool clothes vehicle furniture")


def _whose(draw: Draw) -> Phrase:
    noun = draw.pick(_FOR_SALE)
    plural = draw.chance(0.35)
    determiner = draw.pick((small.THIS, small.THAT))
    core = described(draw, noun, small.NO_DETERMINER, plural=plural)
    this = determiner.form(feminine=noun.feminine, plural=plural)
    assert this is not None
    pointing = draw.place(this)
    opening = draw.place(_OF_WHOM)
    be = draw.pair("son" if plural else "es", "are" if plural else "is")
    return Phrase(
        opening.spanish + be.spanish + pointing.spanish + core.spanish,
        opening.english + core.english + be.english + pointing.english,
    )


def at_what_time(draw: Draw) -> Phrase:
    """¿A qué hora te levantas? At what time do you get up?"""
    opening = draw.place(_AT_WHAT_TIME)
    who = _asked(draw)
    verb = draw.pick(_TIMED)
    predicate = Predicate(
        group(draw, verb, draw.pick(("present", "preterite", "future")), who), Phrase()
    )
    opening.add(inverted(draw, who, predicate))
    return opening


_TIMED = tuple(
    verb
    for verb in verbs.ALONE
    if verb.spanish.infinitive
    in (
        "desayunar",
        "almorzar",
        "cenar",
        "levantar",
        "acostar",
        "despertar",
        "estudiar",
        "trabajar",
    )
)


FUNCTION_WORDS = words(
    "cuánto cuántos cuántas años de quién con qué a es son cuesta cuestan hay tan hora"
)

# Orders, exclamations, greetings -----------------------------------------------------------------

_ORDERED = tuple(
    verb
    for verb in verbs.WITH_THING
    if verb.spanish.infinitive
    in (
        "abrir", "cerrar", "leer", "escribir", "lavar", "limpiar", "comprar", "preparar", "cortar",
        "pintar", "buscar", "mirar", "escuchar", "reparar", "traer", "cocinar", "probar",
        "esconder", "beber", "comer",
    )
)  # fmt: skip
_GIVE_ME = (
    (unit("dame:give_me"), "dar"),
    (unit("tráeme:bring_me"), "traer"),
    (unit("muéstrame:show_me"), "mostrar"),
    (unit("préstame:lend_me"), "prestar"),
    (unit("envíame:send_me"), "enviar"),
    (unit("véndeme:sell_me"), "vender"),
    (unit("cuéntame:tell_me"), "contar"),
    (unit("ofréceme:offer_me"), "ofrecer"),
)
_GIVEN = {verb.spanish.infinitive: verb.objects for verb in verbs.TO_SOMEONE}
_PLEASE = unit(",:, por_favor:please")


def order(draw: Draw) -> Phrase:
    """Abre la puerta, por favor: open the door, please; dame el libro: give me the book."""
    phrase = Phrase()
    if draw.chance(0.3):
        phrase.add(name(draw))
        phrase.add(draw.pair(",", ","))
    listener = unspoken(draw, 1)
    if draw.chance(0.3):
        give, infinitive = draw.pick(_GIVE_ME)
        phrase.add(draw.place(give))
        phrase.add(thing(draw, _GIVEN[infinitive], owner=listener))
    else:
        verb = draw.pick(_ORDERED)
        sense = draw.sense()
        phrase.spanish.append((verb.spanish.present[2], sense))
        phrase.english += [(word, sense) for word in verb.english.base]
        phrase.add(thing(draw, verb.objects, owner=listener))
    if draw.chance(0.4):
        phrase.add(draw.place(_PLEASE))
    return phrase


def exclamation(draw: Draw) -> Phrase:
    """¡Qué casa tan bonita! What a pretty house!"""
    noun = draw.pick(_WONDERFUL)
    plural = draw.chance(0.35)
    adjective = draw.fresh(ATTRIBUTES[noun.kind])
    while adjective not in _EXCLAIMED:
        adjective = draw.fresh(ATTRIBUTES[noun.kind])
    core = described(draw, noun, small.NO_DETERMINER, plural=plural, bare=True)
    how = adjective_phrase(draw, adjective, feminine=noun.feminine, plural=plural)
    opening = draw.place(_WHAT_MANY if plural else _WHAT_A)
    return Phrase(
        opening.spanish + core.spanish + [("tan", 0)] + how.spanish,
        opening.english + how.english + core.english,
    )


_WHAT_A, _WHAT_MANY = unit("qué:what_a"), unit("qué:what")
_WONDERFUL = tuple(
    noun for noun in pool("text clothes vehicle building animal outdoors room") if noun.plural
)
_SURPRISING = set(
    words("big small pretty ugly expensive cheap interesting long boring beautiful fast slow quiet")
)
_EXCLAIMED = {
    adjective
    for options in ATTRIBUTES.values()
    for adjective in options
    if adjective.english in _SURPRISING
}
_GREETINGS = units(
    """buenos:good días:morning
    buenas:good noches:night
    buenas:good tardes:afternoon
    hola:hello
    adiós:goodbye
    hasta:see_you mañana:tomorrow
    muchas_gracias:thank_you_very_much"""
)


def greeting(draw: Draw) -> Phrase:
    """Buenos días, Ana; gracias por el regalo."""
    if draw.chance(0.4):
        phrase = draw.place(_THANKS)
        phrase.add(thing(draw, _GIFTS, determiners=(small.THE, small.YOUR, small.THIS)))
        return phrase
    phrase = draw.place(draw.pick(_GREETINGS))
    if draw.chance(0.75):
        phrase.add(draw.pair(",", ","))
        phrase.add(name(draw) if draw.chance(0.8) else relation(draw))
    return phrase


_THANKS = unit("gracias:thank_you por:for")
_GIFTS = pool("keepsake plant food drink text clothes")
