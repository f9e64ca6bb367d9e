"""What a look costs, worked out from sizes: multiplications a target piece, forward alone.

Training does three times as many. What is done once for a source is shared among its target
pieces. Exponentials and tanh are not counted.

N is the size of a state, S the pieces of the source, K the keys that a target piece is compared
with: S, or the 2 D + 1 slots of a window, those outside the sentence too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.ladder.looks import Looks
from benchmarks.local_attention.theory import keys_seen, of_general, of_scope
from regard.translation.recipe import ModelRecipe


@dataclass(frozen=True)
class Multiplications:
    """Of one target piece: where to look, what is found there, W_c, and what feeding adds."""

    score: float
    scope: float
    context: float
    combine: float
    feeding: float

    @property
    def total(self) -> float:
        """All that the model would not do without attention."""
        return self.score + self.scope + self.context + self.combine + self.feeding


def multiplications(model: ModelRecipe, looks: Looks) -> Multiplications | None:
    """Those of a model on a text; None without attention."""
    if model.attention == "none":
        return None
    size = model.hidden
    keys = keys_seen(model.scope, looks.source_pieces, model.radius)
    return Multiplications(
        score=SCORING[model.attention](size, keys, looks.source_per_target, model.max_length),
        scope=of_scope(model.scope, size),
        context=keys * size,
        combine=2 * size * size,
        feeding=4 * size * size if model.input_feeding else 0,  # h~ in the decoder's four gates
    )


def _dot(size: int, keys: float, sources: float, length: int) -> float:
    return keys * size


def _general(size: int, keys: float, sources: float, length: int) -> float:
    return of_general(size, keys)


def _concat(size: int, keys: float, sources: float, length: int) -> float:
    # The halves of W_a for h_t and for every source piece, then v_a.
    return size * size + sources * size * size + keys * size


def _location(size: int, keys: float, sources: float, length: int) -> float:
    return length * size  # of all positions that it has weights for


SCORING: dict[str, Callable[[int, float, float, int], float]] = {
    "dot": _dot,
    "scaled dot": _dot,
    "general": _general,
    "concat": _concat,
    "additive": _concat,
    "location": _location,
}
