"""Verb groups: tense, helping verbs and pronouns before or after the verb, in both languages.

Their links: `do` and a pronoun that Spanish drops go to the finite verb; in `voy a leer` (am going
to read) voy has `am going`, a has `to`; `to` after want, can and need goes to the infinitive. A
reflexive pronoun that English does not say has no link.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from regard.translation.phrasebook import verbs
from regard.translation.phrasebook.english import BE_PAST, BE_PRESENT, EnglishForms, verb
from regard.translation.phrasebook.noun_phrases import NounPhrase
from regard.translation.phrasebook.phrases import REFLEXIVE
from regard.translation.phrasebook.spanish import SpanishForms, attached
from regard.translation.phrasebook.units import Draw, Phrase, Token, Unit, unit
from regard.translation.phrasebook.verbs import Verb


@dataclass(frozen=True, slots=True, eq=False)
class Helper:
    """A verb that helps another: estoy leyendo, voy a leer, quiero leer.

    auxiliary: the English helper by person, which inverts and takes `not`; None where English has a
    full verb (want, have to, need), which takes `do`. infinitive: whether pronouns may be attached.
    """

    forms: tuple[str, ...]
    bridge: Unit
    spanish: str
    auxiliary: tuple[str, ...] | None
    full: EnglishForms | None
    past: bool
    between: tuple[str, ...]
    english: str
    to: bool

    def spanish_words(self) -> Iterator[str]:
        """Its Spanish words."""
        yield from self.forms
        yield from (word for word, _ in self.bridge.spanish)

    @property
    def infinitive(self) -> bool:
        """Whether what follows is an infinitive, to which pronouns may be attached."""
        return self.spanish == "infinitive"


_NOTHING = unit(":")
_HAVE = ("have", "have", "has", "have", "have")
_CAN = ("can",) * 5
_MUST = ("must",) * 5
_TO = unit("a:to")
_THAT = unit("que:to")
_OF = unit("de:")


def _auxiliary(
    forms: tuple[str, ...],
    auxiliary: tuple[str, ...],
    spanish: str,
    english: str,
    bridge: Unit = _NOTHING,
    between: tuple[str, ...] = (),
) -> Helper:
    return Helper(
        forms,
        bridge,
        spanish,
        auxiliary,
        None,
        past=False,
        between=between,
        english=english,
        to=False,
    )


def _full(
    forms: tuple[str, ...], text: str, bridge: Unit = _NOTHING, *, past: bool = False
) -> Helper:
    to = bridge is _NOTHING
    return Helper(
        forms, bridge, "infinitive", None, verb(text), past=past, between=(), english="base", to=to
    )


HELPERS = {
    "progressive": _auxiliary(verbs.TO_STAY.present, BE_PRESENT, "gerund", "gerund"),
    "was_doing": _auxiliary(verbs.TO_STAY.imperfect, BE_PAST, "gerund", "gerund"),
    "perfect": _auxiliary(verbs.HAVE_DONE.present, _HAVE, "participle", "participle"),
    "just": _auxiliary(verbs.TO_FINISH.present, _HAVE, "infinitive", "participle", _OF, ("just",)),
    "future": _auxiliary(verbs.TO_GO.present, BE_PRESENT, "infinitive", "base", _TO, ("going",)),
    "can": _auxiliary(verbs.TO_BE_ABLE.present, _CAN, "infinitive", "base"),
    "must": _auxiliary(verbs.TO_OWE.present, _MUST, "infinitive", "base"),
    "want": _full(verbs.TO_WANT.present, "want"),
    "need": _full(verbs.TO_NEED.present, "need"),
    "wanted": _full(verbs.TO_WANT.imperfect, "want", past=True),
    "have_to": _full(verbs.TO_HAVE.present, "have had", _THAT),
    "had_to": _full(verbs.TO_HAVE.preterite, "have had", _THAT, past=True),
}


class Group:
    """A verb with its helpers, ready to become a statement or a question.

    spanish: the tokens from the pronouns to the last verb. head: the senses of the finite verb.
    auxiliary: the English word that inverts, "" where `do` is needed. finite and base: the English
    verb without and with `do`; after an auxiliary both are the same.
    ambiguous: its form is that of another tense (compramos), so that a time must be said.
    """

    __slots__ = (
        "ambiguous", "auxiliary", "base", "finite", "head", "negatable", "past", "person", "spanish"
    )  # fmt: skip

    def __init__(
        self,
        spanish: list[Token],
        head: int,
        *,
        auxiliary: str,
        finite: list[Token],
        base: list[Token],
        past: bool,
        person: int,
        ambiguous: bool = False,
    ):
        self.spanish = spanish
        self.head = head
        self.auxiliary = auxiliary
        self.finite = finite
        self.base = base
        self.past = past
        self.person = person
        self.ambiguous = ambiguous

    def do(self) -> Token:
        """`do`, `does` or `did`, or the auxiliary."""
        if self.auxiliary:
            return self.auxiliary, self.head
        if self.past:
            return "did", self.head
        return ("does" if self.person == 2 else "do"), self.head


def group(
    draw: Draw, verb: Verb, tense: str, subject: NounPhrase, pronouns: Phrase | None = None
) -> Group:
    """A verb with its object pronouns; tense: present, preterite, imperfect or one of HELPERS.

    The English of the pronouns is left to the caller: it follows the verb as an object does.
    """
    clitics = pronouns.spanish if pronouns is not None else []
    if verb.reflexive:
        clitics = [(REFLEXIVE[subject.person], 0), *clitics]
    if tense in HELPERS:
        return _helped(draw, verb, HELPERS[tense], subject, clitics)
    head = draw.sense()
    person = subject.person
    past = tense != "present"
    forms = getattr(verb.spanish, tense)
    english = verb.english
    finite = english.past if past else english.third if person == 2 else english.base
    return Group(
        [*clitics, (forms[person], head)],
        head,
        auxiliary="",
        finite=[(word, head) for word in finite],
        base=[(word, head) for word in english.base],
        past=past,
        person=person,
        ambiguous=past and forms[person] == verb.spanish.present[person],
    )


def _helped(
    draw: Draw, verb: Verb, helper: Helper, subject: NounPhrase, clitics: list[Token]
) -> Group:
    head, main = draw.sense(), draw.sense()
    person = subject.person
    bridge = draw.place(helper.bridge)
    word = getattr(verb.spanish, helper.spanish)
    senses = main
    spanish = [(helper.forms[person], head), *bridge.spanish]
    if clitics and helper.infinitive and draw.chance(0.5):
        word = attached(word, [clitic for clitic, _ in clitics])
        for _, sense in clitics:
            senses |= sense
    else:
        spanish = [*clitics, *spanish]
    spanish.append((word, senses))
    after = bridge.english + [("to", main)] * helper.to
    after += [(part, main) for part in getattr(verb.english, helper.english)]
    if helper.auxiliary is not None:
        after = [(part, head) for part in helper.between] + after
        return Group(
            spanish,
            head,
            auxiliary=helper.auxiliary[person],
            finite=after,
            base=after,
            past=False,
            person=person,
        )
    full = helper.full
    assert full is not None
    finite = full.past if helper.past else full.third if person == 2 else full.base
    return Group(
        spanish,
        head,
        auxiliary="",
        finite=[(part, head) for part in finite] + after,
        base=[(part, head) for part in full.base] + after,
        past=helper.past,
        person=person,
    )


def being(draw: Draw, forms: SpanishForms, tense: str, subject: NounPhrase) -> Group:
    """A Spanish verb that is `be` in English: ser, estar, and tener with hambre.

    tense: present, past (imperfect, as for states) or future.
    """
    head = draw.sense()
    person = subject.person
    if tense == "future":
        main = draw.sense()
        helper = draw.pair("a", "to")
        return Group(
            [(verbs.TO_GO.present[person], head), *helper.spanish, (forms.infinitive, main)],
            head,
            auxiliary=BE_PRESENT[person],
            finite=(rest := [("going", head), *helper.english, ("be", main)]),
            base=rest,
            past=False,
            person=person,
        )
    past = tense == "past"
    return Group(
        [((forms.imperfect if past else forms.present)[person], head)],
        head,
        auxiliary=(BE_PAST if past else BE_PRESENT)[person],
        finite=[],
        base=[],
        past=past,
        person=person,
    )


def infinitive(
    draw: Draw, verb: Verb, subject: NounPhrase, *, to: bool = False, gerund: bool = False
) -> Phrase:
    """A verb after a preposition or another verb: leer, as `read`, `to read` or `reading`."""
    sense = draw.sense()
    word = verb.spanish.infinitive
    if verb.reflexive:
        word += REFLEXIVE[subject.person]
    english = verb.english.gerund if gerund else verb.english.base
    opening: list[Token] = [("to", sense)] if to else []
    return Phrase([(word, sense)], opening + [(part, sense) for part in english])
