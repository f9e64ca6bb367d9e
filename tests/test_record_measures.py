from __future__ import annotations

import numpy as np
import pytest

from regard.record.measures import COMPARISONS, MEASURES, Measure

# Two heads, three queries, four keys. Powers of two, so that every entropy is exact.
WEIGHTS = np.array(
    [
        [[0.5, 0.25, 0.125, 0.125], [0.25, 0.25, 0.25, 0.25], [0.0, 1.0, 0.0, 0.0]],
        [[0.25, 0.25, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]],
    ],
    dtype=np.float32,
)
NAN = np.nan

BY_HAND = {
    # 1/2 * 1 + 1/4 * 2 + 2/8 * 3 = 1.75; a half row [1/4, 1/4] has the shape [1/2, 1/2]: 1 bit
    "entropy": [[1.75, 2, 0], [1, NAN, 1]],
    "effective keys": [[2**1.75, 4, 1], [2, NAN, 2]],
    "largest weight": [[0.5, 0.25, 1], [0.25, 0, 0.5]],
    "row mass": [[1, 1, 1], [0.5, 0, 1]],
    "first key mass": [[0.5, 0.25, 0], [0.25, 0, 0]],
    "last key mass": [[0.125, 0.25, 0], [0, 0, 0.5]],
    # 0.25 + 2/8 + 3/8 = 0.875; (0 + 1 + 2 + 3) / 4; 1; and (0 + 1) / 2; (2 + 3) / 2
    "expected position": [[0.875, 1.5, 1], [0.5, NAN, 2.5]],
    # query 0: as the position; query 1: (1 + 0 + 1 + 2) / 4; query 2: |1 - 2|; then (0 + 1) / 2
    "expected distance": [[0.875, 1, 1], [0.5, NAN, 0.5]],
    "hard alignment": [[0, 0, 1], [0, -1, 2]],
    "mass received": [[0.75, 1.5, 0.375, 0.375], [0.25, 0.25, 0.5, 0.5]],
    # (0.75 + 1 + 0.375 + 0.375) / 4; (0.25 + 0.25 + 0.5 + 0.5) / 4
    "coverage": [0.625, 0.375],
}


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_has_the_value_worked_by_hand(name: str) -> None:
    expected = np.array(BY_HAND[name])

    values = MEASURES[name].function(WEIGHTS)

    assert values.shape == expected.shape
    assert values == pytest.approx(expected, nan_ok=True)


LEFT = np.array([[[1.0, 0.0], [0.5, 0.5], [0.2, 0.2], [0.0, 0.0], [1.0, 0.0]]])
RIGHT = np.array([[[0.0, 1.0], [0.5, 0.5], [0.5, 0.5], [1.0, 0.0], [0.5, 0.5]]])

COMPARED_BY_HAND = {
    # The last: H(3/4, 1/4) - (0 + 1) / 2, with H(3/4, 1/4) = 2 - 3/4 log2 3
    "divergence": [[1, 0, 0, NAN, 1.5 - 0.75 * np.log2(3)]],
    "total variation": [[1, 0, 0, NAN, 0.5]],
    "same key": [[0, 1, 1, NAN, 1]],
}


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_comparison_has_the_value_worked_by_hand(name: str) -> None:
    compare = COMPARISONS[name].function

    assert compare(LEFT, RIGHT) == pytest.approx(np.array(COMPARED_BY_HAND[name]), nan_ok=True)
    assert compare(RIGHT, LEFT) == pytest.approx(np.array(COMPARED_BY_HAND[name]), nan_ok=True)
    with pytest.raises(ValueError, match="shapes are the same"):
        compare(LEFT, RIGHT[:, :4])


def test_the_entropy_of_a_sharp_row_is_never_negative() -> None:
    generator = np.random.default_rng(7)
    sharp = generator.dirichlet(np.full(5, 0.02), size=(2, 200)).astype(np.float32)

    values = MEASURES["entropy"].function(sharp)

    assert (values >= 0).all()
    assert not np.signbit(values).any()


def test_a_divergence_lies_between_nothing_and_one_bit() -> None:
    generator = np.random.default_rng(8)
    left = generator.dirichlet(np.full(6, 0.1), size=(3, 90))
    right = generator.dirichlet(np.full(6, 0.1), size=(3, 90))

    bits = COMPARISONS["divergence"].function(left, right)
    moved = COMPARISONS["total variation"].function(left, right)

    assert ((bits >= 0) & (bits <= 1)).all()
    assert (bits <= moved + 1e-12).all()  # Lin 1991: Jensen-Shannon is at most the variation


@pytest.mark.parametrize("measure", [*MEASURES.values(), *COMPARISONS.values()])
def test_a_measure_says_what_a_reader_has_to_know(measure: Measure) -> None:
    assert measure.values in ("each query", "each key", "each head")
    assert all((measure.unit, measure.what, measure.source, measure.misleads))
    assert measure.function.__doc__
