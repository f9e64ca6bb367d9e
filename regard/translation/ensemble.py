"""Several models that write together: each piece by the mean of their probabilities.

    p(y_t | y_<t, x) = 1/M sum_m p_m(y_t | y_<t, x)        (Sutskever 2014, Luong 2015, 4)

An ensemble is one more `TranslationModel`, so everything that works with a model works with it. The
sites of its models carry their number, from 1: `2.decoder.cross` is a site of the second. Where
they looked on average is one more site, `mean.cross`, which is what hypotheses keep.

Letters: M models, B sentences, L labels, N rows of a search, S source pieces, H heads, V
vocabulary.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from regard.attention import Site
from regard.attention.hook import AttentionLayer, attention_layers
from regard.attention.normalise import at_least_float32
from regard.translation.hypothesis import MEAN, cross_sites, seeing
from regard.translation.model import Batch, State, TranslationModel


@dataclass(frozen=True)
class States:
    """The state of every model, and how many source pieces there are, padding included."""

    states: tuple[State, ...]
    source_pieces: int

    def select(self, rows: Int[Tensor, " N"]) -> States:
        """The rows named, in that order, of each."""
        return States(tuple(state.select(rows) for state in self.states), self.source_pieces)


class MeanLook(AttentionLayer):
    """Where the models of an ensemble look on average: the mean of heads, then of models.

    It is told, not used: what a hook answers here changes nothing. To change where an ensemble
    looks, answer at the sites of its models.
    """

    def tell(self, looks: Sequence[Float[Tensor, "N H L S"]]) -> None:
        """Show the hook, of which there is one, the mean of what the models' attentions used."""
        assert self.hook is not None
        weights = torch.stack([look.mean(dim=1, keepdim=True) for look in looks]).mean(dim=0)
        nothing = weights.new_zeros(len(weights), 1, weights.shape[3], 0)
        self.hook.see(Site(self.site), weights, nothing)


class Ensemble(TranslationModel):
    """Models with the same vocabularies, as one.

    It shares the weights of the models given and leaves them as they are: their attentions keep
    their names and hooks. Models without attention have a say in the words, none in the mean look.

    Raises ValueError for no model.
    """

    def __init__(self, models: Sequence[TranslationModel]) -> None:
        super().__init__()
        if not models:
            raise ValueError("an ensemble needs at least one model")
        members = [_sharing_weights(model) for model in models]
        for number, member in enumerate(members, start=1):
            for layer in attention_layers(member):
                layer.site = f"{number}.{layer.site}"
        self.members = nn.ModuleList(members)
        self.mean = MeanLook(MEAN) if any(map(cross_sites, members)) else None

    @property
    def models(self) -> tuple[TranslationModel, ...]:
        """The models, in the order of their numbers."""
        members = []
        for member in self.members:
            assert isinstance(member, TranslationModel)
            members.append(member)
        return tuple(members)

    def forward(self, batch: Batch) -> Float[Tensor, "B L V"]:
        """The log of the mean probability of every label, each given the true words before it."""
        with self._telling(batch.source.shape[1]):
            return mean_of([model(batch) for model in self.models])

    def start(self, source: Int[Tensor, "B S"], source_mask: Bool[Tensor, "B S"]) -> States:
        """Let each model read the source."""
        started = tuple(model.start(source, source_mask) for model in self.models)
        return States(started, source.shape[1])

    def step(self, state: State, last: Int[Tensor, " N"]) -> tuple[Float[Tensor, "N V"], States]:
        """The log of the mean probability of the next word, and the states after it."""
        assert isinstance(state, States)
        with self._telling(state.source_pieces):
            pairs = zip(self.models, state.states, strict=True)
            stepped = [model.step(one, last) for model, one in pairs]
        after = tuple(one for _, one in stepped)
        return mean_of([logits for logits, _ in stepped]), States(after, state.source_pieces)

    @contextmanager
    def _telling(self, source_pieces: int) -> Iterator[None]:
        """See where the models look meanwhile, and tell the mean of it if anybody watches."""
        if self.mean is None or self.mean.hook is None:
            yield
            return
        with ExitStack() as stack:
            watchers = [stack.enter_context(seeing(model, wanted=True)) for model in self.models]
            yield
            seen = [watcher.take() for watcher in watchers]
        last = [[*looks.items()][-1] for looks in seen if looks]
        self.mean.tell([look.laid_out(name, source_pieces) for name, look in last])


def mean_of(logits: Sequence[Float[Tensor, "*N V"]]) -> Float[Tensor, "*N V"]:
    """The log of the mean of the models' probabilities; of one model its logits as they are."""
    if len(logits) == 1:
        return logits[0]
    log_probabilities = [at_least_float32(one).log_softmax(dim=-1) for one in logits]
    return torch.stack(log_probabilities).logsumexp(dim=0) - math.log(len(logits))


def _sharing_weights(model: TranslationModel) -> TranslationModel:
    """A copy of a model's modules round the very same weights, watched by nobody."""
    hooks = (layer.hook for layer in attention_layers(model))
    kept = chain(model.parameters(), model.buffers(), hooks)
    shared = copy.deepcopy(model, {id(one): one for one in kept if one is not None})
    for layer in attention_layers(shared):
        layer.hook = None
    return shared
