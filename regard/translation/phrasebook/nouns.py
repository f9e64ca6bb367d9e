"""The nouns, names and adjectives that the grammar knows, by kind, so that sentences make sense."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from regard.translation.phrasebook import english, spanish
from regard.translation.phrasebook.units import Unit, unit, units, words

HUMAN_KINDS = ("person", "sibling", "relation", "close", "partner", "profession")


@dataclass(frozen=True, slots=True, eq=False)
class Noun:
    """A noun: None where it has no such number; `place` is the English of `en` before it."""

    singular: Unit | None
    plural: Unit | None
    feminine: bool
    kind: str
    place: str
    masculine_article: bool  # el agua, although it is feminine

    @property
    def lemma(self) -> str:
        """Its first Spanish word."""
        form = self.singular or self.plural
        assert form is not None
        return form.spanish[0][0]

    @property
    def is_mass(self) -> bool:
        """Whether it is measured, not counted: agua, pan."""
        return self.plural is None and self.kind in ("food", "drink")

    @property
    def is_human(self) -> bool:
        """Whether it is he or she, and takes the personal a."""
        return self.kind in HUMAN_KINDS

    def spanish_words(self) -> Iterator[str]:
        """Every Spanish word of its forms."""
        for form in (self.singular, self.plural):
            if form is not None:
                yield from (word for word, _ in form.spanish)


def _pluralised(form: Unit) -> Unit:
    first, last = form.spanish[0], form.english[-1]
    return Unit(
        ((spanish.plural(first[0]), first[1]), *form.spanish[1:]),
        (*form.english[:-1], (english.plural(last[0]), last[1])),
        form.senses,
    )


def _nouns(kind: str, gender: str, text: str, *, number: str = "both") -> list[Noun]:
    """Read a list: `es:en`, or chunks with `+` between them; `@at` names another place than in."""
    found = []
    for entry in text.split():
        written, _, place = entry.partition("@")
        form = unit(written.replace("~", "~ ").replace("+", " ").replace("~ ", "~", 1))
        found.append(
            Noun(
                singular=form,
                plural=_pluralised(form) if number == "both" else None,
                feminine=gender == "f",
                kind=kind,
                place=place or "in",
                masculine_article=form.spanish[0][0] == "agua",
            )
        )
    return found


_ALL = [
    *_nouns(
        "person",
        "m",
        "hombre:man niño:boy muchacho:young_man señor:gentleman anciano:old_man turista:tourist "
        "cliente:customer",
    ),
    *_nouns(
        "person",
        "f",
        "mujer:woman niña:girl muchacha:young_woman señora:lady anciana:old_woman turista:tourist",
    ),
    *_nouns("sibling", "m", "hermano:brother hijo:son primo:cousin"),
    *_nouns("sibling", "f", "hermana:sister hija:daughter prima:cousin"),
    *_nouns("relation", "m", "tío:uncle amigo:friend vecino:neighbor profesor:teacher"),
    *_nouns("relation", "m", "compañero:classmate"),
    *_nouns("relation", "f", "tía:aunt amiga:friend vecina:neighbor profesora:teacher"),
    *_nouns("relation", "f", "compañera:classmate ~profesora:teacher+de:+música:music"),
    *_nouns("close", "m", "padre:father abuelo:grandfather jefe:boss", number="one"),
    *_nouns("close", "m", "médico:doctor", number="one"),
    *_nouns("partner", "m", "esposo:husband novio:boyfriend", number="one"),
    *_nouns("close", "f", "madre:mother abuela:grandmother jefa:boss", number="one"),
    *_nouns("close", "f", "médica:doctor", number="one"),
    *_nouns("partner", "f", "esposa:wife novia:girlfriend", number="one"),
    *_nouns(
        "profession",
        "m",
        "médico:doctor profesor:teacher abogado:lawyer enfermero:nurse cocinero:cook "
        "camarero:waiter escritor:writer pintor:painter cantante:singer artista:artist "
        "ingeniero:engineer panadero:baker bombero:firefighter actor:actor estudiante:student "
        "dentista:dentist periodista:journalist granjero:farmer jardinero:gardener músico:musician",
    ),
    *_nouns(
        "profession",
        "f",
        "médica:doctor profesora:teacher abogada:lawyer enfermera:nurse cocinera:cook "
        "camarera:waitress escritora:writer pintora:painter cantante:singer artista:artist "
        "ingeniera:engineer panadera:baker actriz:actress estudiante:student dentista:dentist "
        "periodista:journalist jardinera:gardener bailarina:dancer "
        "~profesora:teacher+de:+matemáticas:math",
    ),
    *_nouns("animal", "m", "perro:dog gato:cat caballo:horse pájaro:bird conejo:rabbit pato:duck"),
    *_nouns("animal", "f", "vaca:cow oveja:sheep gallina:hen tortuga:turtle"),
    *_nouns("food", "m", "huevo:egg pastel:cake tomate:tomato plátano:banana limón:lemon"),
    *_nouns("food", "m", "sándwich:sandwich ~pastel:cake+de:+chocolate:chocolate"),
    *_nouns(
        "food",
        "f",
        "manzana:apple naranja:orange galleta:cookie papa:potato zanahoria:carrot fresa:strawberry "
        "uva:grape ensalada:salad pera:pear ~ensalada:salad+de:+frutas:fruit",
    ),
    *_nouns(
        "food",
        "m",
        "pan:bread queso:cheese arroz:rice pescado:fish pollo:chicken jamón:ham "
        "chocolate:chocolate helado:ice_cream",
        number="mass",
    ),
    *_nouns(
        "food",
        "f",
        "carne:meat sopa:soup mantequilla:butter ~sopa:soup+de:+pollo:chicken",
        number="mass",
    ),
    *_nouns(
        "drink",
        "m",
        "café:coffee té:tea jugo:juice refresco:soda ~jugo:juice+de:+naranja:orange",
        number="mass",
    ),
    *_nouns("drink", "f", "agua:water leche:milk limonada:lemonade", number="mass"),
    *_nouns(
        "text",
        "m",
        "libro:book periódico:newspaper poema:poem cuento:story mensaje:message artículo:article "
        "~libro:book+de:+historia:history",
    ),
    *_nouns("text", "f", "carta:letter revista:magazine novela:novel"),
    *_nouns(
        "tool",
        "m",
        "teléfono:phone reloj:watch cuchillo:knife tenedor:fork plato:plate vaso:glass "
        "espejo:mirror cuadro:painting juguete:toy lápiz:pencil bolígrafo:pen "
        "cuaderno:notebook anillo:ring cepillo_de_dientes:toothbrush",
    ),
    *_nouns(
        "tool",
        "f",
        "llave:key computadora:computer cámara:camera lámpara:lamp bolsa:bag maleta:suitcase "
        "mochila:backpack caja:box cuchara:spoon taza:cup botella:bottle muñeca:doll pelota:ball "
        "~caja:box+de:+madera:wooden",
    ),
    *_nouns("keepsake", "m", "regalo:gift boleto:ticket mapa:map"),
    *_nouns("keepsake", "m", "~reloj:watch+de:+oro:gold ~anillo:ring+de:+plata:silver"),
    *_nouns("keepsake", "f", "foto:photo"),
    *_nouns("plant", "f", "flor:flower planta:plant"),
    *_nouns("plant", "m", "árbol:tree"),
    *_nouns("furniture", "f", "mesa:table@on silla:chair@on cama:bed@on"),
    *_nouns(
        "furniture", "f", "~mesa:table+de:+cocina:kitchen@on ~silla:chair+de:+madera:wooden@on"
    ),
    *_nouns("furniture", "m", "sofá:sofa@on escritorio:desk@on"),
    *_nouns(
        "clothes",
        "m",
        "vestido:dress abrigo:coat sombrero:hat zapato:shoe suéter:sweater guante:glove "
        "calcetín:sock traje_de_baño:swimsuit ~abrigo:coat+de:+lana:wool "
        "~vestido:dress+de:+seda:silk",
    ),
    *_nouns(
        "clothes",
        "f",
        "camisa:shirt falda:skirt chaqueta:jacket corbata:tie bufanda:scarf bota:boot blusa:blouse "
        "~camisa:shirt+de:+algodón:cotton",
    ),
    *_nouns("vehicle", "m", "coche:car barco:boat camión:truck autobús:bus taxi:taxi"),
    *_nouns("vehicle", "f", "bicicleta:bicycle moto:motorcycle"),
    *_nouns("ride", "m", "tren:train@on autobús:bus@on avión:plane@on barco:boat@on"),
    *_nouns("instrument", "m", "piano:piano violín:violin", number="one"),
    *_nouns("instrument", "f", "guitarra:guitar trompeta:trumpet", number="one"),
    *_nouns(
        "building",
        "m",
        "restaurante:restaurant hospital:hospital hotel:hotel banco:bank@at museo:museum "
        "cine:movie_theater aeropuerto:airport@at castillo:castle supermercado:supermarket "
        "teatro:theater",
    ),
    *_nouns(
        "building",
        "f",
        "casa:house escuela:school@at tienda:store iglesia:church biblioteca:library "
        "oficina:office universidad:university@at farmacia:pharmacy panadería:bakery "
        "~estación:station+de:+tren:train@at",
    ),
    *_nouns("outdoors", "m", "parque:park mercado:market@at jardín:garden pueblo:village"),
    *_nouns("outdoors", "m", "bosque:forest río:river"),
    *_nouns(
        "outdoors",
        "f",
        "playa:beach@on plaza:square ciudad:city calle:street@on piscina:swimming_pool "
        "isla:island@on",
    ),
    *_nouns("stop", "f", "~parada:stop+de:+autobús:bus@at"),
    *_nouns("room", "f", "cocina:kitchen habitación:bedroom sala_de_estar:living_room"),
    *_nouns("room", "m", "comedor:dining_room baño:bathroom garaje:garage"),
    *_nouns("part", "f", "puerta:door ventana:window"),
    *_nouns("part", "m", "techo:roof"),
    *_nouns("song", "f", "canción:song"),
    *_nouns("film", "f", "película:movie"),
    *_nouns("subject", "f", "música:music historia:history química:chemistry", number="one"),
    *_nouns("language", "m", "español:Spanish inglés:English francés:French", number="one"),
    *_nouns("language", "m", "alemán:German italiano:Italian japonés:Japanese", number="one"),
    *_nouns(
        "game", "m", "fútbol:soccer tenis:tennis ajedrez:chess baloncesto:basketball", number="one"
    ),
]

NOUNS: dict[str, tuple[Noun, ...]] = {
    kind: tuple(noun for noun in _ALL if noun.kind == kind)
    for kind in dict.fromkeys(noun.kind for noun in _ALL)
}

_POOLS = {
    "openable": "puerta ventana caja maleta botella regalo carta mochila",
    "writable": "carta libro novela poema cuento mensaje artículo",
    "readable": "carta libro novela poema cuento mensaje artículo periódico revista",
    "cookable": "pollo arroz carne pescado sopa papa zanahoria huevo",
    "baked": "pastel pan sándwich sopa ensalada café galleta limonada té",
    "cuttable": "pan queso carne pastel manzana jamón tomate limón",
    "breakable": "plato vaso taza espejo ventana botella lámpara reloj juguete silla",
    "washable": "plato vaso camisa falda vestido taza tenedor manzana calcetín cuchara blusa",
    "cleanable": "casa cocina baño habitación mesa ventana garaje escuela oficina coche",
    "rentable": "coche casa bicicleta barco moto habitación película",
    "fixable": "coche bicicleta reloj computadora teléfono moto lámpara cámara techo puerta barco",
    "losable": "llave teléfono reloj maleta bolsa boleto anillo mochila guante libro",
    "drawn": "flor mapa perro gato caballo casa árbol pájaro barco castillo",
    "driven": "coche camión autobús taxi",
    "painted": "casa puerta mesa silla cuadro ventana techo habitación barco",
    "closable": "puerta ventana caja maleta botella tienda",
    "sights": "museo castillo iglesia isla ciudad pueblo playa universidad",
    "told": "cuento",
    "sent": "carta mensaje regalo foto flor libro",
    "lent": "libro coche bicicleta cámara bolígrafo guitarra chaqueta novela maleta",
    "wish": "coche casa bicicleta guitarra computadora teléfono perro gato reloj cámara",
}


def pool(names: str) -> tuple[Noun, ...]:
    """The nouns of several kinds, or of named lists."""
    found: list[Noun] = []
    for name in names.split():
        if name in _POOLS:
            lemmas = _POOLS[name].split()
            found += [noun for noun in _ALL if noun.lemma in lemmas and noun.kind != "ride"]
        else:
            found += NOUNS[name]
    return tuple(dict.fromkeys(found))


# Names and places --------------------------------------------------------------------------------

MEN = words("Pedro Juan Diego Pablo Miguel Javier Antonio Manuel Daniel Roberto Alejandro")
WOMEN = words("Ana María Carmen Laura Elena Lucía Sofía Marta Rosa Isabel Julia Clara")
CITIES = units(
    """Madrid:Madrid|Barcelona:Barcelona|Sevilla:Seville|Londres:London|París:Paris|Roma:Rome
    Lima:Lima|México:Mexico|España:Spain|Italia:Italy|Francia:France|Perú:Peru
    Alemania:Germany|Inglaterra:England|Berlín:Berlin
    Nueva:New York:York|Buenos:Buenos Aires:Aires"""
)
FUNCTION_WORDS = tuple(word.lower() for word in MEN + WOMEN)
