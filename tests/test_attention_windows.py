"""Windows of keys, read where they are, against the same sums written out."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd.profiler import profile
from torch.utils._python_dispatch import TorchDispatchMode

from regard.attention import LuongAttention, windows
from regard.attention.hook import Hook, watching
from regard.attention.luong import Source
from regard.attention.windows import Windows, noted, spread
from tests.contracts import scatter_windows

SLOTS = torch.tensor([[[-1, 0, 1], [1, 2, 3]], [[1, 2, 3], [3, -1, -1]], [[0, 1, 2], [0, 1, 2]]])
OWNER = torch.tensor([1, 0, 1])  # the first and last row read the second sentence


class Made(TorchDispatchMode):
    """Notes how many numbers the largest tensor has that an operation makes."""

    most = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        for each in made if isinstance(made, tuple | list) else (made,):
            if isinstance(each, Tensor):
                self.most = max(self.most, each.numel())
        return made


def numbers(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def test_each_row_reads_the_keys_of_its_own_sentence() -> None:
    keys = numbers(2, 4, 5)
    gathered = Windows(keys, SLOTS, OWNER).gathered
    assert gathered.shape == (3, 2, 3, 5)
    for row, query, slot in itertools.product(range(3), range(2), range(3)):
        if (key := int(SLOTS[row, query, slot])) >= 0:
            assert torch.equal(gathered[row, query, slot], keys[OWNER[row], key])
    alone = Windows(keys, SLOTS[:2]).gathered
    assert torch.equal(alone[1, 0], keys[1, 1:4])


def test_a_score_is_the_dot_product_with_the_key_in_the_slot() -> None:
    keys, query = numbers(2, 4, 5), numbers(3, 2, 5)
    scores = Windows(keys, SLOTS, OWNER).match(query)
    for row, place, slot in itertools.product(range(3), range(2), range(3)):
        if (key := int(SLOTS[row, place, slot])) >= 0:
            by_hand = (query[row, place] * keys[OWNER[row], key]).sum()
            torch.testing.assert_close(scores[row, place, slot], by_hand)


def test_a_context_is_the_weighted_sum_of_the_window() -> None:
    keys, weights = numbers(2, 4, 5), numbers(3, 2, 3).detach().masked_fill(SLOTS < 0, 0)
    context = Windows(keys, SLOTS, OWNER).sum_up(weights)
    for row, place in itertools.product(range(3), range(2)):
        by_hand = sum(
            weights[row, place, slot] * keys[OWNER[row], max(0, int(SLOTS[row, place, slot]))]
            for slot in range(3)
        )
        torch.testing.assert_close(context[row, place], by_hand)


def test_a_key_is_given_what_every_window_that_holds_it_has_for_it() -> None:
    shares, rows = numbers(2, 3).detach(), numbers(2, 5).detach()
    given = spread(shares, rows, torch.tensor([[0, 1, 3], [1, 3, 3]]), torch.Size([2, 2, 5]))
    assert given.shape == (2, 2, 5)
    torch.testing.assert_close(given[0, 0], shares[0, 0] * rows[0])
    torch.testing.assert_close(given[0, 1], shares[0, 1] * rows[0] + shares[1, 0] * rows[1])
    assert not given[1, 0].any()
    twice = shares[1, 1] + shares[1, 2]
    torch.testing.assert_close(given[1, 1], shares[0, 2] * rows[0] + twice * rows[1])


def test_gradients_are_the_slopes() -> None:
    torch.manual_seed(3)
    inputs = numbers(2, 4, 5), numbers(3, 2, 5), numbers(3, 2, 3)

    def both(keys: Tensor, query: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        windows = Windows(keys, SLOTS, OWNER)
        return windows.match(query), windows.sum_up(weights)

    assert torch.autograd.gradcheck(both, inputs)


@pytest.mark.parametrize("learns", ["keys", "query", "weights"])
def test_each_gradient_is_found_alone(learns: str) -> None:
    torch.manual_seed(3)
    inputs = {"keys": numbers(2, 4, 5), "query": numbers(3, 2, 5), "weights": numbers(3, 2, 3)}

    def total(keys: Tensor, query: Tensor, weights: Tensor) -> Tensor:
        windows = Windows(keys, SLOTS, OWNER)
        return windows.match(query).square().sum() + windows.sum_up(weights).square().sum()

    (together,) = torch.autograd.grad(total(**inputs), inputs[learns])
    alone = {name: each.detach().requires_grad_(name == learns) for name, each in inputs.items()}
    torch.testing.assert_close(torch.autograd.grad(total(**alone), alone[learns]), (together,))


def test_the_gradients_of_the_keys_are_added_up_in_place() -> None:
    """So that, with as many queries as keys, a training step holds one of them less."""
    keys, query = numbers(2, 4, 5), numbers(3, 2, 5)
    windows = Windows(keys, SLOTS, OWNER)
    context = windows.sum_up(windows.match(query))
    of_context = torch.ones_like(context)
    watched = profile(use_kineto=False)
    with watched:
        torch.autograd.grad(context, (keys, query), of_context)
    called = [event.name for event in watched.function_events or ()]
    assert (called.count("aten::add_"), called.count("aten::add")) == (1, 0)


def test_writing_holds_no_copy_of_the_windows() -> None:
    """No operation, forward or backward, makes as many numbers as the windows side by side have."""
    queries, width, size = 16, 9, 32
    keys, query = torch.randn(1, 20, size), torch.randn(1, queries, size)
    slots = torch.arange(queries)[None, :, None].clamp(max=20 - width) + torch.arange(width)
    side_by_side = queries * width * size
    made = Made()
    leaves = keys.requires_grad_(), query.requires_grad_()
    with made:
        windows = Windows(keys, slots)
        context = windows.sum_up(windows.match(query))
        torch.autograd.grad(context, leaves, torch.ones_like(context))
    assert 0 < made.most < side_by_side / 4
    with made:
        assert windows.gathered.shape == (1, queries, width, size)
    assert made.most == side_by_side


@pytest.mark.parametrize("scope", ["local-m", "local-p"])
def test_training_keeps_no_copy_of_the_windows(scope: str) -> None:
    """What is kept for the gradient per target word does not grow with the window's keys."""
    length, size, radius = 64, 32, 8
    layer = LuongAttention(size, score="general", scope=scope, radius=radius)
    keys, query = torch.randn(1, length, size), torch.randn(1, length, size, requires_grad=True)
    source = layer.prepare(keys, torch.ones(1, length, dtype=torch.bool))
    kept: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        layer(query, source, torch.arange(length))
    assert kept
    assert max(tensor.numel() for tensor in kept) < length * (2 * radius + 1) * size / 4
    layer.explicit = True
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        layer(query, source, torch.arange(length))
    assert max(tensor.numel() for tensor in kept) == length * (2 * radius + 1) * size


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float32, torch.float64])
def test_every_precision_and_inference_are_served(precision: torch.dtype) -> None:
    layer = LuongAttention(8, score="general", scope="local-p", radius=2).to(precision)
    scatter_windows(layer, 0.1)
    with torch.inference_mode():
        keys, query = torch.randn(2, 9, 8).to(precision), torch.randn(2, 4, 8).to(precision)
        source = layer.prepare(keys, torch.ones(2, 9, dtype=torch.bool))
        fast = layer(query, source, torch.arange(4))
        layer.explicit = True
        slow = layer(query, source, torch.arange(4))
    assert fast.attentional.dtype == precision
    near = 2e-2 if precision == torch.bfloat16 else 1e-6
    torch.testing.assert_close(fast.attentional, slow.attentional, atol=near, rtol=near)


@pytest.mark.parametrize("score", ["general", "concat"])
def test_gradients_come_through_autocast(score: str) -> None:
    """Half precision inside, float32 outside: near the gradients of float32 alone."""
    found = []
    for enabled in (True, False):
        torch.manual_seed(4)
        layer = LuongAttention(8, score=score, scope="local-p", radius=2)
        scatter_windows(layer, 0.1)
        keys = torch.randn(2, 9, 8, requires_grad=True)
        query = torch.randn(2, 4, 8, requires_grad=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            source = layer.prepare(keys, torch.ones(2, 9, dtype=torch.bool))
            layer(query, source, torch.arange(4)).attentional.square().sum().backward()
        assert keys.grad is not None
        assert query.grad is not None
        found.append((keys.grad, query.grad))
    for half, whole in zip(*found, strict=True):
        assert half.dtype == torch.float32
        torch.testing.assert_close(half, whole, atol=0.05, rtol=0.05)


def test_no_queries_and_functional_gradients_are_served() -> None:
    layer = LuongAttention(8, score="dot", scope="local-m", radius=2)
    keys, query = torch.randn(2, 6, 8), torch.randn(2, 3, 8)

    def total(query: Tensor, keys: Tensor) -> Tensor:
        source = layer.prepare(keys, torch.ones(2, 6, dtype=torch.bool))
        return layer(query, source, torch.arange(query.shape[1])).attentional.square().sum()

    assert total(query[:, :0], keys) == 0
    found = torch.func.grad(total, argnums=(0, 1))(query, keys)
    leaves = query.requires_grad_(), keys.requires_grad_()
    torch.testing.assert_close(found, torch.autograd.grad(total(*leaves), leaves))
    layer.explicit = True
    of_query = torch.autograd.grad(total(*leaves), leaves, create_graph=True)[0]
    of_query.square().sum().backward()  # the gradient of a gradient
    assert torch.any(leaves[1].grad != 0)


LOCAL = tuple(itertools.product(("dot", "general", "concat", "additive"), ("local-m", "local-p")))


def looks(layer: LuongAttention, source: Source, query: Tensor) -> Tensor:
    """h~ of six target words; each look begins from what the one before has found."""
    seen, fed = [], torch.zeros_like(query)
    for position in torch.arange(6).split(1):
        looked = layer(torch.tanh(query + fed), source, position)
        fed = looked.attentional
        seen.append(fed)
    return torch.cat(seen, dim=1)


def local_layer(score: str, scope: str) -> tuple[LuongAttention, Tensor, Tensor, Tensor]:
    """A layer, keys of three sentences, a query and the mask; windows overlap and pass the ends."""
    torch.manual_seed(5)
    layer = LuongAttention(4, score=score, scope=scope, radius=2).double()
    scatter_windows(layer)
    mask = torch.arange(9) < torch.tensor([[9], [2], [6]])
    return layer, numbers(3, 9, 4), numbers(3, 1, 4), mask


@pytest.mark.parametrize(("score", "scope"), LOCAL)
def test_noted_gradients_are_those_of_each_step_alone(score: str, scope: str) -> None:
    """Where keys are used elsewhere too, and again when a pass is followed by another."""
    layer, keys, query, mask = local_layer(score, scope)
    wanted = [keys, query, *layer.parameters()]
    found = []
    for for_steps in (True, False):
        source = layer.prepare(keys, mask)
        source = source.for_steps() if for_steps else source
        made = looks(layer, source, query)
        total = made.square().sum() + keys.pow(3).sum() + source.prepared.square().sum()
        first = torch.autograd.grad(total, wanted, retain_graph=True)
        found.append((made, *first, *torch.autograd.grad(total, wanted)))
    torch.testing.assert_close(*found, atol=1e-10, rtol=0)


@pytest.mark.parametrize(("score", "scope"), LOCAL)
def test_steps_spread_once_however_many_they_are(
    score: str, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[torch.Size] = []

    def counted(shares: Tensor, rows: Tensor, places: Tensor, shape: torch.Size) -> Tensor:
        calls.append(rows.shape)
        return spread(shares, rows, places, shape)

    monkeypatch.setattr(windows, "spread", counted)
    layer, keys, query, mask = local_layer(score, scope)
    looks(layer, layer.prepare(keys, mask).for_steps(), query).sum().backward()
    matched = score in ("dot", "general")
    assert calls == [(6 * 3 * (2 if matched else 1), 4)]  # steps, sentences, scores and contexts


def test_notes_are_gone_after_a_pass_and_not_made_without_gradients() -> None:
    keys, query = numbers(2, 4, 5), numbers(3, 2, 5)
    alike, notes = noted(keys)
    step = Windows(alike, SLOTS, OWNER, notes)
    left: list[int] = []
    made = step.sum_up(step.match(query))
    query.register_hook(lambda _: left.append(len(notes)))
    made.sum().backward()
    assert left == [2]  # a score's and a context's, before the keys' turn
    assert not notes
    fixed, notes = noted(keys.detach())
    step = Windows(fixed, SLOTS, OWNER, notes)
    step.sum_up(step.match(query)).sum().backward()
    assert not notes
    with torch.no_grad():
        alike, notes = noted(keys)
        step = Windows(alike, SLOTS, OWNER, notes)
        assert not step.sum_up(step.match(query)).requires_grad
    assert not notes


def test_notes_and_windows_side_by_side_serve_one_pass() -> None:
    """A hook that watches some of the steps changes no gradient."""
    layer, keys, query, mask = local_layer("general", "local-m")
    found = []
    for for_steps in (True, False):
        source = layer.prepare(keys, mask)
        source = source.for_steps() if for_steps else source
        with watching(layer, Hook()):
            watched = looks(layer, source, query)
        total = (watched * looks(layer, source, query)).sum()
        found.append(torch.autograd.grad(total, (keys, query)))
    torch.testing.assert_close(*found, atol=1e-10, rtol=0)
