"""One `attend`, one hook, Luong's layer and the heads of Vaswani, against numbers done by hand."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from regard.attention import (
    SCOPES,
    SCORES,
    Hook,
    LuongAttention,
    MultiHeadAttention,
    Reach,
    Site,
    attend,
    reads,
    sites,
    spread,
    watching,
)
from regard.attention.hook import attention_layers
from tests.contracts import scatter_windows

SITE = Site("here")
SCORES_BY_HAND = torch.tensor([[[[0.0, math.log(2.0), math.log(5.0)]]]])  # weights 1/8, 2/8, 5/8
VALUES_BY_HAND = torch.tensor([[[[8.0, 0.0], [0.0, 8.0], [8.0, 8.0]]]])
OPEN = Reach(mask=torch.ones(1, 1, 3, dtype=torch.bool))


class Answers(Hook):
    """A hook that gives the answers it was made with."""

    def __init__(self, **answers: Tensor) -> None:
        self.answers = answers
        self.seen: list[tuple[str, Tensor, Tensor]] = []

    def bias(self, site: Site, scores: Tensor) -> Tensor | None:
        return self.answers.get("bias")

    def weights(self, site: Site, weights: Tensor) -> Tensor | None:
        return self.answers.get("weights")

    def values(self, site: Site, values: Tensor) -> Tensor | None:
        return self.answers.get("values")

    def see(self, site: Site, weights: Tensor, values: Tensor) -> None:
        self.seen.append((site.name, weights, values))


def by_hand(hook: Hook | None = None, reach: Reach = OPEN) -> tuple[list[float], list[float]]:
    seen = attend(SCORES_BY_HAND, VALUES_BY_HAND, reach, site=SITE, hook=hook)
    return seen.weights.flatten().tolist(), seen.context.flatten().tolist()


def test_the_context_is_the_weighted_sum_of_the_values() -> None:
    weights, context = by_hand()
    assert weights == pytest.approx([1 / 8, 2 / 8, 5 / 8])
    assert context == pytest.approx([1 + 5, 2 + 5])


def test_a_bias_of_minus_infinity_cannot_look_at_all() -> None:
    weights, context = by_hand(Answers(bias=torch.tensor([0.0, 0.0, -math.inf])))
    assert weights == pytest.approx([1 / 3, 2 / 3, 0])
    assert weights[2] == 0
    assert context == pytest.approx([8 / 3, 16 / 3])


def test_a_bias_of_log_4_looks_four_times_as_hard() -> None:
    """a' = 4 a / (1 + 3 a)"""
    weights, _ = by_hand(Answers(bias=torch.tensor([0.0, math.log(4.0), 0.0])))
    assert weights[1] == pytest.approx(4 * (2 / 8) / (1 + 3 * (2 / 8)))
    assert weights == pytest.approx([1 / 14, 8 / 14, 5 / 14])


def test_fixed_weights_and_replaced_values_give_the_context_computed_by_hand() -> None:
    weights, context = by_hand(Answers(weights=torch.tensor([[[[0.5, 0.25, 0.0]]]])))
    assert weights == [0.5, 0.25, 0.0]
    assert context == [4.0, 2.0]
    _, context = by_hand(Answers(values=torch.ones(1, 1, 3, 2)))
    assert context == pytest.approx([1, 1])


def test_a_factor_is_not_normalised_again() -> None:
    reach = Reach(mask=OPEN.mask, factor=torch.tensor([[[1.0, 0.5, 0.0]]]))
    weights, context = by_hand(reach=reach)
    assert weights == pytest.approx([1 / 8, 1 / 8, 0])
    assert sum(weights) < 1
    assert context == pytest.approx([1, 1])


def test_a_hook_may_replace_what_the_gaussian_left() -> None:
    reach = Reach(mask=OPEN.mask, factor=torch.tensor([[[1.0, 0.5, 0.0]]]))
    weights, _ = by_hand(Answers(weights=torch.tensor([[[[0.0, 0.0, 1.0]]]])), reach)
    assert weights == [0, 0, 1]


def test_hiding_every_key_sees_nothing() -> None:
    weights, context = by_hand(Answers(bias=torch.full((1, 1, 1, 3), -math.inf)))
    assert weights == [0, 0, 0]
    assert context == [0, 0]


def test_a_hook_sees_what_was_used() -> None:
    hook = Answers(weights=torch.tensor([[[[0.5, 0.25, 0.0]]]]), values=torch.ones(1, 1, 3, 2))
    by_hand(hook)
    [(name, weights, values)] = hook.seen
    assert name == "here"
    assert weights.flatten().tolist() == [0.5, 0.25, 0.0]
    assert torch.equal(values, torch.ones(1, 1, 3, 2))


def test_a_normaliser_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="no normaliser 'sparse'; there are softmax, sigmoid"):
        attend(SCORES_BY_HAND, VALUES_BY_HAND, OPEN, site=Site("here", normaliser="sparse"))


def luong(**settings: object) -> tuple[LuongAttention, Tensor, Tensor, Tensor]:
    torch.manual_seed(5)
    layer = LuongAttention(4, **settings)  # type: ignore[arg-type]
    scatter_windows(layer, 0.1)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.mul_(8)
    mask = torch.arange(7) < torch.tensor([[7], [4]])
    return layer, torch.randn(2, 3, 4), torch.randn(2, 7, 4), mask


COMBINATIONS = [
    (score, scope)
    for score, scope in itertools.product(SCORES, ("everything", "local-m", "local-p"))
    if score != "location" or scope == "everything"
]


@pytest.mark.parametrize(("score", "scope"), COMBINATIONS)
def test_luongs_layer_is_the_papers_equations(score: str, scope: str) -> None:
    """Each target word alone, in plain Python: align, sum, combine."""
    layer, query, keys, mask = luong(score=score, scope=scope, radius=2, length=5)
    position = [0, 2, 5]
    found = layer(query, layer.prepare(keys, mask), torch.tensor(position))
    everywhere = SCORES[score](query, keys, dict(layer.score_weights)).detach()
    for b, q in itertools.product(range(2), range(3)):
        length, h = int(mask[b].sum()), query[b, q]
        centre, allowed = 0.0, range(length)
        if scope == "local-m":
            centre = min(position[q], length - 1)
        if scope == "local-p":
            inner = layer.scope_weights["v_p"] @ torch.tanh(layer.scope_weights["W_p"] @ h)
            centre = length * float(torch.sigmoid(inner.detach()))
        if scope != "everything":
            middle = min(math.floor(centre), length - 1)
            allowed = range(max(0, middle - 2), min(length, middle + 3))
        total = sum(math.exp(float(everywhere[b, q, s])) for s in allowed)
        context = torch.zeros(4)
        for s in allowed:
            weight = math.exp(float(everywhere[b, q, s])) / total
            if scope == "local-p":
                weight *= math.exp(-((s - centre) ** 2) / (2 * 1.0**2))  # sigma = D / 2 = 1
            context = context + weight * keys[b, s]
        expected = torch.tanh(layer.combine.weight @ torch.cat([context, h]))
        torch.testing.assert_close(found.attentional[b, q], expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("score", "scope"), COMBINATIONS)
def test_the_gradient_of_luongs_layer_is_the_slope(score: str, scope: str) -> None:
    """Of the query, the keys and every weight, in float64."""
    layer, query, keys, mask = luong(score=score, scope=scope, radius=3, length=9)
    layer = layer.double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.mul_(0.1)
    names = [name for name, _ in layer.named_parameters()]

    def attentional(query: Tensor, keys: Tensor, *weights: Tensor) -> Tensor:
        def look() -> Tensor:
            return layer(query, layer.prepare(keys, mask), torch.tensor([0, 2, 5])).attentional

        given = dict(zip(names, weights, strict=True))
        return torch.func.functional_call(
            _Calls(layer, look), {f"layer.{k}": v for k, v in given.items()}, ()
        )

    inputs = [query, keys, *(weight.detach() for weight in layer.parameters())]
    assert torch.autograd.gradcheck(
        attentional, [value.double().requires_grad_() for value in inputs]
    )


class _Calls(torch.nn.Module):
    """A function that uses a layer, as a module whose weights can be exchanged."""

    def __init__(self, layer: torch.nn.Module, function: Callable[[], Tensor]) -> None:
        super().__init__()
        self.layer, self.function = layer, function

    def forward(self) -> Tensor:
        return self.function()


def test_v_p_begins_at_0_and_all_other_weights_as_if_it_did_not() -> None:
    torch.manual_seed(1)
    layer = LuongAttention(4, score="general", scope="local-p")
    torch.manual_seed(1)
    w_a, w_p, _ = (torch.empty(shape).uniform_(-0.1, 0.1) for shape in ((4, 4), (4, 4), (4,)))
    assert torch.equal(layer.score_weights["W_a"], w_a)
    assert torch.equal(layer.scope_weights["W_p"], w_p)
    assert torch.equal(layer.scope_weights["v_p"], torch.zeros(4))
    assert torch.equal(layer.combine.weight, torch.nn.Linear(8, 4, bias=False).weight)


def test_float64_stays_float64() -> None:
    layer, query, keys, mask = luong(scope="local-p", radius=2)
    layer = layer.double()
    found = layer(query.double(), layer.prepare(keys.double(), mask), torch.arange(3))
    assert found.weights.dtype == found.attentional.dtype == torch.float64


def test_the_normaliser_of_a_layer_is_used() -> None:
    layer, query, keys, mask = luong(normaliser="sigmoid")
    weights = layer(query, layer.prepare(keys, mask), torch.arange(3)).weights
    scores = SCORES["general"](query, keys, dict(layer.score_weights))
    expected = torch.sigmoid(scores).masked_fill(~mask[:, None], 0)
    torch.testing.assert_close(weights, expected)


@pytest.mark.parametrize("scope", ["everything", "local-p"])
def test_rows_of_a_search_read_their_own_sentence_without_a_copy(scope: str) -> None:
    layer, query, keys, mask = luong(scope=scope, radius=1)
    source, rows = layer.prepare(keys, mask), torch.tensor([1, 0, 0, 1])
    whole = layer(query, source, torch.arange(3))
    picked = source.select(rows)
    assert picked.keys is source.keys
    torch.testing.assert_close(
        layer(query[rows], picked, torch.arange(3)).weights, whole.weights[rows]
    )
    assert picked.select(torch.tensor([3, 2, 1, 0])) is picked  # the same sentences in each row
    again = picked.select(torch.tensor([2, 3]))
    torch.testing.assert_close(
        layer(query, again, torch.arange(3)).weights, layer(query, source, torch.arange(3)).weights
    )


@pytest.mark.parametrize("what", ["bias", "weights", "values"])
def test_an_answer_of_another_shape_is_refused(what: str) -> None:
    with pytest.raises(ValueError, match=f"a hook's {what} must fit the shape"):
        by_hand(Answers(**{what: torch.zeros(2, 1, 1, 3)}))


@pytest.mark.parametrize(("score", "scope"), COMBINATIONS)
def test_a_hook_that_does_nothing_is_bit_identical(score: str, scope: str) -> None:
    layer, query, keys, mask = luong(score=score, scope=scope, radius=1)
    source = layer.prepare(keys, mask)
    fast = layer(query, source, torch.arange(3))
    layer.explicit = True
    without = layer(query, source, torch.arange(3))
    with watching(layer, Hook()):
        watched = layer(query, source, torch.arange(3))
    assert torch.equal(watched.attentional, without.attentional)
    assert torch.equal(watched.weights, without.weights)
    torch.testing.assert_close(fast, without, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"score": "cosine"}, "no score 'cosine'; there are dot, general"),
        ({"scope": "squint"}, "no scope 'squint'"),
        ({"normaliser": "max"}, "no normaliser 'max'"),
        ({"scope": "causal"}, "for self-attention"),
        ({"score": "location", "scope": "local-m"}, "not defined"),
        ({"score": "dot", "key_size": 6}, "make them equal or use 'general'"),
        ({"scope": "local-p", "radius": 0}, "radius 0 is too small"),
    ],
)
def test_what_the_paper_does_not_define_is_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        LuongAttention(4, **settings)  # type: ignore[arg-type]


def test_watching_nests_and_leaves_no_trace_even_after_an_error() -> None:
    layer, query, keys, mask = luong()
    source, outer, inner = layer.prepare(keys, mask), Answers(), Answers()

    def fail() -> None:
        with watching(layer, inner):
            layer(query, source, torch.arange(3))
            raise RuntimeError("in between")

    with watching(layer, outer):
        with pytest.raises(RuntimeError):
            fail()
        layer(query, source, torch.arange(3))
    assert (len(outer.seen), len(inner.seen)) == (2, 1)
    assert [part.hook for part in attention_layers(layer)] == [None]


def test_biases_of_nested_hooks_add_up_and_the_inner_one_replaces_last() -> None:
    layer, query, keys, mask = luong()
    source = layer.prepare(keys, mask)
    cut = [torch.zeros(2, 1, 3, 7) for _ in range(2)]
    cut[0][..., 0], cut[1][..., 1] = -math.inf, -math.inf
    with watching(layer, Answers(bias=cut[0])), watching(layer, Answers(bias=cut[1])):
        weights = layer(query, source, torch.arange(3)).weights
    assert torch.all(weights[..., :2] == 0)
    assert torch.allclose(weights.sum(-1), torch.ones(2, 3))
    fixed = [torch.full((2, 1, 3, 7), share) for share in (0.1, 0.05)]
    with watching(layer, Answers(weights=fixed[0])), watching(layer, Answers(weights=fixed[1])):
        assert torch.equal(layer(query, source, torch.arange(3)).weights, fixed[1][:, 0])


def test_a_model_without_attention_is_refused_by_name() -> None:
    with (
        pytest.raises(ValueError, match="Linear has no attention"),
        watching(torch.nn.Linear(2, 2), Hook()),
    ):
        pass


def test_sites_are_named_in_order() -> None:
    model = torch.nn.Sequential(
        MultiHeadAttention(4, 2, site="encoder.0.self"), LuongAttention(4, site="decoder.cross")
    )
    assert sites(model) == ("encoder.0.self", "decoder.cross")


def test_the_weights_of_a_window_spread_over_all_keys() -> None:
    layer, query, keys, mask = luong(scope="local-m", radius=1)
    hook = Answers()
    full: list[Tensor] = []

    class Spread(Hook):
        def see(self, site: Site, weights: Tensor, values: Tensor) -> None:
            full.append(spread(weights, site, 7))
            columns = reads(site, torch.tensor([1]), 7)
            full.append(weights.masked_fill(~columns, 0).sum(-1))

    with watching(layer, hook), watching(layer, Spread()):
        weights = layer(query, layer.prepare(keys, mask), torch.tensor([0, 2, 9])).weights
    assert full[0].shape == (2, 1, 3, 7)
    torch.testing.assert_close(full[0].sum(-1)[:, 0], weights.sum(-1))
    assert torch.all(full[0][0, 0, 0, 2:] == 0)
    assert torch.all(full[0][1, 0, 2, :2] == 0)
    assert torch.all(full[0][1, 0, 2, 4:] == 0)
    torch.testing.assert_close(full[1], full[0][..., 1])


def test_attention_alone_imports_torch_and_nothing_else_heavy() -> None:
    program = (
        "import sys, regard.attention\n"
        "heavy = {'tokenizers', 'pydantic', 'sacrebleu', 'rich', 'typer', 'safetensors',"
        " 'matplotlib', 'transformers'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_every_scope_and_score_says_what_it_is() -> None:
    assert all(score.equation and score.source for score in SCORES.values())
    assert all(scope.rule and scope.source for scope in SCOPES.values())
