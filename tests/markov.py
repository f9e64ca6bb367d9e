"""A model of seven pieces, so small that every target and its worth can be written down."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from regard.attention import Site
from regard.attention.hook import AttentionLayer
from regard.translation.model import BOS, EOS, Batch, State, TranslationModel

VOCABULARY = 7  # the four special pieces and 4, 5, 6
WORDS = (4, 5, 6)


@dataclass(frozen=True)
class History:
    """The state of a toy model: the sources' ids, and all that each row has read."""

    source: Tensor
    mask: Tensor
    read: Tensor

    def select(self, rows: Tensor) -> History:
        return History(self.source[rows], self.mask[rows], self.read[rows])


class Cross(AttentionLayer):
    """An attention that looks nowhere, but tells what its row has read so far."""

    def tell(self, site: Site, weights: Tensor) -> None:
        if self.hook is not None:
            self.hook.see(site, weights, weights.new_zeros(*weights.shape[:2], weights.shape[3], 1))


class Markov(TranslationModel):
    """The next word depends on the source's first word and the last one read, by a table.

    Its attention of two heads names the history: head h, key s holds `code(read) + h / 2 + s / 16`,
    and the window of `decoder.1.cross` holds two keys round the number of words read.
    """

    def __init__(self, seed: int, scale: float = 1.5) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        size = (VOCABULARY, VOCABULARY, VOCABULARY)
        self.table = scale * torch.randn(size, generator=generator)
        self.cross = Cross("decoder.cross")
        self.window = Cross("decoder.1.cross")
        self.own = Cross("decoder.1.self")
        self.steps = 0

    def start(self, source: Tensor, source_mask: Tensor) -> History:
        return History(source, source_mask, source.new_empty(len(source), 0))

    def step(self, state: State, last: Tensor) -> tuple[Tensor, History]:
        assert isinstance(state, History)
        assert not torch.is_grad_enabled()
        assert not self.training
        self.steps += 1
        read = torch.cat([state.read, last[:, None]], dim=1)
        heads, places = torch.arange(2) / 2, torch.arange(state.source.shape[1]) / 16
        codes = torch.tensor([code(row) for row in read.tolist()], dtype=torch.float32)
        told = codes[:, None, None, None] + heads[:, None, None] + places
        self.cross.tell(Site(self.cross.site), told)
        first = read.shape[1] - 1
        keys = torch.tensor([[first, first + 1]]).expand(len(read), -1)
        keys = torch.where(keys < state.mask.sum(1, keepdim=True), keys, -1)[:, None]
        centre = torch.full((len(read), 1), float(first))
        site = Site(self.window.site, keys, centre)
        self.window.tell(site, codes[:, None, None, None].expand(-1, 1, 1, 2))
        self.own.tell(Site(self.own.site), codes[:, None, None, None])
        return self.table[state.source[:, 0], last], History(state.source, state.mask, read)

    def forward(self, batch: Batch) -> Tensor:
        state, logits = self.start(batch.source, batch.source_mask), []
        for last in batch.inputs.unbind(1):
            one, state = self.step(state, last)
            logits.append(one)
        return torch.stack(logits, dim=1)


def code(read: list[int]) -> int:
    """A number of its own for each history."""
    return sum(VOCABULARY**place * piece for place, piece in enumerate(read))


def nats(model: Markov, source: list[int], target: tuple[int, ...]) -> list[float]:
    """The log-probability of each piece of a target, and of `</s>`."""
    table = model.table.log_softmax(-1)
    pairs = zip((BOS, *target), (*target, EOS), strict=True)
    return [float(table[source[0], last, piece]) for last, piece in pairs]


def score(model: Markov, source: list[int], target: tuple[int, ...], alpha: float) -> float:
    """What search says of a target, by its definition."""
    return sum(nats(model, source, target)) / ((5 + len(target) + 1) / 6) ** alpha
