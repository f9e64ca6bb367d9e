"""Both kinds of tokens: what they agree on; files are read or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from regard.translation.byte_pairs import BytePairs, train_byte_pairs
from regard.translation.tokens import TokensError
from regard.translation.tokens_file import load_tokens
from regard.translation.whole_words import Words, count_words

TEXTS = [
    "I don't know where the old house is.",
    "The old house is where I don't look.",
    "¿Dónde está la casa vieja? No sé dónde está.",
    "La casa vieja está donde no miro, ¡no lo sé!",
    "我愛老房子。老房子在哪裡?",
] * 3


@pytest.fixture(scope="module")
def byte_pairs() -> BytePairs:
    return train_byte_pairs(TEXTS, size=330)


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


def test_half_a_character_becomes_a_replacement_character() -> None:
    text = "a\ud800b"
    for tokens in (train_byte_pairs([text] * 4, size=300), count_words([text], limit=9)):
        assert tokens.decode(tokens.encode_ids([text])[0]) == "a\ufffdb".replace(
            "\ufffd", " \ufffd " if isinstance(tokens, Words) else "\ufffd"
        )
        assert tokens.encode(text)[-1].end == 3


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


def test_words_and_byte_pairs_are_the_two_final_kinds() -> None:
    assert (BytePairs.kind, Words.kind) == ("bpe", "words")
