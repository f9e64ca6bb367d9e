"""Whole words: what is in the vocabulary, what is not, and a text again from its words."""

from __future__ import annotations

import pytest

from regard.translation.model import BOS, EOS, PAD, UNK
from regard.translation.tokens import TokensError
from regard.translation.whole_words import count_words


def test_words_are_counted_and_the_rest_is_unknown() -> None:
    tokens = count_words(["b a, b", "a b c"], limit=7)
    assert tokens.pieces == ("<pad>", "<unk>", "<s>", "</s>", "b", "a", ",")  # "," before "c"
    pieces = tokens.encode("a  cafe\u0301 b")
    assert [(piece.id, piece.text, piece.start, piece.end) for piece in pieces] == [
        (5, "a", 0, 1),
        (UNK, "café", 3, 8),
        (4, "b", 9, 10),
    ]
    assert tokens.encode_ids(["a  cafe\u0301 b", ""]) == [[5, UNK, 4], []]
    assert tokens.decode([BOS, 4, 6, UNK, EOS]) == "b, <unk>"


def test_a_word_spelt_like_a_special_piece_is_a_word() -> None:
    tokens = count_words(["x <s> x"], limit=20)
    assert BOS not in tokens.encode_ids(["<s> x"])[0]
    assert tokens.decode([BOS, EOS, PAD]) == ""


def test_counting_refuses_what_cannot_work() -> None:
    with pytest.raises(TokensError, match="more than 4 pieces"):
        count_words(["a b c"], limit=4)
    with pytest.raises(TokensError, match="no text"):
        count_words(["", " "], limit=500)


@pytest.mark.parametrize(
    "text",
    [
        "I don't know; the boys' room is 3:30 p.m. or so.",
        '"Where," he said, "is it?"',
        "¿Dónde está? ¡No lo sé, (creo) que «aquí»!",
        "He said 'no' and/or $5, i.e. 3,000.5% of it ...".replace(" ...", "..."),
        "„Ja“, sagte er.",
        "我愛老房子。老房子在哪裡？",
        "well-known l'homme aujourd’hui",
    ],
)
def test_words_are_rejoined_as_people_write(text: str) -> None:
    tokens = count_words([text], limit=99)
    assert tokens.decode(tokens.encode_ids([text])[0]) == text
