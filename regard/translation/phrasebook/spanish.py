"""Spanish inflection: plurals, agreement and conjugation.

Persons are numbered yo 0, tú 1, él 2, nosotros 3, ellos 4 (ustedes goes with ellos).
"""

from __future__ import annotations

from dataclasses import dataclass

_UNACCENTED = str.maketrans("áéíóú", "aeiou")
_PLURALS = {"joven": "jóvenes", "examen": "exámenes"}


def plural(word: str) -> str:
    """The plural of a noun or adjective: gato gatos, flor flores, lápiz lápices, avión aviones."""
    if word in _PLURALS:
        return _PLURALS[word]
    if word[-1] in "aeiouáéó":
        return word + "s"
    if word[-1] == "z":
        return word[:-1] + "ces"
    if word[-2] in "áéíóú":
        return word[:-2] + word[-2:].translate(_UNACCENTED) + "es"
    return word + "es"


_FEMININES = {"español": "española", "trabajador": "trabajadora", "hablador": "habladora"}


def agreeing(lemma: str) -> tuple[str, str, str, str]:
    """The forms of an adjective: masculine, feminine, and their plurals."""
    if lemma in _FEMININES:
        feminine = _FEMININES[lemma]
    elif lemma.endswith("o"):
        feminine = lemma[:-1] + "a"
    elif lemma.endswith("és"):
        feminine = lemma[:-2] + "esa"
    else:
        feminine = lemma
    return lemma, feminine, plural(lemma), plural(feminine)


@dataclass(frozen=True, slots=True)
class SpanishForms:
    """The forms of a verb that the grammar uses."""

    infinitive: str
    present: tuple[str, ...]
    preterite: tuple[str, ...]
    imperfect: tuple[str, ...]
    gerund: str
    participle: str


_PRESENT = {
    "dar": "doy das da damos dan",
    "ver": "veo ves ve vemos ven",
    "ir": "voy vas va vamos van",
    "ser": "soy eres es somos son",
    "estar": "estoy estás está estamos están",
    "haber": "he has ha hemos han",
    "enviar": "envío envías envía enviamos envían",
}
_YO = {
    "tener": "tengo",
    "venir": "vengo",
    "hacer": "hago",
    "poner": "pongo",
    "salir": "salgo",
    "traer": "traigo",
    "conocer": "conozco",
    "conducir": "conduzco",
    "ofrecer": "ofrezco",
    "saber": "sé",
    "decir": "digo",
    "seguir": "sigo",
}
_PRETERITE = {
    "dar": "di diste dio dimos dieron",
    "ver": "vi viste vio vimos vieron",
    "ir": "fui fuiste fue fuimos fueron",
    "ser": "fui fuiste fue fuimos fueron",
    "traer": "traje trajiste trajo trajimos trajeron",
    "conducir": "conduje condujiste condujo condujimos condujeron",
    "decir": "dije dijiste dijo dijimos dijeron",
    "hacer": "hice hiciste hizo hicimos hicieron",
}
_STRONG = {
    "tener": "tuv",
    "estar": "estuv",
    "haber": "hub",
    "poder": "pud",
    "poner": "pus",
    "querer": "quis",
    "saber": "sup",
    "venir": "vin",
}
_IMPERFECT = {"ser": "era eras era éramos eran", "ir": "iba ibas iba íbamos iban"}
_IMPERFECT_VER = "veía veías veía veíamos veían"
_GERUND = {
    "ir": "yendo",
    "poder": "pudiendo",
    "venir": "viniendo",
    "decir": "diciendo",
    "traer": "trayendo",
    "leer": "leyendo",
    "creer": "creyendo",
    "caer": "cayendo",
}
_PARTICIPLE = {
    "abrir": "abierto",
    "decir": "dicho",
    "escribir": "escrito",
    "hacer": "hecho",
    "poner": "puesto",
    "romper": "roto",
    "ver": "visto",
    "volver": "vuelto",
    "leer": "leído",
    "traer": "traído",
    "creer": "creído",
    "caer": "caído",
}
_ENDINGS = {"ar": "o as a amos an", "er": "o es e emos en", "ir": "o es e imos en"}
_PAST_ENDINGS = {
    "ar": "é aste ó amos aron",
    "er": "í iste ió imos ieron",
    "ir": "í iste ió imos ieron",
}
_SOFT = {"car": "qu", "gar": "gu", "zar": "c"}  # before é: busqué, llegué, almorcé
_RAISED = {"ie": ("e", "i"), "ue": ("o", "u"), "i": ("e", "i")}


def conjugate(infinitive: str, change: str = "") -> SpanishForms:
    """Conjugate a verb; `change` is what its last stem vowel becomes when stressed: ie, ue, i."""
    group, stem = infinitive[-2:], infinitive[:-2]
    return SpanishForms(
        infinitive=infinitive,
        present=_present(infinitive, stem, group, change),
        preterite=_preterite(infinitive, stem, group, change),
        imperfect=_imperfect(infinitive, stem, group),
        gerund=_gerund(infinitive, stem, group, change),
        participle=_PARTICIPLE.get(infinitive, stem + ("ado" if group == "ar" else "ido")),
    )


def _present(infinitive: str, stem: str, group: str, change: str) -> tuple[str, ...]:
    if infinitive in _PRESENT:
        return tuple(_PRESENT[infinitive].split())
    stressed = _changed(stem, change)
    forms = [
        (stem if person == 3 else stressed) + ending
        for person, ending in enumerate(_ENDINGS[group].split())
    ]
    forms[0] = _YO.get(infinitive, forms[0])
    return tuple(forms)


def _preterite(infinitive: str, stem: str, group: str, change: str) -> tuple[str, ...]:
    if infinitive in _PRETERITE:
        return tuple(_PRETERITE[infinitive].split())
    if infinitive in _STRONG:
        return tuple(_STRONG[infinitive] + ending for ending in ("e", "iste", "o", "imos", "ieron"))
    if stem[-1] in "aeo":  # leer, creer, caer, oír
        return tuple(stem + ending for ending in ("í", "íste", "yó", "ímos", "yeron"))
    forms = [stem + ending for ending in _PAST_ENDINGS[group].split()]
    if infinitive[-3:] in _SOFT:
        forms[0] = stem[:-1] + _SOFT[infinitive[-3:]] + "é"
    if group == "ir" and change:
        raised = _raised(stem, change)
        forms[2], forms[4] = raised + "ió", raised + "ieron"
    return tuple(forms)


def _imperfect(infinitive: str, stem: str, group: str) -> tuple[str, ...]:
    if infinitive in _IMPERFECT:
        return tuple(_IMPERFECT[infinitive].split())
    if infinitive == "ver":
        return tuple(_IMPERFECT_VER.split())
    endings = ("aba", "abas", "aba", "ábamos", "aban")
    if group != "ar":
        endings = ("ía", "ías", "ía", "íamos", "ían")
    return tuple(stem + ending for ending in endings)


def _gerund(infinitive: str, stem: str, group: str, change: str) -> str:
    if infinitive in _GERUND:
        return _GERUND[infinitive]
    if group == "ar":
        return stem + "ando"
    return (_raised(stem, change) if group == "ir" and change else stem) + "iendo"


def _changed(stem: str, change: str) -> str:
    """The stem where it is stressed: cerr- cierr-, dorm- duerm-, ped- pid-, jug- jueg-."""
    if not change:
        return stem
    vowels = "u" if change == "ue" and "o" not in stem else _RAISED[change][0]
    at = max(stem.rfind(vowel) for vowel in vowels)
    return stem[:at] + change + stem[at + 1 :]


def _raised(stem: str, change: str) -> str:
    """The stem of a verb in -ir before ió, ieron, iendo: durm-, pid-, sint-."""
    vowel, high = _RAISED[change]
    at = stem.rfind(vowel)
    return stem[:at] + high + stem[at + 1 :]


_ACCENTED = {"a": "á", "e": "é", "i": "í"}


def attached(infinitive: str, pronouns: list[str]) -> str:
    """An infinitive with its pronouns: verlo, dármelo."""
    if len(pronouns) > 1:
        infinitive = infinitive[:-2] + _ACCENTED[infinitive[-2]] + infinitive[-1]
    return infinitive + "".join(pronouns)
