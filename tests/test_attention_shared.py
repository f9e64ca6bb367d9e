"""One product over all steps is the same gradient as a sum with a summand for each."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from regard.attention import LuongAttention
from regard.attention.hook import Hook, Site, watching
from regard.attention.score import SCORES
from regard.attention.shared import Shared, SharedKeys, working_type
from tests.contracts import scatter_windows


def numbers(*shape: int, precision: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, dtype=precision, requires_grad=True)


def three_steps(left: Tensor, right: Tensor, inputs: Tensor) -> Tensor:
    """Each step reads what the last one made."""
    weight = Shared(left, right)
    made = inputs
    for _ in range(3):
        made = torch.tanh(weight(torch.cat([made, inputs[:4]])))
    return made


def test_products_and_gradients_are_those_of_the_matrices_side_by_side() -> None:
    left, right, inputs = numbers(5, 5), numbers(5, 4), numbers(5, 2)
    by_hand = inputs
    for _ in range(3):
        both = torch.cat([by_hand, inputs[:4]])
        by_hand = torch.tanh(torch.cat([left, right], dim=1) @ both)
    torch.testing.assert_close(three_steps(left, right, inputs), by_hand)
    assert torch.autograd.gradcheck(three_steps, (left, right, inputs))


def test_three_steps_need_one_product_for_the_gradient_of_their_matrix() -> None:
    """And every pass has notes of its own."""
    left, right, inputs = numbers(5, 5), numbers(5, 4), numbers(5, 2)
    for _ in range(2):
        total = three_steps(left, right, inputs).sum()
        with torch.profiler.profile(record_shapes=True) as seen:
            total.backward()
        products = [event.input_shapes for event in seen.events() or [] if event.name == "aten::mm"]
        # Three steps of two columns; the gradients of what steps read are [9, 5] times [5, 2].
        assert products.count([[5, 6], [6, 9]]) == 1
        assert len(products) == 1 + 3


def test_within_autocast_products_are_in_half_precision_and_gradients_in_the_matrixs_own() -> None:
    left, right, inputs = (numbers(*s, precision=torch.float32) for s in ((5, 5), (5, 4), (5, 2)))
    whole = three_steps(left, right, inputs)
    with torch.autocast("cpu", torch.bfloat16):
        assert working_type(left) == torch.bfloat16
        half = three_steps(left, right, inputs)
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), whole, atol=0.05, rtol=0.05)
    half.sum().backward()
    assert left.grad is not None
    assert left.grad.dtype == torch.float32


def test_keys_shared_by_steps_match_and_sum_up_as_matrices_do() -> None:
    torch.manual_seed(1)
    keys, query = numbers(2, 4, 3), numbers(2, 1, 3)

    def loop(keys: Tensor, query: Tensor) -> Tensor:
        shared = SharedKeys(keys)
        for _ in range(2):
            query = torch.tanh(shared.sum_up(torch.softmax(shared.match(query), dim=-1)))
        return query

    by_hand = query
    for _ in range(2):
        by_hand = torch.tanh(torch.softmax(by_hand @ keys.mT, dim=-1) @ keys)
    torch.testing.assert_close(loop(keys, query), by_hand)
    assert torch.autograd.gradcheck(loop, (keys, query))


def test_a_source_for_steps_gives_what_the_source_gives_for_every_score() -> None:
    torch.manual_seed(1)
    mask = torch.tensor([[True] * 4, [True] * 2 + [False] * 2])
    for score in SCORES:
        for scope in ("everything",) if score == "location" else ("everything", "local-p"):
            layer = LuongAttention(3, score=score, scope=scope, radius=1, length=4)
            scatter_windows(layer)
            keys = torch.randn(2, 4, 3, requires_grad=True)
            query, place = torch.randn(2, 1, 3, requires_grad=True), torch.tensor([1])
            wanted = [keys, query, *layer.parameters()]
            plain, steps = (
                layer(query, source, place)
                for source in (layer.prepare(keys, mask), layer.prepare(keys, mask).for_steps())
            )
            torch.testing.assert_close(steps.attentional, plain.attentional)
            gradients = [
                torch.autograd.grad(one.attentional.square().sum(), wanted, allow_unused=True)
                for one in (steps, plain)
            ]
            torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("scope", ["everything", "local-m"])
def test_rows_of_a_source_for_steps_read_the_sentences_that_they_are_selected_for(
    scope: str,
) -> None:
    torch.manual_seed(1)
    layer = LuongAttention(3, score="concat", scope=scope, radius=1)
    source = layer.prepare(torch.randn(2, 4, 3), torch.arange(4) < torch.tensor([[4], [2]]))
    query, place, rows = torch.randn(2, 1, 3), torch.tensor([1]), torch.tensor([1, 0])
    expected = layer(query, source.select(rows), place)
    before, after = source.select(rows).for_steps(), source.for_steps().select(rows)
    assert before.shared is not None
    for selected in (before, after):
        torch.testing.assert_close(layer(query, selected, place), expected)
    assert before.select(torch.tensor([0, 1])) is before


def test_a_hook_sees_the_keys_of_a_source_for_steps() -> None:
    class Seen(Hook):
        seen: Tensor | None = None

        def see(self, site: Site, weights: Tensor, values: Tensor) -> None:
            self.seen = values

    layer, keys, hook = LuongAttention(3), torch.randn(1, 4, 3), Seen()
    source = layer.prepare(keys, torch.ones(1, 4, dtype=torch.bool)).for_steps()
    with watching(layer, hook):
        layer(torch.randn(1, 1, 3), source, torch.tensor([0]))
    assert hook.seen is not None
    torch.testing.assert_close(hook.seen[:, 0], keys)
