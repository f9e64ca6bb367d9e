"""One update: its batches, its gradient, and the running average of the weights after it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn

from regard.translation.corpus import Corpus, batches, number_of_batches
from regard.translation.device import autocast
from regard.translation.guided import guided_loss
from regard.translation.model import Batch, TranslationModel
from regard.translation.recipe import TrainingRecipe


@dataclass(frozen=True)
class Group:
    """The batches of one update, and the position after them: how many their epoch has had."""

    batches: list[Batch]
    epoch: int
    taken: int


@dataclass(frozen=True)
class Step:
    """What one update was made of: plain nats, summed; labels; the norm before clipping.

    `alignment_nats` is what its links cost, before any weight; 0 where none guide.
    """

    nats: float
    tokens: int
    gradient_norm: float
    alignment_nats: float = 0.0

    @property
    def finite(self) -> bool:
        """Whether loss and gradient are numbers that can be used."""
        return math.isfinite(self.nats) and math.isfinite(self.gradient_norm)


def updates_per_epoch(corpus: Corpus, settings: TrainingRecipe) -> int:
    """How many updates one pass over the text takes; batches counted in tokens: nearly."""
    count = number_of_batches(
        corpus, size=settings.batch, unit=settings.batch_unit, seed=settings.seed, epoch=0
    )
    return -(-count // settings.accumulate)


def groups(corpus: Corpus, settings: TrainingRecipe, epoch: int, batch: int) -> Iterator[Group]:
    """The batches of every update from a position on, without end; an epoch's last may be fewer."""
    while True:
        rest = batches(
            corpus,
            size=settings.batch,
            unit=settings.batch_unit,
            seed=settings.seed,
            epoch=epoch,
            start=batch,
        )
        while found := list(islice(rest, settings.accumulate)):
            batch += len(found)
            yield Group(found, epoch, batch)
        epoch, batch = epoch + 1, 0


def find_gradient(
    model: TranslationModel,
    group: Sequence[Batch],
    settings: TrainingRecipe,
    device: torch.device,
    precision: torch.dtype,
) -> Step:
    """Leave the clipped gradient of one update in the model's parameters.

    Adam's loss is the mean over labels. SGD's is summed over time and divided by the number of
    sentences, the scale in which a learning rate of 1 and a norm of 5 are meant (Luong 2015, 4.1).
    """
    tokens = sum(int(batch.label_mask.sum()) for batch in group)
    sentences = sum(len(batch.source) for batch in group)
    divisor = sentences if settings.optimiser == "sgd" else tokens
    nats: list[Tensor] = []
    alignment: list[Tensor] = []
    for batch in group:
        with autocast(device, precision):
            if settings.guided_alignment:
                loss, of_links = guided_loss(model, batch.to(device), settings)
                alignment.append(of_links)
            else:
                loss = model.loss(batch.to(device), settings.label_smoothing)
        (loss.training_nats / divisor).backward()
        nats.append(loss.nats)
    norm = nn.utils.get_total_norm([p.grad for p in model.parameters() if p.grad is not None])
    # On a device the comparison would have to wait for it; a factor of 1 changes nothing.
    if settings.clip and (device.type != "cpu" or norm > settings.clip):
        nn.utils.clip_grads_with_norm_(model.parameters(), settings.clip, norm)
    # The one time in an update that the processor waits for the device.
    of_labels = torch.stack(nats).sum()
    guided = torch.stack(alignment).sum() if alignment else torch.zeros_like(of_labels)
    found = torch.stack([of_labels, norm.to(of_labels), guided])
    total, length, alignment_nats = found.tolist()
    return Step(total, tokens, length, alignment_nats)


@torch.no_grad()
def follow_average(average: dict[str, Tensor], model: nn.Module, decay: float, update: int) -> None:
    """Move the running average of the weights towards the weights after `update` updates.

    The decay is lower at first, so that the random start is soon forgotten.
    """
    weight = 1 - min(decay, (1 + update) / (10 + update))
    for name, parameter in model.named_parameters():
        average[name].lerp_(parameter, weight)


@contextmanager
def averaged(model: nn.Module, average: dict[str, Tensor] | None) -> Iterator[None]:
    """Within it the model has its average weights; afterwards its own, bit for bit."""
    if average is None:
        yield
        return
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        own = {name: parameter.clone() for name, parameter in parameters.items()}
        try:
            for name, parameter in parameters.items():
                parameter.copy_(average[name])
            yield
        finally:
            for name, parameter in parameters.items():
                parameter.copy_(own[name])
