"""What every translation model is: a batch in, logits out, and the same thing one word at a time.

Search, sampling, forced decoding, training and evaluation are written once over this protocol and
know no architecture.

Letters: B sentences, S source pieces with `</s>`, T target pieces with `<s>` and `</s>`, L labels
(T - 1), W labels of a batch that count, C links, N rows of a search, V vocabulary.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

PAD, UNK, BOS, EOS = 0, 1, 2, 3
SPECIAL_PIECES = ("<pad>", "<unk>", "<s>", "</s>")


@dataclass(frozen=True)
class Batch:
    """Sentence pairs as ids, padded with `PAD` on the right.

    A source row is its pieces and `</s>`; a target row is `<s>`, its pieces and `</s>`. The masks
    are True where there is a piece. `links` join pieces that translate each other, where that is
    known: (sentence, target piece, source piece), pieces counted from 0 without `<s>`.
    """

    source: Int[Tensor, "B S"]
    source_mask: Bool[Tensor, "B S"]
    target: Int[Tensor, "B T"]
    target_mask: Bool[Tensor, "B T"]
    links: Int[Tensor, "C 3"] | None = None

    @property
    def inputs(self) -> Int[Tensor, "B L"]:
        """What the decoder reads: `<s>` and every piece."""
        return self.target[:, :-1]

    @property
    def labels(self) -> Int[Tensor, "B L"]:
        """What the decoder must say: every piece and `</s>`."""
        return self.target[:, 1:]

    @property
    def label_mask(self) -> Bool[Tensor, "B L"]:
        """True where a label counts."""
        return self.target_mask[:, 1:]

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on another device."""
        return Batch(
            self.source.to(device),
            self.source_mask.to(device),
            self.target.to(device),
            self.target_mask.to(device),
            None if self.links is None else self.links.to(device),
        )


@dataclass(frozen=True)
class Loss:
    """A batch's loss in nats, summed over its labels; divide once, by `tokens` or by sentences.

    `training_nats` is differentiable and label-smoothed; `nats` is the plain cross-entropy,
    detached; `tokens` counts the labels, `</s>` included.
    """

    training_nats: Float[Tensor, ""]
    nats: Float[Tensor, ""]
    tokens: int


@runtime_checkable
class State(Protocol):
    """What a decoder remembers between two words: one row for each hypothesis."""

    def select(self, rows: Int[Tensor, " N"]) -> State:
        """The rows named, in that order; a row may be dropped or repeated."""
        ...


class TranslationModel(nn.Module, ABC):
    """A model that reads a source and writes a target.

    Step by step, `step` must give the logits that `forward` gives: `tests/contracts.py` holds every
    family to that.
    """

    @abstractmethod
    def forward(self, batch: Batch) -> Float[Tensor, "B L V"]:
        """Logits of every label, each given the true words before it."""

    @abstractmethod
    def start(self, source: Int[Tensor, "B S"], source_mask: Bool[Tensor, "B S"]) -> State:
        """Read the source; no target word has been written yet."""

    @abstractmethod
    def step(self, state: State, last: Int[Tensor, " N"]) -> tuple[Float[Tensor, "N V"], State]:
        """Logits of the next word after `last` was written (`BOS` at first), and the state then."""

    def loss(self, batch: Batch, label_smoothing: float = 0.0) -> Loss:
        """The cross-entropy of the labels, summed.

        Smoothing takes `label_smoothing` of the probability from the label and spreads it over the
        whole vocabulary (Szegedy 2016).
        """
        rows = batch.label_mask
        return cross_entropy(self(batch)[rows], batch.labels[rows], label_smoothing)


def cross_entropy(
    logits: Float[Tensor, "W V"], labels: Int[Tensor, " W"], label_smoothing: float = 0.0
) -> Loss:
    """Sum the cross-entropy of labels that count: smoothed for training, plain for reports."""
    log_probabilities = functional.log_softmax(logits.float(), dim=-1)
    plain = functional.nll_loss(log_probabilities, labels, reduction="sum")
    if label_smoothing == 0:
        return Loss(plain, plain.detach(), len(labels))
    uniform = -log_probabilities.mean(dim=-1).sum()
    smoothed = (1 - label_smoothing) * plain + label_smoothing * uniform
    return Loss(smoothed, plain.detach(), len(labels))
