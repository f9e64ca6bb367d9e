"""The adjectives that the grammar knows, by the kinds of nouns that they are said of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from regard.translation.phrasebook import english, spanish


@dataclass(frozen=True, slots=True, eq=False)
class Adjective:
    """An adjective: Spanish forms by gender and number, English with its comparison."""

    forms: tuple[str, str, str, str]
    english: str
    comparative: tuple[str, ...]
    superlative: tuple[str, ...]

    def form(self, *, feminine: bool, plural: bool) -> str:
        """The Spanish form that agrees."""
        return self.forms[feminine + 2 * plural]

    def spanish_words(self) -> Iterator[str]:
        """Its four Spanish forms."""
        yield from self.forms


def _adjectives(text: str) -> tuple[Adjective, ...]:
    return tuple(_adjective(entry) for entry in text.split())


@cache
def _adjective(entry: str) -> Adjective:
    """One adjective, the same wherever it is listed."""
    lemma, meaning = entry.split(":")
    return Adjective(spanish.agreeing(lemma), meaning, *english.compared(meaning))


_COLOURS = (
    "rojo:red azul:blue verde:green amarillo:yellow negro:black blanco:white gris:gray "
    "marrón:brown morado:purple"
)
_CHARACTER = (
    "alto:tall bajo:short joven:young inteligente:intelligent simpático:nice amable:kind "
    "famoso:famous rico:rich pobre:poor fuerte:strong tímido:shy divertido:funny serio:serious "
    "trabajador:hardworking perezoso:lazy delgado:thin honesto:honest valiente:brave "
    "generoso:generous paciente:patient educado:polite feliz:happy"
)
_NATIONALITY = (
    "español:Spanish francés:French inglés:English italiano:Italian mexicano:Mexican "
    "americano:American"
)
_SIZE = "grande:big pequeño:small nuevo:new viejo:old"
_GOODS = "bonito:pretty feo:ugly caro:expensive barato:cheap"

# What stands after the noun that it describes, by the kind of the noun.
ATTRIBUTES: dict[str, tuple[Adjective, ...]] = {
    "person": _adjectives(_CHARACTER + " " + _NATIONALITY + " cansado:tired triste:sad"),
    "sibling": _adjectives("mayor:older menor:younger"),
    "relation": _adjectives(
        "favorito:favorite rico:rich famoso:famous español:Spanish francés:French"
    ),
    "profession": _adjectives(
        _NATIONALITY
        + " famoso:famous joven:young amable:kind simpático:nice inteligente:intelligent"
    ),
    "animal": _adjectives(
        "negro:black blanco:white gris:gray marrón:brown grande:big pequeño:small viejo:old "
        "hambriento:hungry bonito:pretty feo:ugly"
    ),
    "food": _adjectives("fresco:fresh delicioso:delicious caro:expensive barato:cheap"),
    "drink": _adjectives("caliente:hot frío:cold delicioso:delicious barato:cheap"),
    "text": _adjectives(
        "interesante:interesting largo:long corto:short aburrido:boring famoso:famous nuevo:new "
        "difícil:difficult viejo:old triste:sad importante:important divertido:funny"
    ),
    "tool": _adjectives(_COLOURS + " " + _SIZE + " " + _GOODS + " sucio:dirty"),
    "keepsake": _adjectives(_SIZE + " bonito:pretty feo:ugly"),
    "plant": _adjectives("rojo:red amarillo:yellow blanco:white grande:big bonito:pretty"),
    "furniture": _adjectives(
        _COLOURS + " " + _SIZE + " " + _GOODS + " cómodo:comfortable roto:broken"
    ),
    "clothes": _adjectives(
        _COLOURS + " nuevo:new viejo:old elegante:elegant sucio:dirty limpio:clean " + _GOODS
    ),
    "vehicle": _adjectives(_COLOURS + " " + _SIZE + " rápido:fast lento:slow caro:expensive"),
    "ride": _adjectives("rápido:fast lento:slow viejo:old"),
    "instrument": _adjectives(_SIZE + " caro:expensive barato:cheap"),
    "building": _adjectives(
        _SIZE + " famoso:famous moderno:modern hermoso:beautiful feo:ugly tranquilo:quiet "
        "caro:expensive español:Spanish"
    ),
    "outdoors": _adjectives(
        "grande:big pequeño:small hermoso:beautiful tranquilo:quiet limpio:clean"
    ),
    "room": _adjectives("grande:big pequeño:small oscuro:dark limpio:clean moderno:modern"),
    "part": _adjectives(_COLOURS + " grande:big pequeño:small viejo:old roto:broken"),
    "song": _adjectives("triste:sad famoso:famous hermoso:beautiful nuevo:new largo:long"),
    "film": _adjectives(
        "triste:sad famoso:famous nuevo:new largo:long divertido:funny aburrido:boring "
        "interesante:interesting francés:French"
    ),
}

# What a subject is (ser), by kind: also what comparison uses.
QUALITIES: dict[str, tuple[Adjective, ...]] = {
    "person": _adjectives(_CHARACTER),
    "animal": _adjectives("grande:big pequeño:small viejo:old bonito:pretty"),
    "food": _adjectives("delicioso:delicious caro:expensive barato:cheap"),
    "drink": _adjectives("delicioso:delicious caro:expensive barato:cheap"),
    "text": _adjectives(
        "interesante:interesting largo:long corto:short aburrido:boring difícil:difficult "
        "importante:important divertido:funny fácil:easy"
    ),
    "tool": _adjectives(_GOODS + " grande:big pequeño:small nuevo:new útil:useful pesado:heavy"),
    "furniture": _adjectives(_GOODS + " grande:big nuevo:new cómodo:comfortable pesado:heavy"),
    "clothes": _adjectives(_GOODS + " nuevo:new elegante:elegant cómodo:comfortable"),
    "vehicle": _adjectives(
        "rápido:fast lento:slow caro:expensive barato:cheap nuevo:new viejo:old"
    ),
    "building": _adjectives(
        "grande:big pequeño:small hermoso:beautiful moderno:modern famoso:famous viejo:old"
    ),
    "outdoors": _adjectives("grande:big pequeño:small hermoso:beautiful tranquilo:quiet"),
    "room": _adjectives("grande:big pequeño:small oscuro:dark moderno:modern"),
}

# How a subject is (estar), by kind.
STATES: dict[str, tuple[Adjective, ...]] = {
    "person": _adjectives(
        "cansado:tired enfermo:sick contento:happy triste:sad ocupado:busy enojado:angry "
        "nervioso:nervous preocupado:worried solo:alone listo:ready sorprendido:surprised "
        "perdido:lost aburrido:bored"
    ),
    "animal": _adjectives("cansado:tired enfermo:sick dormido:asleep despierto:awake sucio:dirty"),
    "food": _adjectives("delicioso:delicious frío:cold caliente:hot fresco:fresh"),
    "drink": _adjectives("delicioso:delicious frío:cold caliente:hot"),
    "tool": _adjectives("roto:broken sucio:dirty limpio:clean"),
    "furniture": _adjectives("roto:broken sucio:dirty limpio:clean"),
    "clothes": _adjectives("sucio:dirty limpio:clean mojado:wet"),
    "vehicle": _adjectives("sucio:dirty limpio:clean roto:broken"),
    "building": _adjectives("abierto:open cerrado:closed vacío:empty lleno:full"),
    "room": _adjectives("sucio:dirty limpio:clean vacío:empty"),
    "part": _adjectives("abierto:open cerrado:closed roto:broken sucio:dirty"),
}
