"""Where sentences end, and that no character of a long text is lost."""

from __future__ import annotations

import itertools
import random

import pytest

from regard.translation.sentences import Span, rejoin, segments, sentences


def cut(text: str) -> list[str]:
    return [text[span.start : span.end] for span in sentences(text)]


def words(text: str) -> int:
    return len(text.split())


@pytest.mark.parametrize(
    "expected",
    [
        ["It rains.", "We stay in."],
        ["¿Qué tal?", "¡Muy bien!", "Me alegro."],
        ["“It rains.”", "He left (at last).", "Good!"],
        ["Wait...", "What?!", "Nothing…", "Go."],
        ["Mr. and Mrs. Smith met Dr. No.", "They danced."],
        ["See No. 5 and fig. 3.", "They say no.", "We do."],
        ["El Sr. García llegó.", "La Sra. López no."],
        ["J. R. R. Tolkien wrote it.", "The U.S. Army did not."],
        ["So do I.", "So does he."],
        ["It costs 3.50 euros at www.example.com today.", "Buy it."],
        ["It was 1990.", "Then came 1991."],
        ["1. Wash it.", "Dry it."],
        ["“Stop!” she cried.", "He did."],
        ["etc. and so on, e.g. this, is one sentence.", "This is two."],
        ["क्या हाल है?", "सब ठीक है।", "अच्छा।"],
        ["هل تسمعني؟", "نعم."],
        ["Ինչպե՞ս ես։", "Լավ եմ։"],
        ["no capital letter anywhere. not even here, so this is one"],
        ["No mark at all"],
    ],
)
def test_sentences_end_where_a_reader_ends_them(expected: list[str]) -> None:
    assert cut(" ".join(expected)) == expected


def test_scripts_without_spaces_need_none_between_sentences() -> None:
    assert cut("今日は雨です。明日は？「晴れ。」よかった！") == [
        "今日は雨です。",
        "明日は？",
        "「晴れ。」",
        "よかった！",
    ]


def test_the_end_of_a_line_ends_a_sentence() -> None:
    assert cut("A title\n\n  and a text\r\nthat goes on. Here.") == [
        "A title",
        "and a text",
        "that goes on.",
        "Here.",
    ]
    assert cut("") == cut(" \n\t ") == []


def test_a_text_that_is_short_enough_stays_whole() -> None:
    text = "One. Two. Three."
    assert segments(text, 3, 3, words) == [Span(0, len(text))]
    assert segments(text, 2, 9, words) == sentences(text)


def test_a_sentence_may_be_longer_than_what_is_cut_into_sentences() -> None:
    text = "One is here. And two are there."
    assert segments(text, 3, 4, words) == sentences(text)
    assert len(segments(text, 3, 3, words)) == 3


def test_each_line_is_a_part_of_its_own() -> None:
    text = "One. Two.\n\nThree. Four. Five. Six."
    found = [text[span.start : span.end] for span in segments(text, 3, 3, words)]
    assert found == ["One. Two.", "Three.", "Four.", "Five.", "Six."]


def test_a_long_sentence_is_cut_at_a_clause_then_at_a_space_then_anywhere() -> None:
    def found(text: str, longest: int) -> list[str]:
        return [text[span.start : span.end] for span in segments(text, longest, longest, len)]

    assert found("when it rained all day, we stayed in bed", 30) == [
        "when it rained all day,",
        "we stayed in bed",
    ]
    assert found("when it rained all day we stayed in bed", 30) == [
        "when it rained all",
        "day we stayed in bed",
    ]
    assert found("so, it rained all day and we stayed in bed", 30) == [
        "so, it rained all day",
        "and we stayed in bed",
    ]
    assert found("abcdefgh", 3) == ["ab", "cd", "ef", "gh"]
    assert found("我们今天去学校，然后回家吃饭睡觉", 10) == ["我们今天去学校，", "然后回家吃饭睡觉"]
    assert found("e\u0301e\u0301", 2) == ["e\u0301", "e\u0301"]


def test_nothing_is_lost_whatever_the_text() -> None:
    chance = random.Random(4)
    signs = 'ab Éñ \n\t.?!…,;:"“”()¿。，字か。\u0301\u00a0 3'
    for _ in range(400):
        text = "".join(chance.choices(signs, k=chance.randrange(60)))
        spans = segments(text, chance.randrange(9), chance.randrange(1, 9), len)
        pieces = [text[span.start : span.end] for span in spans]
        assert all(piece and piece == piece.strip() for piece in pieces)
        assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
        assert "".join("".join(pieces).split()) == "".join(text.split())


def test_no_part_is_longer_than_allowed() -> None:
    chance = random.Random(5)
    for _ in range(200):
        text = "".join(chance.choices("abc  ,.\n字", k=chance.randrange(200)))
        longest = chance.randrange(1, 12)
        assert all(
            span.end - span.start <= longest for span in segments(text, longest, longest, len)
        )


def test_translations_are_put_in_the_places_of_their_segments() -> None:
    text = "  One. Two.\n \n\tThree.\t"
    spans = segments(text, 1, 1, words)
    written, starts = rejoin(text, spans, ["Uno.", "Dos.", "Tres."])
    assert written == "  Uno. Dos.\n \n\tTres.\t"
    assert starts == [2, 7, 15]
    assert rejoin(text, spans, ["One.", "Two.", "Three."])[0] == text


@pytest.mark.parametrize("between", [" ", "  ", "\t", " \t ", "\u00a0", "\u2028", " \x00"])
def test_between_two_sentences_of_a_line_there_is_one_space(between: str) -> None:
    text = f"One.{between}Two."
    spans = segments(text, 4, 9, len)
    assert rejoin(text, spans, ["Uno.", "Dos."]) == ("Uno. Dos.", [0, 5])
    assert rejoin(text, spans, ["雨。", "雪。"]) == ("雨。雪。", [0, 2])


def test_a_space_keeps_apart_what_a_script_without_spaces_did_not() -> None:
    text = "雨。雪。"
    spans = segments(text, 2, 2, len)
    assert rejoin(text, spans, ["Rain.", "Snow."]) == ("Rain. Snow.", [0, 6])
    assert rejoin(text, spans, ["비.", "눈."]) == ("비. 눈.", [0, 3])
    assert rejoin(text, spans, ["", "Snow."]) == ("Snow.", [0, 0])
    assert rejoin(text, spans, ["Rain.", ""]) == ("Rain.", [0, 5])


def test_a_long_text_takes_time_in_proportion() -> None:
    text = "It rained. Then Mr. Smith, who had 3. wives, came " * 4000
    assert len(sentences(text)) > 4000  # quadratic, this would take minutes


def test_a_line_of_control_characters_is_no_part() -> None:
    text = "\ufeff\none\n\x1b\x00\n two"
    spans = segments(text, 9, 9, len)
    assert [text[span.start : span.end] for span in spans] == ["one", "two"]
    assert rejoin(text, spans, ["1", "2"])[0] == "\ufeff\n1\n\x1b\x00\n 2"
