"""The parts of the phrasebook: inflection by hand, and phrases put together by hand."""

from __future__ import annotations

import pytest

from regard.translation.phrasebook.clauses import Predicate, inverted, statement
from regard.translation.phrasebook.english import compared, verb
from regard.translation.phrasebook.english import plural as english_plural
from regard.translation.phrasebook.noun_phrases import described, unspoken
from regard.translation.phrasebook.nouns import NOUNS, Noun, pool
from regard.translation.phrasebook.phrases import GENERIC, MANY, MY, THE, A
from regard.translation.phrasebook.sentences import text_of, written
from regard.translation.phrasebook.spanish import agreeing, attached, conjugate
from regard.translation.phrasebook.spanish import plural as spanish_plural
from regard.translation.phrasebook.units import Draw, Phrase, unit
from regard.translation.phrasebook.verb_groups import group
from regard.translation.phrasebook.verbs import WITH_THING, Verb

# Inflection, by hand -----------------------------------------------------------------------------


CONJUGATIONS = {
    "hablar": """hablo hablas habla hablamos hablan
        hablé hablaste habló hablamos hablaron hablando hablado""",
    "comer": """como comes come comemos comen
        comí comiste comió comimos comieron comiendo comido""",
    "dormir/ue": """duermo duermes duerme dormimos duermen
        dormí dormiste durmió dormimos durmieron durmiendo dormido""",
    "vestir/i": """visto vistes viste vestimos visten
        vestí vestiste vistió vestimos vistieron vistiendo vestido""",
    "seguir/i": """sigo sigues sigue seguimos siguen
        seguí seguiste siguió seguimos siguieron siguiendo seguido""",
    "cerrar/ie": """cierro cierras cierra cerramos cierran
        cerré cerraste cerró cerramos cerraron cerrando cerrado""",
    "jugar/ue": """juego juegas juega jugamos juegan
        jugué jugaste jugó jugamos jugaron jugando jugado""",
    "almorzar/ue": """almuerzo almuerzas almuerza almorzamos almuerzan
        almorcé almorzaste almorzó almorzamos almorzaron almorzando almorzado""",
    "buscar": """busco buscas busca buscamos buscan
        busqué buscaste buscó buscamos buscaron buscando buscado""",
    "leer": """leo lees lee leemos leen
        leí leíste leyó leímos leyeron leyendo leído""",
    "traer": """traigo traes trae traemos traen
        traje trajiste trajo trajimos trajeron trayendo traído""",
    "venir/ie": """vengo vienes viene venimos vienen
        vine viniste vino vinimos vinieron viniendo venido""",
    "hacer": """hago haces hace hacemos hacen
        hice hiciste hizo hicimos hicieron haciendo hecho""",
    "conducir": """conduzco conduces conduce conducimos conducen
        conduje condujiste condujo condujimos condujeron conduciendo conducido""",
    "enviar": """envío envías envía enviamos envían
        envié enviaste envió enviamos enviaron enviando enviado""",
    "dar": """doy das da damos dan
        di diste dio dimos dieron dando dado""",
    "volver/ue": """vuelvo vuelves vuelve volvemos vuelven
        volví volviste volvió volvimos volvieron volviendo vuelto""",
    "ir": """voy vas va vamos van
        fui fuiste fue fuimos fueron yendo ido""",
    "mostrar/ue": """muestro muestras muestra mostramos muestran
        mostré mostraste mostró mostramos mostraron mostrando mostrado""",
    "escribir": """escribo escribes escribe escribimos escriben
        escribí escribiste escribió escribimos escribieron escribiendo escrito""",
    "ofrecer": """ofrezco ofreces ofrece ofrecemos ofrecen
        ofrecí ofreciste ofreció ofrecimos ofrecieron ofreciendo ofrecido""",
}


@pytest.mark.parametrize(("verb_and_change", "expected"), CONJUGATIONS.items())
def test_spanish_verbs_are_conjugated(verb_and_change: str, expected: str) -> None:
    infinitive, _, change = verb_and_change.partition("/")
    forms = conjugate(infinitive, change)
    said = [*forms.present, *forms.preterite, forms.gerund, forms.participle]
    assert said == expected.split()


def test_spanish_plurals_and_agreement() -> None:
    singulars = [
        "gato",
        "flor",
        "lápiz",
        "avión",
        "jardín",
        "autobús",
        "café",
        "sofá",
        "calcetín",
        "reloj",
    ]
    plurals = "gatos flores lápices aviones jardines autobuses cafés sofás calcetines relojes"
    assert " ".join(map(spanish_plural, singulars)) == plurals
    assert agreeing("rojo") == ("rojo", "roja", "rojos", "rojas")
    assert agreeing("inglés") == ("inglés", "inglesa", "ingleses", "inglesas")
    assert agreeing("joven") == ("joven", "joven", "jóvenes", "jóvenes")
    assert agreeing("trabajador")[1] == "trabajadora"
    assert attached("dar", ["me", "lo"]) == "dármelo"
    assert attached("vender", ["se", "las"]) == "vendérselas"
    assert attached("ver", ["lo"]) == "verlo"


def test_english_forms() -> None:
    assert verb("carry").third == ("carries",)
    assert verb("wash").third == ("washes",)
    assert verb("study").past == ("studied",)
    assert verb("dance").gerund == ("dancing",)
    assert verb("take_care_of took taken").past == ("took", "care", "of")
    assert verb("have_lunch had").third == ("has", "lunch")
    singulars = ["man", "knife", "box", "city", "photo", "bus", "boy", "fish"]
    plurals = "men knives boxes cities photos buses children fish"
    assert " ".join(map(english_plural, singulars)) == plurals
    assert compared("big") == (("bigger",), ("biggest",))
    assert compared("lazy") == (("lazier",), ("laziest",))
    assert compared("nice") == (("nicer",), ("nicest",))
    assert compared("famous") == (("more", "famous"), ("most", "famous"))


# The parts, put together by hand -----------------------------------------------------------------


def _noun(lemma: str) -> Noun:
    return next(noun for noun in pool("tool text building food drink") if noun.lemma == lemma)


def _verb(infinitive: str) -> Verb:
    return next(found for found in WITH_THING if found.spanish.infinitive == infinitive)


def _plain() -> Draw:
    """Choices without any ornament: nothing optional happens."""
    return Draw(lambda: 0.999)


def _texts(phrase: Phrase, mark: str = ".") -> tuple[str, str]:
    said = written(_plain(), phrase, mark)
    return text_of(said.spanish), text_of(said.english)


def test_a_unit_links_chunk_to_chunk_in_either_order() -> None:
    straight = unit("delante:in_front de:of")
    assert straight.spanish == (("delante", 1), ("de", 2))
    assert straight.english == (("in", 1), ("front", 1), ("of", 2))
    turned = unit("~la: semana:week pasada:last")
    assert turned.spanish == (("la", 0), ("semana", 1), ("pasada", 2))
    assert turned.english == (("last", 2), ("week", 1))


def test_a_noun_phrase_agrees_and_is_possessed() -> None:
    draw = _plain()
    assert _texts(described(draw, _noun("agua"), THE)) == ("El agua.", "The water.")
    assert _texts(described(draw, _noun("agua"), MY)) == ("Mi agua.", "My water.")
    assert _texts(described(draw, _noun("lápiz"), MANY)) == ("Muchos lápices.", "Many pencils.")
    assert _texts(described(draw, _noun("universidad"), A)) == ("Una universidad.", "A university.")
    owner = described(draw, NOUNS["close"][0], MY)
    book = described(draw, _noun("libro"), GENERIC, plural=True, possessor=owner)
    assert _texts(book) == ("Los libros de mi padre.", "My father's books.")


@pytest.mark.parametrize(
    ("tense", "spanish", "english"),
    [
        ("present", "No leo el libro.", "I do not read the book."),
        ("preterite", "No leí el libro.", "I did not read the book."),
        ("progressive", "No estoy leyendo el libro.", "I am not reading the book."),
        ("perfect", "No he leído el libro.", "I have not read the book."),
        ("just", "No acabo de leer el libro.", "I have not just read the book."),
        ("future", "No voy a leer el libro.", "I am not going to read the book."),
        ("can", "No puedo leer el libro.", "I cannot read the book."),
        ("must", "No debo leer el libro.", "I must not read the book."),
        ("want", "No quiero leer el libro.", "I do not want to read the book."),
        ("have_to", "No tengo que leer el libro.", "I do not have to read the book."),
        ("had_to", "No tuve que leer el libro.", "I did not have to read the book."),
    ],
)
def test_a_statement_is_denied_in_every_tense(tense: str, spanish: str, english: str) -> None:
    draw = _plain()
    who = unspoken(draw, 0)
    book = described(draw, _noun("libro"), THE, plural=False)
    predicate = Predicate(group(draw, _verb("leer"), tense, who), book)
    assert _texts(statement(draw, who, predicate, negative=True)) == (spanish, english)


@pytest.mark.parametrize(
    ("tense", "spanish", "english"),
    [
        ("present", "¿Lees el libro?", "Do you read the book?"),
        ("preterite", "¿Leíste el libro?", "Did you read the book?"),
        ("progressive", "¿Estás leyendo el libro?", "Are you reading the book?"),
        ("future", "¿Vas a leer el libro?", "Are you going to read the book?"),
        ("can", "¿Puedes leer el libro?", "Can you read the book?"),
        ("need", "¿Necesitas leer el libro?", "Do you need to read the book?"),
    ],
)
def test_a_question_inverts_or_takes_do(tense: str, spanish: str, english: str) -> None:
    draw = _plain()
    who = unspoken(draw, 1)
    book = described(draw, _noun("libro"), THE, plural=False)
    predicate = Predicate(group(draw, _verb("leer"), tense, who), book)
    assert _texts(inverted(draw, who, predicate), "?") == (spanish, english)


@pytest.mark.parametrize(
    ("chance", "spanish"), [(0.999, "Lo quiero leer."), (0.0, "Quiero leerlo.")]
)
def test_a_pronoun_stands_before_or_is_attached(chance: float, spanish: str) -> None:
    draw = Draw(lambda: chance)
    who = unspoken(draw, 0)
    it = draw.pair("lo", "it")
    predicate = Predicate(group(draw, _verb("leer"), "want", who, it), Phrase([], it.english))
    assert _texts(statement(draw, who, predicate)) == (spanish, "I want to read it.")
