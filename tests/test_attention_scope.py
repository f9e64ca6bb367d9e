"""Where a query may look, counted by hand; and what local attention costs."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from regard.attention.normalise import NORMALISERS, sigmoid, softmax
from regard.attention.scope import SCOPES, Place, Reach

LENGTHS = torch.tensor([6, 3])
COUNT = 6


def reach(name: str, extent: int, positions: list[int], query: Tensor | None = None) -> Reach:
    query = torch.zeros(2, len(positions), 1) if query is None else query
    weights = {"W_p": torch.eye(1), "v_p": torch.ones(1)} if name == "local-p" else {}
    place = Place(query, torch.tensor(positions), LENGTHS, COUNT)
    return SCOPES[name].reach(place, extent, weights)


def seen(name: str, extent: int, positions: list[int]) -> list[list[list[int]]]:
    """For each sentence and query the keys within reach."""
    found = reach(name, extent, positions)
    shape = (2, len(positions), found.mask.shape[-1])
    mask = found.mask.expand(shape)
    keys = torch.arange(COUNT).expand(shape) if found.keys is None else found.keys
    return [[keys[b, q][mask[b, q]].tolist() for q in range(len(positions))] for b in range(2)]


def test_everything_is_the_whole_sentence_and_no_padding() -> None:
    whole = [[0, 1, 2, 3, 4, 5]] * 2
    assert seen("everything", 0, [0, 7]) == [whole, [[0, 1, 2]] * 2]


def test_causal_is_every_key_up_to_ones_own() -> None:
    assert seen("causal", 0, [0, 2, 4]) == [
        [[0], [0, 1, 2], [0, 1, 2, 3, 4]],
        [[0], [0, 1, 2], [0, 1, 2]],
    ]


def test_a_window_counts_the_query_itself() -> None:
    assert seen("window", 2, [0, 1, 4]) == [[[0], [0, 1], [3, 4]], [[0], [0, 1], []]]


def test_local_m_moves_with_the_target_and_stays_at_the_end() -> None:
    assert seen("local-m", 1, [0, 2, 5, 9]) == [
        [[0, 1], [1, 2, 3], [4, 5], [4, 5]],
        [[0, 1], [1, 2], [1, 2], [1, 2]],
    ]


def test_radius_0_of_local_m_sees_one_key() -> None:
    assert seen("local-m", 0, [1, 4]) == [[[1], [4]], [[1], [2]]]


def test_a_radius_of_the_sentence_sees_everything() -> None:
    assert seen("local-m", 6, [0, 3]) == seen("everything", 0, [0, 3])


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [(0.4, 0, 1), (2.5, 1, 3), (2.999, 1, 3), (3.001, 2, 4), (5.9, 4, 5)],
)
def test_local_p_opens_its_window_round_the_floor_of_p(
    wanted: float, first: int, last: int
) -> None:
    """p_t = S sigmoid(tanh(h)): the query is chosen so that p_t comes out as wanted, S = 6."""
    share = wanted / 6
    inner = math.log(share / (1 - share))
    query = torch.full((2, 1, 1), 1.0)
    place = Place(query, torch.tensor([0]), LENGTHS, COUNT)
    weights = {"W_p": torch.tensor([[20.0]]), "v_p": torch.tensor([inner])}  # tanh(20) = 1
    found = SCOPES["local-p"].reach(place, 1, weights)
    assert found.centre is not None
    assert found.keys is not None
    assert found.factor is not None
    assert float(found.centre[0, 0]) == pytest.approx(wanted, abs=1e-4)
    inside = found.keys[0, 0][found.mask[0, 0]]
    assert inside.tolist() == list(range(first, last + 1))
    for key, factor in zip(inside.tolist(), found.factor[0, 0][found.mask[0, 0]], strict=True):
        # sigma = D / 2 = 1/2, so 2 sigma^2 = 1/2
        assert float(factor) == pytest.approx(math.exp(-((key - wanted) ** 2) / 0.5), abs=1e-3)


def test_local_p_of_an_undecided_query_is_the_middle() -> None:
    """sigmoid(0) = 1/2: p_t = S / 2, of each sentence's own length."""
    found = reach("local-p", 1, [0])
    assert found.centre is not None
    assert found.centre[:, 0].tolist() == [3.0, 1.5]


def test_a_saturated_p_stays_inside_the_sentence() -> None:
    place = Place(torch.full((2, 1, 1), 1.0), torch.tensor([0]), LENGTHS, COUNT)
    weights = {"W_p": torch.tensor([[20.0]]), "v_p": torch.tensor([100.0])}  # p_t = S exactly
    found = SCOPES["local-p"].reach(place, 1, weights)
    assert found.keys is not None
    assert found.keys[:, 0].tolist() == [[4, 5, -1], [1, 2, -1]]


def test_the_gradient_reaches_p_through_the_gaussian_alone() -> None:
    generator = torch.Generator().manual_seed(2)
    lengths, count = torch.tensor([6, 3]), 6

    def factors(query: Tensor, w_p: Tensor, v_p: Tensor) -> Tensor:
        place = Place(query, torch.tensor([0, 1]), lengths, count)
        factor = SCOPES["local-p"].reach(place, 2, {"W_p": w_p, "v_p": v_p}).factor
        assert factor is not None
        return factor

    inputs = [
        torch.randn(shape, generator=generator).requires_grad_()
        for shape in [(2, 2, 3), (3, 3), (3,)]
    ]
    factors(*inputs).square().sum().backward()
    for value in inputs:  # centred differences in float32
        assert value.grad is not None
        flat = value.detach().flatten()
        for i in range(len(flat)):
            moved = []
            for step in (1e-2, -1e-2):
                other = flat.clone()
                other[i] += step
                replaced = [
                    other.view(value.shape) if value is candidate else candidate.detach()
                    for candidate in inputs
                ]
                moved.append(float(factors(*replaced).square().sum()))
            slope = (moved[0] - moved[1]) / 2e-2
            assert float(value.grad.flatten()[i]) == pytest.approx(slope, abs=2e-2)


def test_the_work_of_a_window_does_not_grow_with_the_sentence() -> None:
    for name in ("window", "local-m", "local-p"):
        for length in (50, 5000):
            place = Place(torch.zeros(1, 1, 1), torch.tensor([7]), torch.tensor([length]), length)
            weights = {"W_p": torch.eye(1), "v_p": torch.ones(1)} if name == "local-p" else {}
            found = SCOPES[name].reach(place, 10, weights)
            assert found.mask.shape == (1, 1, 10 if name == "window" else 21)


def test_softmax_is_exp_over_the_sum_of_exp() -> None:
    scores = torch.tensor([[[0.0, math.log(3.0), 9.0]]])
    mask = torch.tensor([[[True, True, False]]])
    assert torch.allclose(softmax(scores, mask), torch.tensor([[[0.25, 0.75, 0.0]]]))


def test_sigmoid_lets_every_key_decide_for_itself() -> None:
    scores = torch.tensor([[[0.0, math.log(3.0), 9.0]]])
    mask = torch.tensor([[[True, True, False]]])
    assert torch.allclose(sigmoid(scores, mask), torch.tensor([[[0.5, 0.75, 0.0]]]))


@pytest.mark.parametrize("name", NORMALISERS)
def test_a_row_with_no_key_allowed_is_all_zeros_and_so_is_its_gradient(name: str) -> None:
    scores = torch.tensor([[[1.0, 2.0], [-math.inf, -math.inf]]], requires_grad=True)
    mask = torch.tensor([[[False, False], [True, True]]])
    weights = NORMALISERS[name](scores, mask)
    assert torch.equal(weights, torch.zeros(1, 2, 2))
    weights.sum().backward()
    assert scores.grad is not None
    assert torch.equal(scores.grad, torch.zeros(1, 2, 2))
