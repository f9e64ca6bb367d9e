"""The mix of sentences, and how a finished one is written: contractions, a and an, punctuation."""

from __future__ import annotations

from collections.abc import Callable

from regard.translation.phrasebook import (
    likings,
    patterns,
    questions,
    reasons,
    statements,
    two_clauses,
)
from regard.translation.phrasebook.english import takes_an
from regard.translation.phrasebook.units import Draw, Phrase, Token, weighted

Kind = Callable[[Draw], Phrase]

# Kinds of sentences with the mark at their end, by weight.
MIX: tuple[tuple[Kind, str], ...] = weighted(
    (26, (statements.simple, ".")),
    (6, (statements.about_things, ".")),
    (4, (statements.there_is, ".")),
    (6, (likings.likes, ".")),
    (1, (likings.hurting, ".")),
    (2, (patterns.impersonal, ".")),
    (1, (patterns.about_weather, ".")),
    (2, (patterns.hour, ".")),
    (2, (patterns.since, ".")),
    (2, (patterns.superlative, ".")),
    (2, (statements.nothing, ".")),
    (6, (questions.yes_or_no, "?")),
    (2, (questions.thing_question, "?")),
    (1, (questions.is_there, "?")),
    (3, (questions.when_or_why, "?")),
    (3, (questions.where_is_it, "?")),
    (4, (questions.what_is_done, "?")),
    (2, (questions.who_does_it, "?")),
    (2, (questions.whose, "?")),
    (1, (questions.at_what_time, "?")),
    (3, (questions.order, ".")),
    (1, (questions.exclamation, "!")),
    (1, (questions.greeting, ".")),
    (7, (reasons.because, ".")),
    (6, (two_clauses.when, ".")),
    (1, (two_clauses.childhood, ".")),
    (4, (two_clauses.meanwhile, ".")),
    (4, (two_clauses.provided, ".")),
    (4, (two_clauses.although, ".")),
    (6, (two_clauses.opinion, ".")),
    (3, (two_clauses.not_knowing, ".")),
    (6, (two_clauses.sequence, ".")),
    (4, (two_clauses.contrast, ".")),
    (4, (two_clauses.both, ".")),
    (4, (two_clauses.before, ".")),
    (1, (two_clauses.likes_because, ".")),
    (1, (two_clauses.choice, "?")),
    (1, (two_clauses.asked_if, "?")),
)


def sentence(draw: Draw) -> Phrase:
    """One sentence of any kind, ready to be joined by `text_of`."""
    kind, mark = draw.pick(MIX)
    return written(draw, kind(draw), mark)


def written(draw: Draw, phrase: Phrase, mark: str) -> Phrase:
    """A phrase as a sentence that ends with a mark: contracted, with capitals and punctuation."""
    sense = draw.sense()
    spanish = _spanish(phrase.spanish)
    english = _english(phrase.english)
    opening = {"?": "¿", "!": "¡"}.get(mark)
    if opening is not None:
        spanish.insert(0, (opening, sense))
    spanish.append((mark, sense))
    english.append((mark, sense))
    first = 0 if opening is None else 1
    spanish[first] = _capital(spanish[first])
    english[0] = _capital(english[0])
    return Phrase(spanish, english)


def _capital(token: Token) -> Token:
    return token[0][0].upper() + token[0][1:], token[1]


_CONTRACTIONS = {("a", "el"): "al", ("de", "el"): "del"}
_SOUNDS_LIKE_Y = ("i", "hi")


def _spanish(tokens: list[Token]) -> list[Token]:
    """Contract a el and de el; say e before i."""
    written: list[Token] = []
    for place, (word, senses) in enumerate(tokens):
        if word == "el" and written and (written[-1][0], word) in _CONTRACTIONS:
            before, more = written[-1]
            written[-1] = (_CONTRACTIONS[before, word], senses | more)
            continue
        if word == "y" and tokens[place + 1][0].lower().startswith(_SOUNDS_LIKE_Y):
            word = "e"
        written.append((word, senses))
    return written


def _english(tokens: list[Token]) -> list[Token]:
    """Say an before a vowel; write cannot."""
    written: list[Token] = []
    for place, (word, senses) in enumerate(tokens):
        if word == "a" and takes_an(tokens[place + 1][0]):
            word = "an"
        elif word == "not" and written and written[-1][0] == "can":
            written[-1] = ("cannot", written[-1][1] | senses)
            continue
        written.append((word, senses))
    return written


def text_of(tokens: list[Token]) -> str:
    """The words as people write them: no space before . , ? ! and none after ¿ ¡."""
    text = " ".join(word for word, _ in tokens)
    for mark in (" .", " ,", " ?", " !"):
        text = text.replace(mark, mark[1])
    return text.replace("¿ ", "¿").replace("¡ ", "¡")
