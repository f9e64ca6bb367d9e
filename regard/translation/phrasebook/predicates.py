"""What people, animals and things do and are: one function for each frame of verbs."""

from __future__ import annotations

from collections.abc import Sequence

from regard.translation.phrasebook import phrases as small
from regard.translation.phrasebook import verbs
from regard.translation.phrasebook.clauses import Frame, Predicate, companion
from regard.translation.phrasebook.noun_phrases import NounPhrase, described, person, thing
from regard.translation.phrasebook.nouns import CITIES, NOUNS
from regard.translation.phrasebook.places import perhaps_where
from regard.translation.phrasebook.relatives import TAKES_ALL, TAKING, perhaps_relative
from regard.translation.phrasebook.units import Draw, Phrase, weighted, words
from regard.translation.phrasebook.verb_groups import group, infinitive
from regard.translation.phrasebook.verbs import Verb

FUNCTION_WORDS = words("me te se nos les le lo la los las a al del de en con para")


def chosen(draw: Draw, options: Sequence[Verb], tense: str) -> Verb:
    """A verb that can be said in this tense."""
    verb = draw.fresh(options)
    while not _suits(verb, tense):
        verb = draw.fresh(options)
    return verb


def _suits(verb: Verb, tense: str) -> bool:
    if verb.present_only:
        return tense == "present"
    if verb.past_only:
        return tense in ("preterite", "perfect")
    if verb.unplanned:
        return tense not in _PLANS
    return not (verb.stative and tense in ("progressive", "was_doing"))


_PLANS = ("future", "can", "must", "want", "wanted", "need", "have_to", "had_to")


# Objects -----------------------------------------------------------------------------------------

_THINGS_AS_PRONOUNS = (("lo", "it"), ("la", "it"), ("los", "them"), ("las", "them"))
_PERSONS_AS_PRONOUNS = (
    ("me", "me", (0, 3)),
    ("te", "you", (1,)),
    ("lo", "him", ()),
    ("la", "her", ()),
    ("nos", "us", (0, 3)),
    ("los", "them", ()),
    ("las", "them", ()),
)
# lo is him only where it cannot be it: lo veo is I see it, lo ayudo is I help him.
_NOT_HIM = tuple(choice for choice in _PERSONS_AS_PRONOUNS if choice[1] not in ("him", "her"))
_DONE_TO_THINGS = {verb.spanish.infinitive for verb in verbs.WITH_THING}
_RECIPIENTS = (("me", "me", (0, 3)), ("te", "you", (1,)), ("nos", "us", (0, 3)))


def _pronoun_for(
    draw: Draw, choices: Sequence[tuple[str, str, tuple[int, ...]]], subject: NounPhrase
) -> Phrase:
    """An object pronoun that is not the subject's own."""
    spanish, english, unlike = draw.pick(choices)
    while subject.person in unlike or english == subject.pronoun:
        spanish, english, unlike = draw.pick(choices)
    return draw.pair(spanish, english)


def with_thing(draw: Draw, subject: NounPhrase, tense: str) -> Predicate:
    """Leo el libro; lo leo; quiero leerlo; often with the place where it is done."""
    verb = chosen(draw, verbs.WITH_THING, tense)
    if draw.chance(0.16):
        pronoun = draw.pair(*draw.pick(_THINGS_AS_PRONOUNS))
        predicate = _with_pronoun(draw, verb, tense, subject, pronoun)
    else:
        what = thing(draw, verb.objects, owner=_owner(subject))
        tail = Phrase(what.spanish, what.english)
        predicate = Predicate(group(draw, verb, tense, subject), tail)
        predicate.thing = what
        if draw.chance(0.1) and verb.where in ("meals", "shops"):
            tail.add(draw.pair("y", "and"))
            tail.add(thing(draw, verb.objects, owner=_owner(subject)))
            predicate.thing = None
        else:
            tail.add(perhaps_relative(draw, what))
    predicate.lasting = verb.stative
    perhaps_where(draw, predicate, verb, 0.3)
    return predicate


def with_it(draw: Draw, subject: NounPhrase, tense: str, it: NounPhrase) -> Predicate:
    """The same thing again, as a pronoun that agrees: compré un libro y lo leí."""
    assert it.noun is not None
    options = TAKING.get(it.noun, TAKES_ALL)
    pronoun = draw.pair(*_THINGS_AS_PRONOUNS[it.feminine + 2 * it.plural])
    return _with_pronoun(draw, chosen(draw, options, tense), tense, subject, pronoun)


def _with_pronoun(
    draw: Draw, verb: Verb, tense: str, subject: NounPhrase, pronoun: Phrase
) -> Predicate:
    made = group(draw, verb, tense, subject, pronoun)
    return Predicate(made, Phrase([], pronoun.english))


def with_subject(draw: Draw, subject: NounPhrase, tense: str) -> Predicate:
    """Estudio español; juego al fútbol: what needs no article in English."""
    verb = chosen(draw, verbs.WITH_SUBJECT, tense)
    noun = draw.fresh(verb.objects)
    tail = draw.place(verb.bridge)
    determiner = small.GENERIC if tail.spanish else small.NO_DETERMINER
    tail.add(described(draw, noun, determiner, plural=False))
    predicate = Predicate(group(draw, verb, tense, subject), tail, lasting=verb.stative)
    if not verb.stative:
        perhaps_where(draw, predicate, verb, 0.3)
    if draw.chance(0.15):
        predicate.tail.add(companion(draw, subject))
    return predicate


def with_person(draw: Draw, subject: NounPhrase, tense: str) -> Predicate:
    """Ayudo a Ana; la ayudo; voy a ayudarla."""
    verb = chosen(draw, verbs.WITH_PERSON, tense)
    if draw.chance(0.4):
        of_things = verb.spanish.infinitive in _DONE_TO_THINGS
        choices = _NOT_HIM if of_things else _PERSONS_AS_PRONOUNS
        pronoun = _pronoun_for(draw, choices, subject)
        predicate = _with_pronoun(draw, verb, tense, subject, pronoun)
    else:
        tail = Phrase([("a", 0)], [])
        somebody = person(draw)
        tail.add(somebody)
        tail.add(perhaps_relative(draw, somebody))
        predicate = Predicate(group(draw, verb, tense, subject), tail)
    predicate.lasting = verb.stative
    perhaps_where(draw, predicate, verb, 0.25)
    return predicate


def to_person(draw: Draw, subject: NounPhrase, tense: str) -> Predicate:
    """Hablo con Ana; pienso en ti."""
    verb = chosen(draw, verbs.TO_PERSON, tense)
    tail = draw.place(verb.bridge)
    tail.add(person(draw))
    predicate = Predicate(group(draw, verb, tense, subject), tail)
    perhaps_where(draw, predicate, verb, 0.25)
    return predicate


def to_someone(draw: Draw, subject: NounPhrase, tense: str) -> Predicate:
    """Le doy el libro a Ana; me lo da; voy a dártelo."""
    verb = chosen(draw, verbs.TO_SOMEONE, tense)
    short_thing = draw.chance(0.3)
    if draw.chance(0.45):
        pronouns = _pronoun_for(draw, _RECIPIENTS, subject)
        recipient = Phrase([], pronouns.english)
    else:
        somebody = person(draw)
        doubled = "se" if short_thing else "les" if somebody.plural else "le"
        pronouns = Phrase([(doubled, 0)], [])
        recipient = Phrase([("a", 0), *somebody.spanish], somebody.english)
    if short_thing:
        it = draw.pair(*draw.pick(_THINGS_AS_PRONOUNS))
        pronouns.spanish += it.spanish
        to = draw.sense()
        spanish = [
            (word, to if word == "a" and not bits else bits) for word, bits in recipient.spanish
        ]
        pronoun_to = 0
        if not spanish:  # te lo doy: both words of `to you` come from te
            pronoun_to = recipient.english[0][1]
        tail = Phrase(spanish, [*it.english, ("to", pronoun_to or to), *recipient.english])
    else:
        gift = thing(draw, verb.objects, owner=_owner(subject))
        tail = Phrase(gift.spanish + recipient.spanish, recipient.english + gift.english)
    return Predicate(group(draw, verb, tense, subject, pronouns), tail)


def _owner(subject: NounPhrase) -> NounPhrase | None:
    """Whom `su` belongs to: the subject, unless it is nobody in particular."""
    return subject if subject.pronoun else None


# Without an object -------------------------------------------------------------------------------


def alone(draw: Draw, subject: NounPhrase, tense: str) -> Predicate:
    """Duermo; me levanto; trabajo mucho en la oficina."""
    options = verbs.ALONE if subject.human else verbs.ANIMAL_ALONE
    verb = chosen(draw, options, tense)
    predicate = Predicate(group(draw, verb, tense, subject), Phrase())
    manners = small.MANNERS.get(verb.spanish.infinitive)
    if manners is not None and draw.chance(0.25):
        predicate.tail.add(draw.place(draw.pick(manners)))
    elif subject.human and draw.chance(0.15) and not (verb.reflexive or verb in _BY_ONESELF):
        predicate.tail.add(companion(draw, subject))
    if subject.human:
        perhaps_where(draw, predicate, verb, 0.5)
    else:
        perhaps_where(draw, predicate, _OUTSIDE, 0.6)
    return predicate


_BY_ONESELF = tuple(
    verb for verb in verbs.ALONE if verb.spanish.infinitive in ("dormir", "llorar", "gritar")
)
_OUTSIDE = next(verb for verb in verbs.ALONE if verb.where == "outside")


def eating(draw: Draw, subject: NounPhrase, tense: str) -> Predicate:
    """What animals eat and drink."""
    eat = draw.chance(0.6)
    verb = verbs.WITH_THING[0 if eat else 1]
    tail = thing(draw, _FEED if eat else _WATER)
    return Predicate(group(draw, verb, tense, subject), tail)


_FEED = tuple(
    noun for noun in NOUNS["food"] if noun.lemma in ("pan", "carne", "manzana", "zanahoria")
)
_WATER = tuple(noun for noun in NOUNS["drink"] if noun.lemma in ("agua", "leche"))


def going(draw: Draw, subject: NounPhrase, tense: str) -> Predicate:
    """Voy al mercado; vuelve a casa; salimos de la escuela para comprar pan."""
    verb = chosen(draw, verbs.GOING, tense)
    tail = _destination(draw, verb)
    if draw.chance(0.2):
        tail.add(companion(draw, subject))
    if draw.chance(0.22):
        tail.add(draw.pair("para", "to"))
        tail.add(_purpose(draw, subject))
    return Predicate(group(draw, verb, tense, subject), tail)


def _destination(draw: Draw, verb: Verb) -> Phrase:
    infinitive_form = verb.spanish.infinitive
    travels = infinitive_form in ("viajar", "ir", "llegar", "volver")
    if infinitive_form == "viajar" or (travels and draw.chance(0.25)):
        bridge = draw.pair("a", "in") if infinitive_form == "llegar" else draw.place(verb.bridge)
        bridge.add(draw.place(draw.pick(CITIES)))
        return bridge
    if infinitive_form in ("ir", "volver", "llegar") and draw.chance(0.2):
        return draw.place(small.TO_HOME)
    if infinitive_form == "salir" and draw.chance(0.3):
        return draw.place(small.FROM_HOME)
    inside = infinitive_form in ("entrar", "salir")
    tail = draw.place(verb.bridge)
    options = small.LANDMARKS if inside else small.DESTINATIONS
    tail.add(thing(draw, options, determiners=small.FOR_PLACES))
    return tail


def care(draw: Draw, subject: NounPhrase, tense: str) -> Predicate:
    """Me lavo las manos: English says whose hands."""
    if not subject.pronoun:
        return alone(draw, subject, tense)
    verb, one, of_several, feminine = draw.pick(verbs.CARE)
    owned = draw.place(of_several if subject.plural else one)
    plural = owned.spanish[0][0].endswith("s")
    article = small.THE.form(feminine=feminine, plural=plural)
    assert article is not None
    whose = draw.pair(article.spanish[0][0], small.ENGLISH_POSSESSIVE[subject.pronoun])
    whose.add(owned)
    return Predicate(group(draw, verb, tense, subject), whose)


# Choosing ----------------------------------------------------------------------------------------

_BY_PEOPLE: tuple[Frame, ...] = weighted(
    (34, with_thing), (15, with_person), (8, to_person), (14, to_someone), (14, alone), (13, going),
    (5, care), (8, with_subject),
)  # fmt: skip
_BY_ANIMALS: tuple[Frame, ...] = (alone, alone, eating)


def action(draw: Draw, subject: NounPhrase, tense: str) -> Predicate:
    """Something that a person or an animal does, in any tense of the grammar."""
    frame = draw.pick(_BY_PEOPLE if subject.human else _BY_ANIMALS)
    return frame(draw, subject, tense)


def doing(draw: Draw, subject: NounPhrase, *, to: bool = False, gerund: bool = False) -> Phrase:
    """A short infinitive phrase: leer el libro, as `read`, `to read` or `reading the book`."""
    if draw.chance(0.8):
        return _purpose(draw, subject, to=to, gerund=gerund)
    return infinitive(draw, chosen(draw, verbs.ALONE, "want"), subject, to=to, gerund=gerund)


def _purpose(draw: Draw, subject: NounPhrase, *, to: bool = False, gerund: bool = False) -> Phrase:
    """What people come for: comprar pan, hablar con Ana."""
    if draw.chance(0.8):
        verb = draw.fresh(verbs.PURPOSES)
        tail: Phrase = thing(draw, verb.objects, owner=_owner(subject))
    else:
        verb = draw.fresh(_TOGETHER)
        tail = draw.place(verb.bridge)
        tail.add(person(draw))
    phrase = infinitive(draw, verb, subject, to=to, gerund=gerund)
    phrase.add(tail)
    return phrase


_TOGETHER = tuple(verb for verb in verbs.TO_PERSON if verb.where)
