"""Ids to text, with the characters that each piece wrote."""

from __future__ import annotations

import random

from regard.translation.byte_pairs import FIRST_BYTE, train_byte_pairs
from regard.translation.detokenise import detokenise, join_tokenised, unwritable
from regard.translation.model import BOS, EOS, UNK
from regard.translation.normal_form import CONTROL, clean
from regard.translation.sentences import Span
from regard.translation.whole_words import count_words

TEXTS = ["Él no está aquí, ¿verdad?", "It’s 3 o'clock  (or 4)!", "東京 東京 東京"] * 3
PAIRS = train_byte_pairs(TEXTS, size=330)
WORDS = count_words(TEXTS, limit=40)


def cut(text: str, spans: tuple[Span, ...]) -> list[str]:
    return [text[span.start : span.end] for span in spans]


def test_pieces_of_a_text_write_it_again_where_they_were_read() -> None:
    for text in (*TEXTS, "nuevo: ß 🙂 ok", "  two  spaces "):
        pieces = PAIRS.encode(text)
        written = detokenise(PAIRS, [piece.id for piece in pieces])
        assert written.text == text
        assert [(span.start, span.end) for span in written.spans] == [
            (piece.start, piece.end) for piece in pieces
        ]


def test_every_byte_of_a_character_has_its_span() -> None:
    ids = [FIRST_BYTE + byte for byte in " a🙂b".encode()]
    written = detokenise(PAIRS, ids)
    assert written.text == "a🙂b"
    assert cut(written.text, written.spans) == ["", "a", "🙂", "🙂", "🙂", "🙂", "b"]


def test_any_ids_give_what_decoding_gives_with_spans_in_order() -> None:
    chance = random.Random(3)
    for _ in range(500):
        ids = [chance.randrange(PAIRS.size) for _ in range(chance.randrange(12))]
        written = detokenise(PAIRS, ids)
        decoded = PAIRS.decode(ids)
        # A space that stood at the start of its line belongs to the first word.
        assert written.text in (clean(decoded), clean(decoded).removeprefix(" "))
        assert not CONTROL.search(written.text)
        assert len(written.spans) == len(ids)
        reached = 0
        for span in written.spans:
            assert (
                reached <= span.start <= span.end <= len(written.text) or span.start >= reached - 1
            )
            assert 0 <= span.start <= span.end <= len(written.text)
            reached = span.end


def test_a_translation_never_breaks_its_line() -> None:
    written = detokenise(PAIRS, [FIRST_BYTE + byte for byte in b"a\nb\rc"])
    assert written.text == "a b c"


def test_a_translation_holds_no_control_characters() -> None:
    written = detokenise(
        PAIRS, [FIRST_BYTE + byte for byte in "\x1ba\x00\x7fb\t\x9bc\ufeff".encode()]
    )
    assert written.text == "ab c"
    assert cut(written.text, written.spans) == [
        *("", "a", "", "", "b", " ", "", "", "c", "", "", "")
    ]
    ids = [*WORDS.encode_ids(["Él"])[0], UNK, UNK]
    replaced = detokenise(WORDS, ids, {1: "\x1b[1mca\x00sa", 2: "\x00"})
    assert replaced.text == "Él [1mcasa"
    assert cut(replaced.text, replaced.spans) == ["Él", "[1mcasa", ""]


def test_pieces_that_write_control_characters_are_named() -> None:
    found = unwritable(PAIRS)
    assert [PAIRS.piece(id_) for id_ in (found[0], found[27], found[-1])] == [
        *("<0x00>", "<0x1B>", "<0x7F>")
    ]
    assert len(found) == 33
    assert unwritable(WORDS) == ()


def test_words_are_found_where_they_were_joined() -> None:
    ids = WORDS.encode_ids(["It’s 3 o'clock (or 4)!"])[0]
    written = detokenise(WORDS, [BOS, *ids, EOS])
    assert written.text == WORDS.decode(ids) == "It’s 3 o'clock (or 4)!"
    assert cut(written.text, written.spans) == [
        *("", "It’s", "3", "o'clock", "(", "or", "4", ")", "!", ""),
    ]


def test_an_unknown_word_is_shown_or_replaced() -> None:
    ids = [*WORDS.encode_ids(["Él"])[0], UNK, *WORDS.encode_ids([", aquí"])[0], UNK]
    assert detokenise(WORDS, ids).text == "Él <unk>, aquí <unk>"
    written = detokenise(WORDS, ids, {1: "San Juan", 4: ""})
    assert written.text == "Él San Juan, aquí <unk>"
    assert cut(written.text, written.spans) == ["Él", "San Juan", ",", "aquí", "<unk>"]


def test_tokens_that_repeat_are_found_one_after_the_other() -> None:
    written = join_tokenised(["a", "aa", "a", "'", "a", "'", "a"])
    assert cut(written.text, written.spans) == ["a", "aa", "a", "'", "a", "'", "a"]
    assert [span.start for span in written.spans] == sorted(span.start for span in written.spans)
    assert join_tokenised([]).text == ""


def test_what_a_tokeniser_parted_at_an_apostrophe_is_one_word_again() -> None:
    words = ["I", "do", "n't", "know", "Ana", "'s", "qu'", "il", "L'", "eau", "'", "s"]
    written = join_tokenised(words)
    assert written.text == "I don't know Ana's qu'il L'eau' s"
    assert cut(written.text, written.spans) == words
