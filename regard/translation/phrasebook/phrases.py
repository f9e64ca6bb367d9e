"""Small words and fixed phrases: determiners, pronouns, places, times, adverbs, reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from regard.translation.phrasebook.nouns import Noun, pool
from regard.translation.phrasebook.units import Unit, unit, units, weighted, words


@dataclass(frozen=True, slots=True, eq=False)
class Determiner:
    """What opens a noun phrase: masculine, feminine, and their plurals.

    strong: possible where the noun is known to the listener, as subjects and persons are.
    """

    forms: tuple[Unit | None, ...]

    def form(self, *, feminine: bool, plural: bool) -> Unit | None:
        """The form that agrees; None where there is none of this number."""
        return self.forms[feminine + 2 * plural]

    def spanish_words(self) -> Iterator[str]:
        """Every Spanish word of its forms."""
        for form in self.forms:
            if form is not None:
                yield from (word for word, _ in form.spanish)


def _determiner(text: str) -> Determiner:
    """Four forms separated by spaces, `+` between the chunks of one, `-` where there is none."""
    forms = [None if entry == "-" else unit(entry.replace("+", " ")) for entry in text.split()]
    return Determiner(tuple(forms * 2 if len(forms) == 2 else forms))


def _for_plural(text: str) -> Determiner:
    return Determiner((None, None, unit(text), unit(text)))


NO_DETERMINER = _determiner(": : : :")
THE = _determiner("el:the la:the los:the las:the")
GENERIC = _determiner("el: la: los: las:")  # me gustan los perros: I like dogs
A = _determiner("un:a una:a - -")
SOME = _determiner("- - unos:some unas:some")
THIS = _determiner("este:this esta:this estos:these estas:these")
THAT = _determiner("ese:that esa:that esos:those esas:those")
MY = _determiner("mi:my mi:my mis:my mis:my")
YOUR = _determiner("tu:your tu:your tus:your tus:your")
OUR = _determiner("nuestro:our nuestra:our nuestros:our nuestras:our")
ANOTHER = _determiner("otro:another otra:another otros:other otras:other")
MANY = _determiner("- - muchos:many muchas:many")
MUCH = _determiner("mucho:a_lot_of mucha:a_lot_of - -")
SEVERAL = _determiner("- - varios:several varias:several")
ALL = _determiner("- - todos:all+los:the todas:all+las:the")
NUMBERS = tuple(
    _for_plural(text)
    for text in words("dos:two tres:three cuatro:four cinco:five seis:six siete:seven ocho:eight")
)
LARGE_NUMBERS = units(
    "diez:ten|doce:twelve|quince:fifteen|veinte:twenty|treinta:thirty|cuarenta:forty|cincuenta:fifty"
)
SMALL_NUMBERS = units("dos:two|tres:three|cuatro:four|cinco:five|seis:six|diez:ten")

# What may open a noun phrase, by what it is for.
FOR_THINGS = weighted(
    (9, THE), (9, A), (3, THIS), (3, THAT), (3, MY), (2, YOUR), (2, OUR), (2, SOME), (2, MANY),
    (1, SEVERAL), (2, ANOTHER), (2, ALL), (3, NO_DETERMINER),
    *((1, number) for number in NUMBERS[:4]),
)  # fmt: skip
FOR_NOBODYS_THINGS = weighted(
    (9, THE), (7, A), (3, THIS), (2, THAT), (2, SOME), (2, MANY), (1, SEVERAL), (1, ANOTHER),
    (1, ALL),
    (4, NO_DETERMINER), *((1, number) for number in NUMBERS[:3]),
)  # fmt: skip
FOR_MASS = weighted((4, NO_DETERMINER), (5, THE), (1, THIS), (1, THAT), (1, MUCH))
FOR_MASS_THERE_IS = weighted((3, NO_DETERMINER), (1, MUCH))
FOR_SUBJECT_MASS = weighted((4, THE), (2, THIS), (1, THAT))
FOR_KNOWN = weighted((9, THE), (3, THIS), (2, THAT), (2, ALL))
FOR_RELATIONS = weighted((6, MY), (4, YOUR), (3, OUR))
FOR_PARTNERS = weighted((3, MY), (2, YOUR))
FOR_PLACES = weighted((9, THE), (2, A), (2, THIS), (1, THAT), (1, ANOTHER))
FOR_SUBJECT_THINGS = weighted(
    (8, THE), (4, THIS), (2, THAT), (3, MY), (3, YOUR), (2, OUR), (1, ALL)
)
FOR_THERE_IS = weighted(
    (8, A), (3, MANY), (3, NO_DETERMINER), (1, SEVERAL), (1, ANOTHER),
    *((1, number) for number in NUMBERS[:5]),
)  # fmt: skip

FOR_NOTHING = (NO_DETERMINER,)

# Adjectives that stand before their noun in Spanish, too; the short forms are part of agreement.
BEFORE_NOUN = (
    _determiner("buen:good buena:good buenos:good buenas:good"),
    _determiner("gran:great gran:great grandes:great grandes:great"),
    _determiner("mal:bad mala:bad malos:bad malas:bad"),
)
ORDINALS = (
    _determiner("primer:first primera:first primeros:first primeras:first"),
    _determiner("segundo:second segunda:second - -"),
    _determiner("tercer:third tercera:third - -"),
    _determiner("último:last última:last últimos:last últimas:last"),
    _determiner("mejor:best mejor:best mejores:best mejores:best"),
    _determiner("mismo:same misma:same - -"),
)

# Persons: yo 0, tú 1, él 2, nosotros 3, ellos 4.
ENGLISH_POSSESSIVE = {
    "I": "my", "you": "your", "he": "his", "she": "her", "it": "its", "we": "our", "they": "their",
}  # fmt: skip
REFLEXIVE = ("me", "te", "se", "nos", "se")
WITH_PRONOUN = tuple(
    (person, unit(text))
    for person, text in (
        (0, "conmigo:with_me"), (1, "contigo:with_you"), (2, "con:with él:him"),
        (2, "con:with ella:her"), (3, "con:with nosotros:us"), (4, "con:with ellos:them"),
        (4, "con:with ellas:them"),
    )
)  # fmt: skip

# Where -------------------------------------------------------------------------------------------

AT_HOME = unit("en:at casa:home")
TO_HOME = unit("a: casa:home")
FROM_HOME = unit("de: casa:home")
_WHERE = {
    "meals": "restaurante cocina jardín parque comedor",
    "shops": "tienda mercado supermercado ciudad pueblo",
    "quiet": "biblioteca parque jardín sala_de_estar habitación tren avión oficina escuela autobús",
    "home": "cocina sala_de_estar habitación jardín casa",
    "laundry": "cocina baño jardín",
    "garage": "garaje jardín casa",
    "bedroom": "habitación baño",
    "travel": "aeropuerto hotel estación ciudad",
    "outside": "parque playa plaza calle jardín bosque",
    "kitchen": "cocina",
    "town": "hospital escuela estación hotel oficina ciudad aeropuerto parada biblioteca",
    "work": "hospital escuela oficina tienda restaurante universidad hotel banco museo farmacia "
    "panadería biblioteca supermercado teatro",
    "learning": "escuela universidad biblioteca",
    "evening": "plaza playa parque hotel teatro",
    "water": "río piscina",
    "stay": "hotel hospital",
}


def _places(lemmas: str) -> tuple[Noun, ...]:
    wanted = [lemma.split("_")[0] for lemma in lemmas.split()]
    return tuple(noun for noun in pool("building outdoors stop room ride") if noun.lemma in wanted)


PLACES = {name: _places(lemmas) for name, lemmas in _WHERE.items()}
HAS_HOME = ("meals", "quiet", "home", "kitchen", "learning", "stay", "laundry", "garage")
IN_CITIES = ("shops", "town", "work", "learning", "evening", "stay", "travel")
DESTINATIONS = pool("building outdoors stop")
LANDMARKS = pool("building")
NEAR = units(
    """delante:in_front de:of
    detrás_de:behind
    al_lado:next de:to
    cerca_de:near
    lejos:far de:from
    enfrente_de:across_from"""
)
ON_FURNITURE = units(
    "encima_de:on_top_of|debajo_de:under|al_lado:next de:to|sobre:on|detrás_de:behind"
)
INSIDE = unit("dentro_de:inside")
HERE = units("aquí:here|allí:there")

# When --------------------------------------------------------------------------------------------

_DAYS = [
    "lunes:Monday",
    "martes:Tuesday",
    "miércoles:Wednesday",
    "jueves:Thursday",
    "viernes:Friday",
    "sábado:Saturday",
    "domingo:Sunday",
]
_PLURAL_DAYS = ["sábados:Saturdays", "domingos:Sundays"] + [day + "s" for day in _DAYS[:5]]
HABITS = units(
    """todos_los:every días:day
        todas_las:every noches:night
        todas_las:every semanas:week
        cada:each mañana:morning
        por:in la:the mañana:morning
        por:in la:the tarde:afternoon
        por:at la: noche:night
        a_veces:sometimes
        los_fines_de_semana:on_weekends
        en:in verano:summer
        en:in invierno:winter"""
) + tuple(unit(f"los:on {day}") for day in _PLURAL_DAYS)
PAST_TIMES = units(
    """ayer:yesterday
        anoche:last_night
        ~la: semana:week pasada:last
        ~el: mes:month pasado:last
        ~el: año:year pasado:last
        ~el: verano:summer pasado:last
        ayer:yesterday por: la: tarde:afternoon
        ayer:yesterday por: la: mañana:morning"""
) + tuple(unit(f"~el: {day} pasado:last") for day in _DAYS)
FUTURE_TIMES = units(
    """mañana:tomorrow
        esta_noche:tonight
        esta:this tarde:afternoon
        la: próxima:next semana:week
        el: próximo:next mes:month
        el: próximo:next año:year
        el: próximo:next verano:summer
        mañana:tomorrow por: la: noche:night
        mañana:tomorrow por: la: mañana:morning"""
) + tuple(unit(f"el:on {day}") for day in _DAYS)
NOW_TIMES = units("ahora:now|en:at este:the momento:moment|hoy:today|ahora_mismo:right_now")
LATELY = units("hoy:today|esta:this semana:week|esta:this mañana:morning|muchas:many veces:times")
SPANS = units("días:days|semanas:weeks|meses:months|años:years|horas:hours|minutos:minutes")
LONG_SPANS = units("semanas:weeks|meses:months|años:years")
AGO = "hace", "ago"
HOURS = units(
    "dos:two|tres:three|cuatro:four|cinco:five|seis:six|siete:seven|ocho:eight|nueve:nine|diez:ten|"
    "once:eleven|doce:twelve"
)

# How often, how ----------------------------------------------------------------------------------

OFTEN = units(
    """siempre:always
    a_menudo:often
    nunca:never
    casi:almost siempre:always
    normalmente:usually
    todavía:still
    también:also
    casi_nunca:hardly_ever"""
)
ALREADY = unit("ya:already")
ATTITUDES = units(
    "por_supuesto:of_course|por_desgracia:unfortunately|por_suerte:luckily|en_realidad:actually"
)
TURNS = units("de_repente:suddenly|al_final:in_the_end|por_fin:finally")
# How something is done, by the verb.
_HOW = {
    "dormir": "mucho:a_lot|muy:very bien:well",
    "trabajar": "mucho:a_lot|en_silencio:quietly",
    "nadar": "muy:very bien:well|lentamente:slowly|rápidamente:quickly",
    "correr": "lentamente:slowly|rápidamente:quickly|mucho:a_lot",
    "caminar": "lentamente:slowly|rápidamente:quickly|en_silencio:quietly",
    "bailar": "muy:very bien:well|mucho:a_lot",
    "cantar": "muy:very bien:well|en_voz_alta:loudly",
    "llorar": "mucho:a_lot|en_silencio:quietly",
    "estudiar": "mucho:a_lot|en_silencio:quietly",
    "cocinar": "muy:very bien:well",
    "esperar": "en_silencio:quietly",
    "jugar": "en_silencio:quietly",
}
MANNERS = {infinitive: units(text) for infinitive, text in _HOW.items()}

# Why somebody does something: key of a verb's reason -> what that person has (tener) or is (estar).
HAS_REASONS = {
    "hunger": unit("hambre:hungry"),
    "thirst": unit("sed:thirsty"),
    "heat": unit("calor:hot"),
    "cold": unit("frío:cold"),
    "sleepiness": unit("sueño:sleepy"),
    "hurry": unit("prisa:in_a_hurry"),
}

# What one has in Spanish and is in English: tengo hambre.
FEELINGS = units(
    "hambre:hungry|sed:thirsty|sueño:sleepy|frío:cold|calor:hot|miedo:afraid|prisa:in_a_hurry|"
    "razón:right|suerte:lucky"
)
ONE_HAS = units("tiempo:time|dinero:money|trabajo:work|clase:class")
WEATHER = units("frío:cold|calor:hot|sol:sunny|viento:windy")
BAD_WEATHER = tuple(kind for kind in WEATHER if kind.english[0][0] != "sunny")
LIKED_SUBJECTS = units(
    "el: español:Spanish|la: música:music|el: fútbol:soccer|el: ajedrez:chess|la: historia:history"
)
