"""What is timed: looks at a source, alone and within a search.

The look is score, scope, normaliser and context: everything that `LuongAttention` does but
tanh(W_c [c_t ; h_t]), which is the same for every scope and a work of its own here.

Letters: B sentences, Q queries, N size of h and of the keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor

from regard.attention import LuongAttention
from regard.attention.luong import Source
from regard.translation.recipe import ModelRecipe
from regard.translation.rnn import Rnn

SUCCESSIVE_WORDS, BEAM = 20, 5


@dataclass(frozen=True)
class Work:
    """Passes that follow each other, each over a number of target words; one returns its results.

    Results are what the rest of a model is given: contexts, or gradients.
    """

    passes: Sequence[Callable[[], Sequence[Tensor]]]
    words: int


def look(
    layer: LuongAttention, query: Float[Tensor, "B Q N"], source: Source, position: Int[Tensor, "Q"]
) -> Float[Tensor, "B Q N"]:
    """The contexts that a layer finds when nobody watches it."""
    return layer.look(query, source, position).context[:, 0]


def combine(
    layer: LuongAttention, context: Float[Tensor, "B Q N"], query: Float[Tensor, "B Q N"]
) -> Float[Tensor, "B Q N"]:
    """h~_t = tanh(W_c [c_t ; h_t])."""
    return torch.tanh(layer.combine(torch.cat([context, query], dim=-1)))


def writing(layer: LuongAttention, length: int, sentences: int) -> Work:
    """Successive target words from the middle on, one of every sentence at a time; no gradients."""
    size = layer.combine.out_features
    with torch.no_grad():
        source = _source(layer, torch.randn(sentences, length, size))
    steps = _steps(length, sentences, size)
    return Work(
        [_without_gradients(lambda a=a, b=b: [look(layer, a, source, b)]) for a, b in steps],
        sentences,
    )


def writing_combined(layer: LuongAttention, length: int, sentences: int) -> Work:
    """W_c and tanh for as many words as `writing` looks for."""
    context, query = torch.randn(2, sentences, 1, layer.combine.out_features)
    once = _without_gradients(lambda: [combine(layer, context, query)])
    return Work([once] * SUCCESSIVE_WORDS, sentences)


def training(layer: LuongAttention, length: int, sentences: int) -> Work:
    """One sentence with as many target words as source words, all at once, and all gradients."""
    keys, query = torch.randn(2, 1, length, layer.combine.out_features).unbind()
    position, of_context = torch.arange(length), torch.randn_like(query)
    leaves = [keys.requires_grad_(), query.requires_grad_(), *_learned(layer)]

    def once() -> Sequence[Tensor]:
        context = look(layer, query, _source(layer, keys), position)
        return [context, *torch.autograd.grad(context, leaves, of_context)]

    return Work([once], length)


def training_fed(layer: LuongAttention, length: int, sentences: int) -> Work:
    """The words that `writing` looks for, as input feeding learns them, and all gradients.

    One look after the other, since each would need what the one before found; the gradients of the
    keys are found once for all of them.
    """
    size = layer.combine.out_features
    keys = torch.randn(sentences, length, size).requires_grad_()
    steps = [(query.requires_grad_(), place) for query, place in _steps(length, sentences, size)]
    leaves = [keys, *(query for query, _ in steps), *_learned(layer)]
    of_contexts = torch.randn(len(steps), sentences, 1, size).unbind()

    def once() -> Sequence[Tensor]:
        source = _source(layer, keys).for_steps()
        contexts = [look(layer, query, source, position) for query, position in steps]
        return [*contexts, *torch.autograd.grad(contexts, leaves, of_contexts)]

    return Work([once], len(steps) * sentences)


def training_combined(layer: LuongAttention, length: int, sentences: int) -> Work:
    """W_c and tanh for as many words as `training` looks for."""
    context, query = torch.randn(2, 1, length, layer.combine.out_features).unbind()
    of_attentional = torch.randn_like(query)
    leaves = [context.requires_grad_(), query.requires_grad_(), layer.combine.weight]

    def once() -> Sequence[Tensor]:
        attentional = combine(layer, context, query)
        return [attentional, *torch.autograd.grad(attentional, leaves, of_attentional)]

    return Work([once], length)


def searching(layer: LuongAttention, length: int, sentences: int) -> Work:
    """A step of the whole decoder for a beam of one sentence, and the choice of its rows."""
    recipe = ModelRecipe(
        embedding=64,
        hidden=layer.combine.out_features,
        scope=cast(Any, layer.scope_name),
        radius=layer.radius,
    )
    model = Rnn(recipe, 100, 100).eval()
    rows, words = torch.tensor([1, 0, 2, 2, 4]), torch.full((BEAM,), 7)
    with torch.no_grad():
        source = torch.full((1, length), 7)
        state = model.start(source, source > 0).select(torch.zeros(BEAM, dtype=torch.long))

    def once() -> Sequence[Tensor]:
        nonlocal state
        logits, state = model.step(state, words)
        state = state.select(rows)
        return [logits]

    return Work([_without_gradients(once)], 1)


def _steps(length: int, sentences: int, size: int) -> list[tuple[Tensor, Tensor]]:
    """Query and position of successive words in the middle of a target as long as the source."""
    first = max(0, (length - SUCCESSIVE_WORDS) // 2)
    return [
        (torch.randn(sentences, 1, size), torch.tensor([first + step]))
        for step in range(SUCCESSIVE_WORDS)
    ]


def _learned(layer: LuongAttention) -> list[Tensor]:
    """The weights of the look."""
    parts = (layer.score_weights, layer.scope_weights)
    return [weight for part in parts for weight in part.parameters()]


def _source(layer: LuongAttention, keys: Float[Tensor, "B S N"]) -> Source:
    return layer.prepare(keys, torch.ones(keys.shape[:2], dtype=torch.bool))


def _without_gradients(once: Callable[[], Sequence[Tensor]]) -> Callable[[], Sequence[Tensor]]:
    def inside() -> Sequence[Tensor]:
        with torch.no_grad():  # as the search does
            return once()

    return inside
