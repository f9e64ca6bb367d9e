"""Byte pairs: nothing is lost, and every piece knows its characters."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from regard.translation.byte_pairs import FIRST_CHARACTER, BytePairs, train_byte_pairs
from regard.translation.model import BOS, EOS, PAD, UNK
from regard.translation.tokens import TokensError

TEXTS = [
    "I don't know where the old house is.",
    "The old house is where I don't look.",
    "¿Dónde está la casa vieja? No sé dónde está.",
    "La casa vieja está donde no miro, ¡no lo sé!",
    "我愛老房子。老房子在哪裡?",
] * 3

AWKWARD = [
    "",
    " ",
    "   two  spaces  and an end  ",
    "\ttab\n",
    "emoji \U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467 and rare \U0002070e",
    "e\u0301a\u0308 decomposed, \u1100\u1161\u11a8 too, \u304b\u3099",
    "\u212b and \u2126 change alone; \u0344 falls apart",
    "<pad> <unk> <s> </s> <0x41> ▁ Ġ",
    "ﬁne ﬀ ½ 10,000 2024",
    "ภาษาไทยไม่มีวรรค हिन्दी में अक्षर العربية",
    "\U0001d15e\u0f73\u0958",
]


@pytest.fixture(scope="module")
def byte_pairs() -> BytePairs:
    return train_byte_pairs(TEXTS, size=330)


def nfc(text: str) -> str:
    parting = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
    spaced = "".join(" " if character in parting else character for character in text)
    return unicodedata.normalize(
        "NFC", "".join(one for one in spaced if unicodedata.category(one) != "Cc")
    )


@pytest.mark.parametrize("text", AWKWARD + TEXTS[:5])
def test_byte_pairs_restore_a_text_up_to_its_clean_nfc(byte_pairs: BytePairs, text: str) -> None:
    ids = [piece.id for piece in byte_pairs.encode(text)]
    assert byte_pairs.decode(ids) == nfc(text)
    assert min(ids, default=9) > max(PAD, UNK, BOS, EOS)


@pytest.mark.parametrize("lowercase", [False, True])
def test_random_text_survives_and_the_two_ways_of_encoding_agree(lowercase: bool) -> None:
    tokens = train_byte_pairs(TEXTS, size=330, lowercase=lowercase)
    chance = random.Random(7)
    characters = [chr(code) for code in range(1, 0x3200)] + [
        *" aeéÑΣİ.'12\u0301\u0327\u3099\uac00\u1161\u11a8" * 100
    ]
    texts = ["".join(chance.choices(characters, k=chance.randint(0, 12))) for _ in range(600)]
    for text, ids in zip(texts, tokens.encode_ids(texts), strict=True):
        pieces = tokens.encode(text)
        assert [piece.id for piece in pieces] == ids
        assert all(0 <= piece.start <= piece.end <= len(text) for piece in pieces)
        starts = [piece.start for piece in pieces]
        assert starts == sorted(starts)
        if not lowercase:
            assert tokens.decode(ids) == nfc(text)


def test_spans_are_of_the_text_as_given(byte_pairs: BytePairs) -> None:
    text = "Donde\u0301 esta\u0301, \U0001f600 2024"
    pieces = byte_pairs.encode(text)
    covered = {place for piece in pieces for place in range(piece.start, piece.end)}
    assert covered >= {place for place, character in enumerate(text) if character != " "}
    assert not any(text[piece.start : piece.end][:1] == " " != piece.text for piece in pieces)
    accented = next(piece for piece in pieces if piece.start <= text.index("\u0301") < piece.end)
    assert text[accented.start : accented.end].endswith("e\u0301")
    emoji = [piece for piece in pieces if text[piece.start : piece.end] == "\U0001f600"]
    assert [piece.text for piece in emoji] == ["<0xF0>", "<0x9F>", "<0x98>", "<0x80>"]
    assert [text[piece.start : piece.end] for piece in pieces[-4:]] == list("2024")


def test_a_lower_cased_letter_that_grows_keeps_its_span() -> None:
    tokens = train_byte_pairs(TEXTS, size=330, lowercase=True)
    text = "İX"  # the lower case of the first is two characters
    spans = {(piece.start, piece.end) for piece in tokens.encode(text) if piece.end > 0}
    assert spans == {(0, 1), (1, 2)}
    assert tokens.decode(tokens.encode_ids([text])[0]) == "i\u0307x"


def test_frequent_words_become_one_piece_with_their_apostrophe(byte_pairs: BytePairs) -> None:
    assert " don't" in byte_pairs.pieces
    assert [piece.text for piece in byte_pairs.encode("don't")] == [" don't"]
    assert not any(" " in piece[1:] for piece in byte_pairs.pieces if piece.strip())


def test_a_character_seen_once_is_written_in_bytes() -> None:
    tokens = train_byte_pairs([*TEXTS, "a ž b"], size=330)
    assert "ž" not in tokens.pieces
    assert [piece.text for piece in tokens.encode("ž")][-2:] == ["<0xC5>", "<0xBE>"]


def test_training_gives_the_asked_size_and_ids_in_a_fixed_order(byte_pairs: BytePairs) -> None:
    assert byte_pairs.size == len(byte_pairs.pieces) == 330 == len(set(byte_pairs.pieces))
    assert byte_pairs.pieces[:6] == ("<pad>", "<unk>", "<s>", "</s>", "<0x00>", "<0x01>")
    assert train_byte_pairs(["aaa bbb"] * 4, size=9999).size < 280


def test_another_process_learns_the_same_vocabulary(byte_pairs: BytePairs, tmp_path: Path) -> None:
    texts = tmp_path / "texts.json"
    texts.write_text(json.dumps(TEXTS))
    code = (
        "import json, sys; from regard.translation.byte_pairs import train_byte_pairs;"
        "print(train_byte_pairs(json.load(open(sys.argv[1])), size=330).digest)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(texts)], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == byte_pairs.digest


def test_any_ids_decode_to_something(byte_pairs: BytePairs) -> None:
    assert byte_pairs.decode([BOS, 4 + 0xC3, EOS, PAD]) == "\ufffd"
    assert byte_pairs.decode(np.array([4 + 0xC3, 4 + 0xB1], np.uint16)) == "ñ"
    chance = random.Random(3)
    for _ in range(300):
        byte_pairs.decode(chance.choices(range(byte_pairs.size), k=9))
    with pytest.raises(TokensError, match="id 330 is not in this vocabulary of 330"):
        byte_pairs.decode([330])


def test_a_sample_of_much_text_has_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regard.translation.byte_pairs.TRAINING_CHARACTERS", 900)
    tokens = train_byte_pairs(["casas viejas", "old houses"] * 300, size=400)
    assert {" casas", " viejas", " old", " houses"} <= set(tokens.pieces)
    assert train_byte_pairs(["casas viejas", "old houses"] * 300, size=400).digest == tokens.digest


def test_training_refuses_what_cannot_work() -> None:
    with pytest.raises(TokensError, match="more than 260 pieces"):
        train_byte_pairs(TEXTS, size=FIRST_CHARACTER)
    with pytest.raises(TokensError, match="no text"):
        train_byte_pairs(["", ""], size=500)


@pytest.mark.real
def test_a_real_vocabulary_restores_every_sentence(shared: Path) -> None:
    folder = shared / "data" / "spa-eng"
    texts = [
        line
        for language in ("es", "en")
        for line in (folder / f"train.{language}").read_text(encoding="utf-8").splitlines()[::29]
    ]
    tokens = train_byte_pairs(texts, size=2000)
    ids = tokens.encode_ids(texts)
    assert [tokens.decode(row) for row in ids] == [nfc(text) for text in texts]
    assert sum(map(len, ids)) < 2 * sum(len(text.split()) for text in texts)
