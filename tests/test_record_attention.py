from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from records import SOURCE, a_map, a_record, a_window, weights
from regard.record.attention import Token


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": weights()[0]}, r"\[heads, queries, slots\]"),
        ({"weights": weights()[:0]}, "none 0"),
        ({"weights": weights()[:, :1]}, "1 rows for 2 query tokens"),
        ({"weights": weights()[:, :, :3]}, "3 columns for 4 key tokens"),
        ({"weights": weights().astype(int)}, "floating point, not int64"),
        ({"weights": np.full((1, 2, 4), np.nan)}, "finite"),
        ({"weights": np.full((1, 2, 4), 1e300)}, "finite"),
        ({"weights": -weights()}, r"negative \(-0.6\)"),
        ({"weights": weights() * 1.001}, "sums to 1.001, more than 1"),
        ({"weights": weights() * 2, "normaliser": "sigmoid"}, "a weight is 1.2"),
        ({"normaliser": "hardmax"}, "unknown normaliser 'hardmax'"),
        ({"radius": -1}, "radius must be 0 or more"),
        ({"centre": np.array([1.0, np.inf])}, "centre must be finite"),
        ({"centre": np.array([1.0])}, r"centre must have one value a query \(2\)"),
        ({"query_side": "left"}, 'query_side must be "source" or "target"'),
        ({"site": ""}, "no name"),
        ({"site": "a\ud800"}, "lone surrogate"),
    ],
)
def test_a_map_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        a_map(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"first": np.array([0, 2])}, "a slot outside the keys holds a weight|sums"),
        ({"first": np.array([-1, 3])}, "a slot outside the keys holds a weight"),
        ({"first": np.array([-4, 2])}, "first must lie between -3"),
        ({"first": np.array([-1, 2**63 - 1])}, "first must lie between"),
        ({"first": np.array([-1.0, 2.0])}, "whole numbers"),
        ({"first": np.array([[-1, 2]])}, "first must have one value"),
    ],
)
def test_a_window_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    if "first must lie" not in message and changes["first"].tolist() == [0, 2]:
        changes["weights"] = np.array([[[0.1, 0.3, 0.4], [0.5, 0.2, 0.1]]])
    with pytest.raises(ValueError, match=message):
        a_window(**changes)


def test_rows_may_sum_to_less_than_one_and_to_one_with_rounding() -> None:
    a_map(weights=weights() * 1.00009)
    a_map(weights=weights() * 0)
    a_map(weights=np.ones((1, 2, 4)), normaliser="sigmoid")


def test_a_token_with_an_impossible_span_is_refused() -> None:
    with pytest.raises(ValueError, match="'x': the span 3:2"):
        Token("x", 3, 2)
    with pytest.raises(ValueError, match="'x': the span -1:2"):
        Token("x", -1, 2)


def test_a_map_does_not_change_with_the_array_it_was_made_from() -> None:
    given = weights()
    one = a_map(weights=given)
    given[:] = 0

    assert one.weights.sum() > 0
    with pytest.raises(ValueError, match="read-only"):
        one.weights[0] = 0


def test_a_window_is_laid_out_over_all_keys() -> None:
    one = a_window()

    assert one.dense()[0].tolist() == [
        pytest.approx([0.3, 0.4, 0, 0]),
        pytest.approx([0, 0, 0.5, 0.2]),
    ]
    assert one.window().tolist() == [[0, 2], [2, 4]]
    assert a_map().dense() is not None
    assert a_map().window().tolist() == [[0, 4], [0, 4]]


def test_the_window_of_a_map_kept_whole_follows_from_centre_and_radius() -> None:
    one = a_map(centre=np.array([0.9, 4.0]), radius=1)

    # floor(0.9) = 0 sees -1..1, cut to 0..1; p_t = 4 = S is moved to the last key and sees 2..3
    assert one.window().tolist() == [[0, 2], [2, 4]]


def test_a_record_whose_parts_do_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="two maps have the name cross"):
        a_record(maps=(a_map(), a_map()))
    with pytest.raises(ValueError, match="ends at character 10, but the source has 4"):
        a_record(source="gato")
    with pytest.raises(ValueError, match="ends at character 5, but the target has 0"):
        a_record(target="")
    with pytest.raises(ValueError, match="settings must be JSON values"):
        a_record(settings={"weights": weights()})
    with pytest.raises(ValueError, match="settings must be JSON values"):
        a_record(settings={"loss": float("nan")})
    with pytest.raises(ValueError, match="source has half a character"):
        a_record(source=SOURCE + "\udc80")


def test_a_map_is_found_by_its_site() -> None:
    assert a_record().map("local").radius == 1
    assert a_record(maps=(a_map(),)).map().site == "cross"
    with pytest.raises(ValueError, match="no map 'x'; it has: cross, local, s"):
        a_record().map("x")
    with pytest.raises(ValueError, match="3 maps, name one: cross, local, s"):
        a_record().map()
