from __future__ import annotations

import re

import numpy as np
import pytest
from rich.cells import cell_len

from regard.record.attention import AttentionMap, AttentionRecord, Token
from regard.record.word_map import WordMap
from regard.record.words import Word
from regard.view.terminal import draw, draw_record

CODES = re.compile(r"\x1b\[[0-9;]*m")


def word_map_of(
    weights: list[list[float]],
    rows: str,
    columns: str,
    window: list[list[float]] | None = None,
) -> WordMap:
    def words(line: str) -> tuple[Word, ...]:
        return tuple(Word(text, place, place + 1) for place, text in enumerate(line.split(" ")))

    return WordMap(
        site="decoder.cross",
        heads="1 head",
        weights=np.array(weights, dtype=np.float32),
        query_words=words(rows),
        key_words=words(columns),
        window=None if window is None else np.array(window),
    )


BLACK_CAT = word_map_of(
    [[0.9, 0.1, 0.0], [0.04, 0.26, 0.7], [0.3, 0.55, 0.15]], "the black cat", "el gato negro"
)


def test_a_small_map_is_a_grid_with_words_on_both_sides() -> None:
    assert draw(BLACK_CAT, width=80).splitlines() == [
        "decoder.cross · 1 head",
        "",
        "        el   gato  negro",
        "  the  ██ 90 ░░ 10   ·",
        "black      4 ▒▒ 26 ▓▓ 70",
        "  cat  ▒▒ 30 ▓▓ 55 ░░ 15",
        "",
        "each row: where the model looked for that word, in percent",
    ]


def test_a_wide_map_is_a_list_of_what_each_word_looked_at_most() -> None:
    assert draw(BLACK_CAT, width=24).splitlines()[2:5] == [
        "  the ███████▎  el 90",
        "black █████▋    negro 70",
        "  cat ████▍     gato 55",
    ]
    assert "el   gato  negro" in draw(BLACK_CAT, width=25)
    words = " ".join(f"word{number}" for number in range(20))
    wide = word_map_of([[0.5, 0.3, 0.13, *[0.07 / 17] * 17]], "one", words)
    assert draw(wide, width=60).splitlines()[2] == "one ████      word0 50  word1 30  word2 13"


def test_the_edges_of_a_window_stand_round_what_could_be_seen() -> None:
    one = word_map_of(
        [[0.6, 0.2, 0.0], [0.0, 0.0, 0.8], [0.0, 0.0, 0.0]],
        "the cat sat",
        "el gato negro",
        window=[[-0.5, 1.5], [0.9, 2.5], [np.nan, np.nan]],
    )

    lines = draw(one).splitlines()

    assert lines[3:6] == [
        "the [▓▓ 60 ░░ 20]",
        "cat       [  ·   ██ 80]",
        "sat",
    ]
    assert lines[8:] == ["[ ]: the window that it could see", "rows may sum to less than 100"]


def test_colour_changes_nothing_but_shades_into_colours() -> None:
    coloured = draw(BLACK_CAT, colour=True)

    assert "\x1b[" in coloured
    plain = [re.sub("[█▓▒░]", " ", line).split() for line in draw(BLACK_CAT).splitlines()]
    assert [line.split() for line in CODES.sub("", coloured).splitlines()] == plain
    assert coloured.count("\x1b[0m") == len(CODES.findall(coloured)) / 2
    assert "\x1b" not in draw(BLACK_CAT)


SCRIPTS = "猫 は 椅子 ฉั น não e\u0301 👨‍👩‍👧 나는 हिन्दी قطة a_word_that_never_ends \u0301 x"


@pytest.mark.parametrize("width", [24, 31, 50, 79, 80, 120, 200])
@pytest.mark.parametrize("colour", [False, True])
def test_no_line_is_wider_than_asked_in_any_script(width: int, colour: bool) -> None:
    count = len(SCRIPTS.split(" "))
    generator = np.random.default_rng(width)
    weights = generator.dirichlet(np.full(count, 0.2), size=count)
    windows = [[place - 1.5, place + 1.5] for place in range(count)]
    one = word_map_of(weights.tolist(), SCRIPTS, SCRIPTS, windows)

    lines = CODES.sub("", draw(one, width=width, colour=colour)).splitlines()

    assert max(map(cell_len, lines)) <= width
    assert len(lines) >= count + 4


def test_columns_stay_below_their_words_where_letters_are_wide() -> None:
    one = word_map_of([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], "猫 犬は走", "見 e\u0301 走った")

    head, first, second = draw(one).splitlines()[2:5]

    assert head == "         見     e\u0301   走った"
    assert first == "    猫    ·   ██100   ·"
    assert second == "犬は走  ██100   ·     ·"


def test_control_characters_in_words_are_shown_not_sent() -> None:
    hostile = "a\x1b[31m"
    one = word_map_of([[1.0]], hostile, "\u202eb\x07")

    drawn = draw(one)

    assert "\x1b" not in drawn
    assert "\x07" not in drawn
    assert "\u202e" not in drawn
    assert r"a\x1b[31m" in drawn
    assert all(code.endswith("m") for code in CODES.findall(draw(one, colour=True)))
    assert CODES.sub("", draw(one, colour=True)).count("\x1b") == 0


def test_a_word_of_a_million_letters_is_cut() -> None:
    one = word_map_of([[1.0]], "x" * 1_000_000, "e" + "\u0301" * 1_000_000)

    assert max(map(cell_len, draw(one).splitlines())) < 80
    assert len(draw(one)) < 1000


def test_a_map_of_no_words_is_drawn_all_the_same() -> None:
    one = WordMap("x", "1 head", np.zeros((1, 0), dtype=np.float32), (Word("a", 0, 1),), ())

    assert "a" in draw(one)
    assert draw(WordMap("x", "1 head", np.zeros((0, 0), dtype=np.float32), (), ()))


def test_a_terminal_too_narrow_is_refused() -> None:
    with pytest.raises(ValueError, match="24 columns or more, not 23"):
        draw(BLACK_CAT, width=23)


def test_a_record_is_drawn_by_words() -> None:
    cross = AttentionMap(
        "decoder.cross",
        np.array([[[0.25, 0.25, 0.5], [0.0, 0.0, 1.0]]]),
        (Token("cat", 0, 3), Token("</s>", 3, 3)),
        (Token("ga", 0, 2), Token("to", 2, 4), Token("</s>", 4, 4)),
    )
    record = AttentionRecord((cross,), "gato", "cat")

    assert draw_record(record).splitlines()[2:5] == [
        "      gato  </s>",
        " cat  ▓▓ 50 ▓▓ 50",
        "</s>    ·   ██100",
    ]
    with pytest.raises(ValueError, match="heads 0 to 0"):
        draw_record(record, head=1)
