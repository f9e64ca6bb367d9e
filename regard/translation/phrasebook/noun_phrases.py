"""Noun phrases: articles, agreement, adjectives after their noun, possessors, names, pronouns.

Their links: article to article, adjective to adjective; `Ana's` to both words of `de Ana`; an
article that English does not say (el libro de Ana, me gusta el café) is left without a link.
"""

from __future__ import annotations

from collections.abc import Sequence

from regard.translation.phrasebook import phrases as small
from regard.translation.phrasebook.adjectives import ATTRIBUTES, Adjective
from regard.translation.phrasebook.nouns import MEN, NOUNS, WOMEN, Noun, pool
from regard.translation.phrasebook.phrases import Determiner
from regard.translation.phrasebook.units import Draw, Phrase, Token, unit, weighted, words


class NounPhrase(Phrase):
    """A phrase with what agrees with it: person (yo 0 ... ellos 4), gender, English pronoun, kind.

    A subject that Spanish drops has no words; its English pronoun is added by the clause.
    """

    __slots__ = ("feminine", "kind", "noun", "person", "pronoun")

    def __init__(
        self,
        spanish: list[Token],
        english: list[Token],
        *,
        person: int,
        pronoun: str,
        feminine: bool,
        kind: str,
        noun: Noun | None = None,
    ):
        super().__init__(spanish, english)
        self.person = person
        self.pronoun = pronoun
        self.feminine = feminine
        self.kind = kind
        self.noun = noun

    @property
    def plural(self) -> bool:
        """Whether what agrees with it is plural."""
        return self.person >= 3

    @property
    def human(self) -> bool:
        """Whether it is a person, whom `personal a` and he or she are for."""
        return self.kind == "person"

    @property
    def universal(self) -> bool:
        """Whether it is all of them, which English does not deny with `not`."""
        return any(word in ("todos", "todas") for word, _ in self.spanish[:2])

    def dropped(self) -> NounPhrase:
        """The same one, without words."""
        return NounPhrase(
            [], [], person=self.person, pronoun=self.pronoun, feminine=self.feminine, kind=self.kind
        )


_PRONOUNS = (
    ("yo", "I", 0),
    ("tú", "you", 1),
    ("él", "he", 2),
    ("ella", "she", 2),
    ("nosotros", "we", 3),
    ("nosotras", "we", 3),
    ("ellos", "they", 4),
    ("ellas", "they", 4),
    ("ustedes", "you", 4),
)
STATED_PRONOUNS = _PRONOUNS[2:4] * 2 + _PRONOUNS[6:]
FUNCTION_WORDS = tuple(word for word, _, _ in _PRONOUNS)


def unspoken(draw: Draw, person: int) -> NounPhrase:
    """I, you or we, as Spanish says it: in the verb alone."""
    pronoun = ("I", "you", "", "we")[person]
    return NounPhrase(
        [], [], person=person, pronoun=pronoun, feminine=draw.chance(0.4), kind="person"
    )


def spoken(draw: Draw, choices: Sequence[tuple[str, str, int]] = _PRONOUNS) -> NounPhrase:
    """A pronoun that is said."""
    spanish, english, person = draw.pick(choices)
    feminine = spanish in ("ella", "nosotras", "ellas") or (person < 2 and draw.chance(0.5))
    phrase = draw.pair(spanish, english)
    return NounPhrase(
        phrase.spanish,
        phrase.english,
        person=person,
        pronoun=english,
        feminine=feminine,
        kind="person",
    )


def name(draw: Draw) -> NounPhrase:
    """One person's name, the same in both languages."""
    feminine = draw.chance(0.5)
    word = draw.fresh(WOMEN if feminine else MEN)
    phrase = draw.pair(word, word)
    return NounPhrase(
        phrase.spanish,
        phrase.english,
        person=2,
        pronoun="she" if feminine else "he",
        feminine=feminine,
        kind="person",
    )


def joined(draw: Draw, first: NounPhrase, second: NounPhrase) -> NounPhrase:
    """Two of them with `y` between."""
    conjunction = draw.pair("y", "and")
    return NounPhrase(
        first.spanish + conjunction.spanish + second.spanish,
        first.english + conjunction.english + second.english,
        person=4,
        pronoun="they",
        feminine=first.feminine and second.feminine,
        kind=first.kind,
    )


def person(draw: Draw, *, known: bool = True) -> NounPhrase:
    """Somebody: a name, a relative, a profession; not known: `a doctor` is possible, too."""
    chance = draw.random()
    if chance < 0.42:
        return name(draw)
    if chance < 0.66:
        return relation(draw)
    noun = draw.fresh(_STRANGERS)
    determiner = small.A if not known and draw.chance(0.5) else draw.pick(small.FOR_KNOWN)
    return described(draw, noun, determiner)


def relation(draw: Draw, *, singular: bool = False) -> NounPhrase:
    """Somebody's own: mi hermano, nuestra vecina."""
    noun = draw.fresh(_RELATIONS)
    options = small.FOR_PARTNERS if noun.kind == "partner" else small.FOR_RELATIONS
    return described(draw, noun, draw.pick(options), plural=False if singular else None)


_STRANGERS = pool("person profession")
_RELATIONS = NOUNS["sibling"] * 2 + NOUNS["relation"] + NOUNS["close"] + NOUNS["partner"]
_OWNED = (
    "text",
    "tool",
    "clothes",
    "vehicle",
    "furniture",
    "room",
    "animal",
    "keepsake",
    "sibling",
)


def thing(
    draw: Draw,
    options: Sequence[Noun],
    *,
    owner: NounPhrase | None = None,
    determiners: Sequence[Determiner] = small.FOR_THINGS,
) -> NounPhrase:
    """One of these nouns with everything around it; `owner` is whom `su` belongs to."""
    noun = draw.fresh(options)
    if noun.is_mass:
        return described(draw, noun, draw.pick(_MASS.get(id(determiners), small.FOR_SUBJECT_MASS)))
    if determiners is small.FOR_PLACES:
        return described(draw, noun, draw.pick(determiners), plural=draw.chance(0.04))
    if noun.kind in _NOBODYS:
        owner = None
        determiners = _NOT_OWNED.get(id(determiners), determiners)
    if owner is not None and owner.person in (2, 4) and draw.chance(0.2):
        return described(draw, noun, _their(owner.pronoun))
    determiner = draw.pick(determiners)
    if determiner is small.NO_DETERMINER and noun.plural is None:
        determiner = small.THE
    if determiner is small.THE and noun.kind in _OWNED and draw.chance(0.3):
        return described(draw, noun, small.GENERIC, possessor=_possessor(draw))
    return described(draw, noun, determiner)


# What may open a mass noun where these may open others.
_MASS = {
    id(small.FOR_THINGS): small.FOR_MASS,
    id(small.FOR_THERE_IS): small.FOR_MASS_THERE_IS,
    id(small.FOR_NOTHING): small.FOR_NOTHING,
}
_NOBODYS = ("building", "outdoors", "stop", "food", "plant")
_NOT_OWNED = {
    id(small.FOR_THINGS): small.FOR_NOBODYS_THINGS,
    id(small.FOR_SUBJECT_THINGS): small.FOR_KNOWN,
}


def _their(pronoun: str) -> Determiner:
    return _THEIR[small.ENGLISH_POSSESSIVE[pronoun]]


_THEIR = {
    english: Determiner((unit(f"su:{english}"),) * 2 + (unit(f"sus:{english}"),) * 2)
    for english in ("his", "her", "its", "their", "your")
}


def _possessor(draw: Draw) -> NounPhrase:
    return name(draw) if draw.chance(0.6) else relation(draw, singular=True)


def described(
    draw: Draw,
    noun: Noun,
    determiner: Determiner,
    *,
    plural: bool | None = None,
    possessor: NounPhrase | None = None,
    bare: bool = False,
) -> NounPhrase:
    """A noun with its determiner and, unless bare, perhaps adjectives; agreeing throughout.

    plural: None chooses among the numbers that noun and determiner have.
    """
    if plural is None:
        plural = _choose_number(draw, noun, determiner)
    opening = determiner.form(feminine=noun.feminine, plural=plural)
    if opening is None:
        determiner = small.THE
        opening = determiner.form(feminine=noun.feminine, plural=plural)
    form = noun.plural if plural else noun.singular
    assert opening is not None
    assert form is not None
    if noun.masculine_article and determiner in (small.THE, small.GENERIC) and not plural:
        opening = determiner.form(feminine=False, plural=False)
        assert opening is not None
    phrase = draw.place(opening)
    before, after = _NO_ADJECTIVE, _NO_ADJECTIVE
    if not bare:
        before, after = _adjectives(draw, noun, determiner, plural=plural)
    core = draw.place(form)
    spanish = phrase.spanish + before.spanish + core.spanish + after.spanish
    english = phrase.english + before.english + after.english + core.english
    if possessor is not None:
        sense = draw.sense()
        word, senses = possessor.english[-1]
        owner = [*possessor.english[:-1], (word + "'s", senses | sense)]
        spanish += [("de", sense), *possessor.spanish]
        english = owner + english
    human = noun.is_human
    singular_pronoun = ("she" if noun.feminine else "he") if human else "it"
    return NounPhrase(
        spanish,
        english,
        person=4 if plural else 2,
        pronoun="they" if plural else singular_pronoun,
        feminine=noun.feminine,
        kind="person" if human else noun.kind,
        noun=noun,
    )


_NO_ADJECTIVE = Phrase()


def _choose_number(draw: Draw, noun: Noun, determiner: Determiner) -> bool:
    if noun.plural is None:
        return False
    if determiner.forms[0] is None or determiner is small.NO_DETERMINER:
        return True
    return determiner.forms[2] is not None and draw.chance(0.3)


_AFTER_ANY = weighted((10, "one"), (2, "very"), (1, "two"))
_DEFINITE = (small.THE, small.THIS, small.THAT, small.ALL, small.GENERIC)
_TAKES_PRAISE = ("person", "profession", "text", "song", "film", "vehicle", "building", "relation")


def _adjectives(
    draw: Draw, noun: Noun, determiner: Determiner, *, plural: bool
) -> tuple[Phrase, Phrase]:
    """What stands before the noun in Spanish, and what stands after it."""
    chance = draw.random()
    options = ATTRIBUTES.get(noun.kind)
    if options is None or chance > 0.35:
        return _NO_ADJECTIVE, _NO_ADJECTIVE
    if chance < 0.06 and noun.kind in _TAKES_PRAISE and determiner is not small.ALL:
        ordinal = determiner is small.THE and noun.kind in ("text", "song", "film")
        chosen = draw.pick(small.ORDINALS if ordinal else small.BEFORE_NOUN)
        form = chosen.form(feminine=noun.feminine, plural=plural)
        return (draw.place(form) if form is not None else _NO_ADJECTIVE), _NO_ADJECTIVE
    adjective = draw.fresh(options)
    if adjective.english == "young" and noun.lemma in _AGED:
        return _NO_ADJECTIVE, _NO_ADJECTIVE
    after = adjective_phrase(draw, adjective, feminine=noun.feminine, plural=plural)
    how = "one" if determiner in _DEFINITE or noun.kind == "sibling" else draw.pick(_AFTER_ANY)
    if how == "very" and adjective in _GRADED:
        degree = draw.pair("muy", "very")
        degree.add(after)
        return _NO_ADJECTIVE, degree
    if how == "two":
        second = draw.fresh(options)
        if second is not adjective and _compatible(adjective, second):
            after.add(draw.pair("y", "and"))
            after.add(adjective_phrase(draw, second, feminine=noun.feminine, plural=plural))
    return _NO_ADJECTIVE, after


_AGED = ("anciano", "anciana", "muchacho", "muchacha", "niño", "niña")
_NOT_GRADED = set(
    words(
        "red blue green yellow black white gray brown purple broken Spanish French English "
        "Italian Mexican American favorite older younger delicious beautiful new"
    )
)
_GRADED = {
    adjective
    for options in ATTRIBUTES.values()
    for adjective in options
    if adjective.english not in _NOT_GRADED
}
_OPPOSITES = (
    {"big", "small"}, {"new", "old"}, {"pretty", "ugly"}, {"expensive", "cheap"}, {"long", "short"},
    {"dirty", "clean"}, {"fast", "slow"}, {"rich", "poor"}, {"tall", "short"}, {"hot", "cold"},
    {"young", "old"}, {"hardworking", "lazy"}, {"happy", "sad"}, {"fun", "boring"},
    {"beautiful", "ugly"},
    {"funny", "boring"}, {"interesting", "boring"}, {"serious", "funny"}, {"big", "beautiful"},
)  # fmt: skip


def _compatible(first: Adjective, second: Adjective) -> bool:
    """Whether both can be said of one thing, in this order in both languages."""
    words = {first.english, second.english}
    return words not in _OPPOSITES and not (words & _NOT_GRADED - {"new", "beautiful"})


def adjective_phrase(draw: Draw, adjective: Adjective, *, feminine: bool, plural: bool) -> Phrase:
    """The adjective in the form that agrees, linked to its translation."""
    return draw.pair(adjective.form(feminine=feminine, plural=plural), adjective.english)
