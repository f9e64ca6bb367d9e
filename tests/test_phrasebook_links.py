"""The gold links of the phrasebook: sentences written by hand, and a rule for each phenomenon.

A rule says what a Spanish word is linked to wherever the stream says it in that place.
"""

from __future__ import annotations

import re

import pytest

from phrasebook_stream import stream
from regard.record.words import split_words
from regard.translation.phrasebook import Example
from regard.translation.phrasebook.nouns import MEN, WOMEN

# Links as in Spanish word=English words; a word that is left out has none.
SENTENCES = """
¿Dónde trabajas? | Where do you work?
    ¿=? Dónde=Where trabajas=do+you+work ?=?
¿Dónde está Javier? | Where is Javier?
    ¿=? Dónde=Where está=is Javier=Javier ?=?
No sé dónde está Isabel. | I do not know where Isabel is.
    No=not sé=I+do+know dónde=where está=is Isabel=Isabel .=.
Me duelen los pies. | My feet hurt.
    Me=My duelen=hurt pies=feet .=.
Nos duele la espalda. | Our backs hurt.
    Nos=Our duele=hurt espalda=backs .=.
¿Cuántos años tiene él? | How old is he?
    ¿=? Cuántos=How años=old tiene=is él=he ?=?
Buenas tardes. | Good afternoon.
    Buenas=Good tardes=afternoon .=.
Muchas gracias. | Thank you very much.
    Muchas=Thank+you+very+much gracias=Thank+you+very+much .=.
Estaba nevando. | It was snowing.
    Estaba=It+was nevando=snowing .=.
Hacía frío. | It was cold.
    Hacía=It+was frío=cold .=.
Me interesa la historia. | I am interested in history.
    Me=I interesa=am+interested+in historia=history .=.
No me interesa el ajedrez. | I am not interested in chess.
    No=not me=I interesa=am+interested+in ajedrez=chess .=.
Nos encanta el fútbol. | We love soccer.
    Nos=We encanta=love fútbol=soccer .=.
¿Con quién trabajaste? | Who did you work with?
    ¿=? Con=with quién=Who trabajaste=did+you+work ?=?
¿Con quién quieres trabajar? | Who do you want to work with?
    ¿=? Con=with quién=Who quieres=do+you+want trabajar=to+work ?=?
¿A qué hora te levantas? | At what time do you get up?
    ¿=? A=At qué=what hora=time levantas=do+you+get+up ?=?
¿A qué hora vas a cenar? | At what time are you going to have dinner?
    ¿=? A=At qué=what hora=time vas=are+you+going a=to cenar=have+dinner ?=?
¿Qué vendiste? | What did you sell?
    ¿=? Qué=What vendiste=did+you+sell ?=?
¿Qué tienes que limpiar? | What do you have to clean?
    ¿=? Qué=What tienes=do+you+have que=to limpiar=clean ?=?
¿Qué puedes comer? | What can you eat?
    ¿=? Qué=What puedes=can+you comer=eat ?=?
Teníamos frío. | We were cold.
    Teníamos=We+were frío=cold .=.
¿Tienes sed? | Are you thirsty?
    ¿=? Tienes=Are+you sed=thirsty ?=?
Yo vivía en Inglaterra cuando yo era niño. | I lived in England when I was a child.
    Yo=I vivía=lived en=in Inglaterra=England cuando=when yo=I era=was niño=a+child .=.
Escucha una canción, por favor. | Listen to a song, please.
    Escucha=Listen+to una=a canción=song ,=, por=please favor=please .=.
"""

# A name and a place in Spanish; then all that each of its words in <> is linked to, - for nothing.
RULES = r"""
a dropped subject: ^<Quiero> <\w+r>\b
    I want | to .+
a dropped we: \b<[Tt]enemos> <hambre|sed|frío|calor|sueño|prisa>\b
    [Ww]e are | .+
a stated subject: ^<Nosotras> <vamos|estamos|somos>\b
    We | are(?: going)?
a dropped she, from the clause before: ^{WOMAN} [^,]*porque <está|tiene|quiere>\b(?! (?:llov|nev))
    she (?:is|has|wants)
a dropped he: ^{MAN} [^,]*porque <está|tiene|quiere>\b(?! (?:llov|nev))
    he (?:is|has|wants)
I in the imperfect: \b<[Yy]o> <estaba>\b
    I | was
negation with do: \b<[Nn]o> <\w+[éó]> <nada>\b
    not | (?:I )?did .+ | anything
negation without do: ^<No> <estoy>\b
    not | I am
cannot: ^<No> <puedo> <\w+r>\b
    cannot | I cannot | .+
nobody: ^<Nadie> <quiere>\b
    Nobody | wants
not ... anyone: ^No \w+ <a> <nadie>\b
    - | anyone
near future: ^<Voy> <a> <\w+[aei]r>\b
    I am going | to | .+
progressive: ^<Estoy> <\w+ndo>\b
    I am | \w+ing.*
perfect: ^<He> <\w+[ai]do>\b
    I have | .+
just: ^<Acabo> <de> <\w+r>\b
    I have just | - | .+
not yet: ^<Todavía> <no> <he>\b
    yet | not | I have
have to: ^<Tengo> <que> <\w+r>\b
    I have | to | .+
a pronoun before: ^<Los> <\w+é>\b
    them | I .+
a pronoun attached: \b<\w+arlas>\b
    .+ them
it: \b<[Ll]a> <busqué|compré|vendí|leí|vi|compró|vendió|leyó|vio>\b
    it | .+
two pronouns attached: \b<\w+árselos>\b
    .+ them
se for le: \b<[Ss]e> <lo|la> \w+ <a> <{NAME}>\b
    - | it | to | \w+
le is doubled: \b<[Ll]es?>\b
    -
him: \b<[Ll]o> <(?:ayud|invit|llam|perdon|salud|esper)\w+>
    him | .+
two pronouns: \b<[TtMm]e> <lo|la> <\w+[éó]>\b
    to (?:you|me) | it | .+
personal a: \b(?:ayudó|invitó|llamó|esperó|vio|buscó|saludó) <a> <{NAME}>\b
    - | \w+
a el: \b(?:[Vv]oy|va|[Ff]ui|fue|[Vv]olví|volvió) <al> <\w+>
    to the | .+
de el: \b<delante> <del>\b
    in front | of the
near the: \b<cerca> <del>\b
    near | near the
y before i:  <e> Isabel\b
    and
an adjective after its noun: \b<un> <\w+> <rojo|negro|viejo|famoso>\b
    an? | .+ | red|black|old|famous
an adjective before it: \b<buena> <\w+>
    good | .+
a compound: \b<estación> <de> <tren>\b
    station | - | train
three words for one: \b<cepillos?> <de> <dientes>\b
    toothbrush(?:es)? | toothbrush(?:es)? | toothbrush(?:es)?
a possessor: \b<de> <{NAME}>\b
    \w+'s | \w+'s
her own: ^{WOMAN} \w+ <sus?>\b
    her
his own: ^{MAN} \w+ <sus?>\b
    his
their own: ^{NAME} y {NAME} \w+ <sus?>\b
    their
things in general: ^<Me> <gustan> <los|las> <\w+>\.$
    I | like | - | .+
gustar with a name: ^<A> <{NAME}> <le> <gusta>\b
    - | \w+ | - | likes
gustar denied: ^<No> <me> <gusta>\b
    not | I | do like
gustar with a verb: ^Me gusta <\w+r>\b
    to .+
there is: ^<Hay>\b
    There (?:is|are)
there is no: ^<No> <hay>\b
    no | There (?:is|are)
a question: ^<¿>
    \?
a question with do: ^¿<Qué> <\w+ste>\?$
    What | did you .+
a stranded preposition: ^¿<Con> <quién> <\w+s>\?$
    with|to|about | Who | do you .+
whose: ^¿<De> <quién> <es>\b
    Whose | Whose | is
an age: \b<[Tt]engo> <\w+> <años>
    I am | \w+ | years old
ago: \b<hace> <dos|tres> <\w+>\.$
    ago | two|three | \w+s
for so long: ^<Hace> \w+ \w+ <que> <vivo>\b
    for | - | I have lived
last week: \b<la> <semana> <pasada>\b
    - | week | last
often: \b<a> <menudo>\b
    often | often
hardly ever: \b<casi> <nunca>\b
    hardly ever | hardly ever
before doing: \b<antes> <de> <\w+r>\b
    before | before | \w+ing.*
taller: \b<más> <alt[oa]s?|baj[oa]s?> <que>\b
    taller|shorter | taller|shorter | than
more serious: \b<más> <seri[oa]s?|generos[oa]s?|famos[oa]s?> <que>\b
    more | serious|generous|famous | than
as ... as: \b<tan> <\w+> <como>\b
    as | \w+ | as
most famous: \b<más> <famos[oa]s?> <del?>\b
    most | famous | in(?: the)?
a reflexive verb: \b<[Mm]e> <levant[oé]>\b
    - | (?:I )?(?:do |did )?g[eo]t up
one's own: \b<[Mm]e|[Tt]e|se> <lav\w+|cort\w+> <las|la|el> <manos|cara|pelo>\b
    - | .*(?:wash|cut).* | my|your|his|her|their | \w+
who: \b<que> <vive> en\b
    who | lives
that: \b(?:un|el|una|la) \w+ <que> <\w{3,}é>\b
    that | I .+
where: \b<donde> <vive|trabaja>\b
    where | lives|works
a profession: \b<es|[Ss]oy|era> <médic[oa]|ingenier[oa]|enfermer[oa]|actor>\b
    (?:I )?(?:is|am|was) | an? \w+
half past: \b<a> <las> <\w+> <y> <media>\b
    at | - | \w+ | half past | half past
o'clock: \b<a> <las> <dos|tres|cuatro|ocho|diez>\.$
    at | o'clock | \w+
an order: ^<Dame>\b
    Give me
an exclamation: ^¡<Qué> <\w+> <tan>\b
    What(?: an?)? | .+ | -
what one has: \b<tiene|tengo|tenía|tenemos> <mucha> <hambre|sed>\b
    (?:.+ )?(?:am|is|are|was|were) | very | \w+
weather: \b<hace> <mucho> <frío|calor>\b
    [Ii]t is | very | cold|hot
it is important to: ^<Es> <importante> <\w+r>\b
    It is | important | to .+
an indirect question: ^No <sé> <dónde> <vive>\b
    I do know | where | lives
"""


def _entries(table: str) -> list[tuple[str, str]]:
    """The table's entries of two lines."""
    lines = table.strip().splitlines()
    return [(first, second.strip()) for first, second in zip(lines[::2], lines[1::2], strict=True)]


def _spelled(example: Example) -> str:
    linked = [
        (word, [example.target_words[target] for target in sorted(_targets(example, place))])
        for place, word in enumerate(example.source_words)
    ]
    return " ".join(f"{word}={'+'.join(targets)}" for word, targets in linked if targets)


def _targets(example: Example, place: int) -> set[int]:
    return {target for source, target in example.links if source == place}


@pytest.mark.parametrize(("texts", "links"), _entries(SENTENCES))
def test_a_sentence_reads_as_it_was_written_by_hand(texts: str, links: str) -> None:
    source, target = texts.split(" | ")
    said = [example for example in stream() if example.source == source]
    assert said, f"not said in the first {len(stream())} pairs any more"
    assert {(example.target, _spelled(example)) for example in said} == {(target, links)}


def _pattern(place: str) -> re.Pattern[str]:
    for name, names in (("{NAME}", MEN + WOMEN), ("{MAN}", MEN), ("{WOMAN}", WOMEN)):
        place = place.replace(name, f"(?:{'|'.join(names)})")
    return re.compile(place.replace("<", "(").replace(">", ")"))


@pytest.mark.parametrize(("rule", "expected"), _entries(RULES))
def test_a_word_is_linked_to_what_it_says(rule: str, expected: str) -> None:
    pattern = _pattern(rule.partition(": ")[2])
    linked = ["" if entry == "-" else entry for entry in expected.split(" | ")]
    assert pattern.groups == len(linked)
    count = 0
    for example in stream():
        match = pattern.search(example.source)
        if match is None:
            continue
        count += 1
        places = {word.start: place for place, word in enumerate(split_words(example.source))}
        for group, english in enumerate(linked, start=1):
            targets = sorted(_targets(example, places[match.start(group)]))
            said = " ".join(example.target_words[target] for target in targets)
            assert re.fullmatch(english, said), (match.group(group), said, example)
    assert count >= 3, "hardly ever said: the rule tests nothing"
