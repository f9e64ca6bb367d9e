from __future__ import annotations

import numpy as np
import pytest

from regard.record.attention import AttentionMap, AttentionRecord, Token
from regard.record.word_map import token_extents, word_map
from regard.record.words import Word, split_words, with_markers

SOURCE, TARGET = "negrito duerme", "little sleeps"
KEYS = (Token("neg", 0, 3), Token("rito", 3, 7), Token("duerme", 8, 14), Token("</s>", 14, 14))
QUERIES = (Token("lit", 0, 3), Token("tle", 3, 6), Token("sleeps", 7, 13))
WEIGHTS = np.array(
    [
        [[0.5, 0.1, 0.3, 0.1], [0.1, 0.7, 0.2, 0.0], [0.0, 0.2, 0.8, 0.0]],
        [[0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.0, 0.2], [0.0, 0.0, 0.0, 1.0]],
    ]
)


def record(**changes: object) -> AttentionRecord:
    given = {"site": "x", "weights": WEIGHTS, "query_tokens": QUERIES, "key_tokens": KEYS}
    return AttentionRecord((AttentionMap(**(given | changes)),), SOURCE, TARGET)  # type: ignore[arg-type]


def test_a_map_of_tokens_becomes_a_map_of_words() -> None:
    one = word_map(record())

    assert [word.text for word in one.query_words] == ["little", "sleeps"]
    assert [word.text for word in one.key_words] == ["negrito", "duerme", "</s>"]
    # little: the mean of two rows; negrito: the sum of two columns; then the mean of two heads
    first = np.array([(0.6 + 0.8) / 2, (0.3 + 0.2) / 2, 0.05])
    second = np.array([0.2, 0.05, 0.15])
    assert one.weights[0] == pytest.approx((first + second) / 2)
    assert one.heads == "mean of 2 heads"
    assert word_map(record(), head=0).weights[0] == pytest.approx(first)
    assert word_map(record(), head=1).heads == "head 1 of 2"
    assert (one.window, one.centre) == (None, None)


def test_a_head_or_site_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="x has heads 0 to 1, not 2"):
        word_map(record(), head=2)
    with pytest.raises(ValueError, match="no map 'y'"):
        word_map(record(), "y")


def test_words_may_be_given() -> None:
    one = word_map(record(), source_words=(Word("rito", 3, 7),), target_words=split_words(TARGET))

    assert one.weights.shape == (2, 1)
    assert one.weights[1, 0] == pytest.approx(0.1)


def test_tokens_take_their_part_of_a_word() -> None:
    tokens = (*KEYS[:2], Token(" ", 7, 8), Token("o duer", 6, 12), KEYS[3])

    extents = token_extents(tokens, with_markers(split_words(SOURCE), tokens))

    assert extents.tolist() == [
        pytest.approx([-0.5, -0.5 + 3 / 7]),
        pytest.approx([-0.5 + 3 / 7, 0.5]),
        pytest.approx([0.5, 0.5]),
        pytest.approx([-0.5 + 6 / 7, 0.5 + 4 / 6]),
        pytest.approx([1.5, 2.5]),
    ]


def test_window_and_centre_are_said_in_words() -> None:
    kept = np.array([[[0.3, 0.3, 0.0], [0.2, 0.2, 0.2], [0.1, 0.1, 0.0]]])
    one = word_map(
        record(
            weights=kept,
            first=np.array([0, 0, 2]),
            centre=np.array([0.0, 1.0, 2.5], dtype=np.float32),
            radius=1,
        )
    )

    assert one.window is not None
    # little: keys 0..2 of both tokens, that is negrito and duerme; sleeps: keys 2..3, to the end
    assert one.window.tolist() == [[-0.5, 1.5], [0.5, 2.5]]
    assert one.centre is not None
    # p_t = 0 is the middle of "neg", 1 that of "rito"; 2.5 lies between "duerme" and </s>
    middles = [-0.5 + 3 / 14, -0.5 + (3 + 2) / 7]
    assert one.centre.tolist() == pytest.approx([sum(middles) / 2, 1.5])


def test_a_word_without_tokens_has_neither_window_nor_centre() -> None:
    one = word_map(
        record(centre=np.array([0.0, 1.0, 2.0]), radius=0, weights=WEIGHTS[:1]),
        target_words=split_words(TARGET + " well"),
    )

    assert one.window is not None
    assert one.centre is not None
    assert np.isnan(one.window[2]).all()
    assert np.isnan(one.centre[2])
    assert one.window[:2].tolist() == [[-0.5, 0.5], [0.5, 1.5]]
