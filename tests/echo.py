"""A translator whose model writes its source again: what comes out can be said in advance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from regard.attention import Site
from regard.attention.hook import AttentionLayer
from regard.translation.byte_pairs import train_byte_pairs
from regard.translation.model import Batch, State, TranslationModel
from regard.translation.result import Reader
from regard.translation.search import SearchSettings
from regard.translation.tokens import Tokens
from regard.translation.translator import Translator
from regard.translation.whole_words import count_words

TEXT = "one two three four five six. Seven, eight! One Two"


class Look(AttentionLayer):
    def tell(self, weights: Tensor) -> None:
        if self.hook is not None:
            nothing = weights.new_zeros(len(weights), 1, weights.shape[3], 1)
            self.hook.see(Site(self.site), weights, nothing)


@dataclass(frozen=True)
class Place:
    source: Tensor
    lengths: Tensor
    written: int

    def select(self, rows: Tensor) -> Place:
        return Place(self.source[rows], self.lengths[rows], self.written)


class Echo(TranslationModel):
    """Writes the source again, from its end if `backwards`, and looks at what it writes.

    Where it predicts step t it puts 0.6 on the piece that it writes, 0.3 on `</s>` and 0.1 on the
    first piece. The second best continuation of every step is piece number 5.
    """

    def __init__(self, size: int, *, backwards: bool = False, sighted: bool = True) -> None:
        super().__init__()
        self.size, self.backwards = size, backwards
        self.look = Look("decoder.cross") if sighted else None
        self.widths: list[int] = []
        self.precisions: set[torch.dtype] = set()  # of the products at each start

    def start(self, source: Tensor, source_mask: Tensor) -> Place:
        self.widths += (source_mask.sum(1) - 1).tolist()
        self.precisions.add((torch.ones(1, 1) @ torch.ones(1, 1)).dtype)
        return Place(source, source_mask.sum(1), 0)

    def step(self, state: State, last: Tensor) -> tuple[Tensor, Place]:
        assert isinstance(state, Place)
        end = state.lengths - 1
        place = torch.full_like(end, state.written).minimum(end)
        if self.backwards:
            place = torch.where(place < end, end - 1 - place, end)
        logits = torch.zeros(len(last), self.size)
        logits[:, 5] = 4.0
        logits.scatter_(1, state.source.gather(1, place[:, None]), 9.0)
        weights = torch.zeros_like(state.source, dtype=torch.float32)
        for column, weight in ((place, 0.6), (end, 0.3), (torch.zeros_like(end), 0.1)):
            weights.scatter_add_(1, column[:, None], torch.full((len(last), 1), weight))
        if self.look is not None:
            self.look.tell(weights[:, None, None])
        return logits, replace(state, written=state.written + 1)

    def forward(self, batch: Batch) -> Tensor:
        state, steps = self.start(batch.source, batch.source_mask), []
        for last in batch.inputs.unbind(1):
            logits, state = self.step(state, last)
            steps.append(logits)
        return torch.stack(steps, 1)


def word_tokens(*, lowercase: bool = False) -> Tokens:
    return count_words([TEXT], limit=100, lowercase=lowercase)


def echo(
    tokens: Tokens | None = None, *, backwards: bool = False, sighted: bool = True
) -> Translator:
    tokens = tokens or word_tokens()
    model = Echo(tokens.size, backwards=backwards, sighted=sighted)
    return Translator(model, Reader(tokens, tokens, model="echo"), SearchSettings(beam=2))


def byte_pairs() -> Tokens:
    return train_byte_pairs([TEXT, "ñandú año 東京 東京 東京"] * 3, size=300)
