"""Tokens: nothing is lost, every piece knows its characters, files are read or refused."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from regard.translation.model import BOS, EOS, PAD, UNK
from regard.translation.spacing import join_words
from regard.translation.tokens import (
    FIRST_CHARACTER,
    BytePairs,
    TokensError,
    Words,
    count_words,
    load_tokens,
    train_byte_pairs,
)

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


@pytest.mark.parametrize("kind", ["bpe", "words"])
def test_control_characters_are_read_as_what_training_makes_of_them(
    byte_pairs: BytePairs, kind: str
) -> None:
    tokens = byte_pairs if kind == "bpe" else count_words(TEXTS, limit=60)
    plain = tokens.encode("la casa no está")
    given = "\ufeffla\tca\x00sa\u2028no esta\x1b\u0301"
    pieces = tokens.encode(given)
    assert [piece.id for piece in pieces] == [piece.id for piece in plain]
    assert tokens.encode_ids([given]) == [[piece.id for piece in plain]]
    covered = "".join(given[piece.start : piece.end] for piece in pieces)
    assert "".join(covered.replace("\x00", "").split()) == "lacasanoesta\x1b\u0301"
    assert tokens.encode_ids(["\ufeff", "\x00\x1b"]) == [[], []]
    assert tokens.encode("\ufeff") == []


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
        "import json, sys; from regard.translation.tokens import train_byte_pairs;"
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
    monkeypatch.setattr("regard.translation.tokens.TRAINING_CHARACTERS", 900)
    tokens = train_byte_pairs(["casas viejas", "old houses"] * 300, size=400)
    assert {" casas", " viejas", " old", " houses"} <= set(tokens.pieces)
    assert train_byte_pairs(["casas viejas", "old houses"] * 300, size=400).digest == tokens.digest


def test_half_a_character_becomes_a_replacement_character() -> None:
    text = "a\ud800b"
    for tokens in (train_byte_pairs([text] * 4, size=300), count_words([text], limit=9)):
        assert tokens.decode(tokens.encode_ids([text])[0]) == "a\ufffdb".replace(
            "\ufffd", " \ufffd " if isinstance(tokens, Words) else "\ufffd"
        )
        assert tokens.encode(text)[-1].end == 3


def test_training_refuses_what_cannot_work() -> None:
    with pytest.raises(TokensError, match="more than 260 pieces"):
        train_byte_pairs(TEXTS, size=FIRST_CHARACTER)
    with pytest.raises(TokensError, match="no text"):
        train_byte_pairs(["", ""], size=500)
    with pytest.raises(TokensError, match="more than 4 pieces"):
        count_words(TEXTS, limit=4)
    with pytest.raises(TokensError, match="no text"):
        count_words(["", " "], limit=500)


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


def test_rejoining_nothing_is_nothing() -> None:
    assert join_words([]) == ""
    assert join_words(["'"]) == "'"


@pytest.mark.parametrize("lowercase", [False, True])
def test_saved_tokens_are_the_same(tmp_path: Path, lowercase: bool) -> None:
    path = tmp_path / "tokens.json"
    for tokens in (
        train_byte_pairs(TEXTS, size=400, lowercase=lowercase),
        count_words(TEXTS, limit=20, lowercase=lowercase),
    ):
        tokens.save(path)
        loaded = load_tokens(path)
        assert type(loaded) is type(tokens)
        assert (loaded.digest, loaded.pieces) == (tokens.digest, tokens.pieces)
        assert loaded.encode(TEXTS[0]) == tokens.encode(TEXTS[0])
        assert loaded.lowercase is lowercase
        assert [file.name for file in tmp_path.iterdir()] == ["tokens.json"]


def test_the_digest_tells_tokens_apart() -> None:
    texts = [text.lower() for text in TEXTS]
    kinds = [train_byte_pairs(texts, size=400, lowercase=low) for low in (False, True)]
    kinds += [count_words(texts, limit=50, lowercase=low) for low in (False, True)]
    assert len({tokens.digest for tokens in kinds}) == 4


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "damaged"),
        ("[1, 2", "damaged"),
        ("[" * 100_000, "damaged"),
        ("\xff", "is not a tokens file of regard|damaged"),
        ("[1]", "is not a tokens file of regard"),
        ('{"format": "regard tokens", "version": 2}', "has version 2"),
        ('{"format": "regard tokens", "version": 1}', "is damaged"),
    ],
)
def test_a_foreign_or_damaged_file_is_refused_in_one_line(
    tmp_path: Path, content: str, complaint: str
) -> None:
    path = tmp_path / "tokens.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(TokensError, match=complaint) as caught:
        load_tokens(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))
    with pytest.raises(TokensError, match="cannot be read"):
        load_tokens(tmp_path / "missing.json")


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "sentencepiece"},
        {"lowercase": "yes"},
        {"characters": ["a", "a"]},
        {"characters": ["ab"]},
        {"characters": ["\ud800"]},
        {"characters": 3},
        {"merges": [["a", "never seen"]]},
        {"merges": [["a"]]},
        {"merges": None},
        {"characters": ["<", "s", ">"], "merges": [["<", "s"], ["<s", ">"]]},
        {"kind": "words"},
        {"kind": "words", "words": ["a", ""]},
        {"kind": "words", "words": ["a", "b", "a"]},
    ],
)
def test_a_file_with_one_wrong_field_is_refused(
    byte_pairs: BytePairs, tmp_path: Path, change: dict[str, object]
) -> None:
    path = tmp_path / "tokens.json"
    byte_pairs.save(path)
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change))
    with pytest.raises(TokensError, match="is damaged"):
        load_tokens(path)


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


def test_words_and_byte_pairs_are_the_two_final_kinds() -> None:
    assert (BytePairs.kind, Words.kind) == ("bpe", "words")
