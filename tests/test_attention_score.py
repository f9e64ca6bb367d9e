"""Every score against its equation, worked out word by word."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from regard.attention.score import SAME_SIZE, SCORES, Sizes

B, Q, K, N, M, LENGTH = 2, 3, 5, 4, 6, 4


def example(name: str) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    key_size = N if name in SAME_SIZE else M
    query = torch.randn(B, Q, N, generator=generator)
    keys = torch.randn(B, K, key_size, generator=generator)
    shapes = SCORES[name].shapes(Sizes(N, key_size, LENGTH))
    weights = {k: torch.randn(shape, generator=generator) for k, shape in shapes.items()}
    return query, keys, weights


def of_one_pair(name: str, h: Tensor, s: Tensor, position: int, w: dict[str, Tensor]) -> float:
    """The paper's equation for one query and one key."""
    if name == "dot":
        return float(sum(h[i] * s[i] for i in range(N)))
    if name == "scaled dot":
        return float(sum(h[i] * s[i] for i in range(N))) / math.sqrt(N)
    if name == "general":
        return float(sum(h[i] * w["W_a"][i, j] * s[j] for i in range(N) for j in range(M)))
    if name == "concat":
        both = torch.cat([h, s])
        return float(w["v_a"] @ torch.tanh(w["W_a"] @ both))
    if name == "additive":
        return float(w["v_a"] @ torch.tanh(w["W_a"] @ h + w["U_a"] @ s))
    assert name == "location"
    return float(w["W_a"][position] @ h) if position < LENGTH else -math.inf


@pytest.mark.parametrize("name", SCORES)
def test_a_score_is_its_equation_for_every_pair(name: str) -> None:
    query, keys, weights = example(name)
    scores = SCORES[name](query, keys, weights)
    assert scores.shape == (B, Q, K)
    for b in range(B):
        for q in range(Q):
            for k in range(K):
                expected = of_one_pair(name, query[b, q], keys[b, k], k, weights)
                assert float(scores[b, q, k]) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", [name for name in SCORES if name != "location"])
def test_keys_of_a_window_are_scored_as_keys_of_the_sentence(name: str) -> None:
    query, keys, weights = example(name)
    columns = torch.tensor([[0, 2], [1, 4], [3, 3]])  # two slots for each of the three queries
    everywhere = SCORES[name](query, keys, weights)
    inside = SCORES[name](query, keys[:, columns], weights)
    for q in range(Q):
        torch.testing.assert_close(inside[:, q], everywhere[:, q, columns[q]])


def test_location_ignores_words_after_the_last_position_it_knows() -> None:
    query, keys, weights = example("location")
    scores = SCORES["location"](query, keys, weights)
    assert torch.all(scores[..., LENGTH:] == -math.inf)
    short = SCORES["location"](query, keys[:, :2], weights)
    torch.testing.assert_close(short, scores[..., :2])


def test_location_does_not_read_the_words() -> None:
    query, keys, weights = example("location")
    score = SCORES["location"]
    assert torch.equal(score(query, keys, weights), score(query, keys * 7 - 1, weights))


@pytest.mark.parametrize("name", SCORES)
def test_the_gradient_of_a_score_is_the_slope(name: str) -> None:
    query, keys, weights = example(name)
    keys = keys[:, :LENGTH]
    names = list(weights)

    def scores(query: Tensor, keys: Tensor, *values: Tensor) -> Tensor:
        return SCORES[name](query, keys, dict(zip(names, values, strict=True)))

    inputs = [value.double().requires_grad_() for value in (query, keys, *weights.values())]
    assert torch.autograd.gradcheck(scores, inputs)
