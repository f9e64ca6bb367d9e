"""The one way in from outside: watch an attention, or change it, without its model knowing.

    class Deaf(Hook):                       # nobody may look at the third source word
        def bias(self, site, scores):
            cut = torch.zeros_like(scores)
            cut[..., 2] = -math.inf
            return cut

    with watching(model, Deaf()):
        model(batch)

Letters: B sentences, H heads, Q queries, K keys or slots of a window, S keys of the whole source,
D size of a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

Values = Float[Tensor, "B H K D"] | Float[Tensor, "B H Q K D"]
"""What is found at the keys: shared by all queries, or (in a window) each query's own."""


@dataclass(frozen=True)
class Site:
    """Where in the model an attention happens, and which keys its columns are.

    `keys` names the key in each slot where a scope gathers a window (-1: the slot is outside the
    sentence); None says that column k is key k. `centre` is p_t of Luong's local attention.
    """

    name: str
    keys: Int[Tensor, "B Q K"] | None = None
    centre: Float[Tensor, "B Q"] | None = None
    normaliser: str = "softmax"


class Hook:
    """Answers an attention's questions; None changes nothing. Override what you need."""

    def bias(self, site: Site, scores: Float[Tensor, "B H Q K"]) -> Tensor | None:
        """Is added to the scores: -inf cannot look, log 4 looks four times as hard."""
        return None

    def weights(self, site: Site, weights: Float[Tensor, "B H Q K"]) -> Tensor | None:
        """Replaces the weights, the Gaussian of local-p included."""
        return None

    def values(self, site: Site, values: Values) -> Tensor | None:
        """Replaces what is found at the keys."""
        return None

    def see(self, site: Site, weights: Float[Tensor, "B H Q K"], values: Values) -> None:
        """Watches what was used in the end."""


class Both(Hook):
    """Two hooks as one: biases add up; the second sees and may replace what the first left."""

    def __init__(self, first: Hook, second: Hook) -> None:
        self.first, self.second = first, second

    def bias(self, site: Site, scores: Float[Tensor, "B H Q K"]) -> Tensor | None:
        """The sum of the biases of those that answer."""
        first = self.first.bias(site, scores)
        second = self.second.bias(site, scores if first is None else scores + first)
        if first is None or second is None:
            return second if first is None else first
        return first + second

    def weights(self, site: Site, weights: Float[Tensor, "B H Q K"]) -> Tensor | None:
        """The weights after both."""
        first = self.first.weights(site, weights)
        second = self.second.weights(site, weights if first is None else first)
        return first if second is None else second

    def values(self, site: Site, values: Values) -> Tensor | None:
        """The values after both."""
        first = self.first.values(site, values)
        second = self.second.values(site, values if first is None else first)
        return first if second is None else second

    def see(self, site: Site, weights: Float[Tensor, "B H Q K"], values: Values) -> None:
        """Both watch."""
        self.first.see(site, weights, values)
        self.second.see(site, weights, values)


class AttentionLayer(nn.Module):
    """A layer that attends. It has a name, its site, and asks a hook when somebody attached one.

    When nobody looks it may take a faster way to the same numbers (to 1e-6); with `explicit` set it
    takes every step as it does under a hook.
    """

    def __init__(self, site: str) -> None:
        super().__init__()
        self.site = site
        self.hook: Hook | None = None
        self.explicit = False

    @property
    def step_by_step(self) -> bool:
        """Whether scores, weights and values must all be there to be seen."""
        return self.explicit or self.hook is not None


def attention_layers(model: nn.Module) -> list[AttentionLayer]:
    """Every layer of a model that attends, in the order of its modules."""
    return [module for module in model.modules() if isinstance(module, AttentionLayer)]


def sites(model: nn.Module) -> tuple[str, ...]:
    """The names of all places where a model attends."""
    return tuple(layer.site for layer in attention_layers(model))


@contextmanager
def watching(model: nn.Module, hook: Hook) -> Iterator[None]:
    """Attach a hook to every attention of a model; afterwards the model is as before.

    Inside another `watching` both hooks are asked, the outer one first.

    Raises ValueError if the model has no attention: a question to it could have no answer.
    """
    layers = attention_layers(model)
    if not layers:
        raise ValueError(
            f"{type(model).__name__} has no attention (attention = none): there is nothing to "
            "watch or to take away; use a model that was trained with attention"
        )
    before = [layer.hook for layer in layers]
    try:
        for layer, outer in zip(layers, before, strict=True):
            layer.hook = hook if outer is None else Both(outer, hook)
        yield
    finally:
        for layer, outer in zip(layers, before, strict=True):
            layer.hook = outer


def spread(
    weights: Float[Tensor, "B H Q K"], site: Site, count: int
) -> Float[Tensor, "B H Q {count}"]:
    """Lay the weights of a window out over all `count` keys; others stay as they are."""
    if site.keys is None:
        return weights
    outside = site.keys < 0
    slots = site.keys.masked_fill(outside, 0)[:, None].expand_as(weights)
    laid_out = weights.new_zeros(*weights.shape[:-1], count)
    return laid_out.scatter_add(-1, slots, weights.masked_fill(outside[:, None], 0))


def reads(site: Site, keys: Int[Tensor, " X"], count: int) -> Bool[Tensor, "#B 1 #Q K"]:
    """True in every column that holds one of the keys named, ready to be laid over the scores."""
    if site.keys is None:
        return torch.isin(torch.arange(count, device=keys.device), keys)[None, None, None]
    return torch.isin(site.keys, keys.to(site.keys.device))[:, None]
