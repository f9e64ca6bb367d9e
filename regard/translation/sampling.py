"""Sampling: draw targets from a model's distribution instead of searching for the best.

Letters: B sentences, S source pieces with `</s>`, D draws of all sentences together, N of them not
yet ended, V vocabulary, T steps.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from regard.translation.hypothesis import Ends, Hypothesis, Trail, length_penalty, seeing
from regard.translation.model import EOS, TranslationModel
from regard.translation.search import SearchSettings, allowed_pieces, at_rest, first_rows, largest


@dataclass(frozen=True)
class SampleSettings:
    """How to draw: from the model's distribution, sharpened and cut.

    `temperature` divides the logits (below 1: safer, above 1: wilder). Of what is left after
    `top_k` (the k most probable pieces) `top_p` keeps the smallest set of the most probable whose
    share reaches p. `draws` hypotheses are drawn for each sentence.

    Raises ValueError for what cannot be drawn from.
    """

    draws: int = 1
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise ValueError(f"draws {self.draws}: must be 1 or more")
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"temperature {self.temperature}: must be above 0 (greedy is beam 1)")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"top_k {self.top_k}: must be 1 or more, or None for all")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p {self.top_p}: must be above 0 and at most 1")


def sample(
    model: TranslationModel,
    source: Int[Tensor, "B S"],
    source_mask: Bool[Tensor, "B S"],
    seed: int,
    drawing: SampleSettings | None = None,
    settings: SearchSettings | None = None,
) -> list[list[Hypothesis]]:
    """Draw targets for each sentence instead of searching, in the order drawn.

    Each draw has random numbers of its own, a function of the seed, the source and the number of
    the draw: what else is in the batch makes no difference. Of `settings` the lengths,
    `length_alpha`, `no_repeat`, `forbid_unknown`, `forbidden` and `record` apply.

    Raises ValueError if the model's probabilities are not numbers.
    """
    drawing, settings = drawing or SampleSettings(), settings or SearchSettings()
    lengths = source_mask.sum(1)
    limits = settings.limits(lengths)
    chance = _chance(source, lengths, seed, drawing.draws, int(limits.max()) + 1)
    sentences = torch.arange(len(source), device=source.device).repeat_interleave(drawing.draws)
    trail = Trail()
    steps, ends = torch.zeros_like(sentences), torch.zeros_like(sentences)
    total_nats = torch.zeros_like(sentences, dtype=torch.float32)
    with at_rest(model), seeing(model, settings.record) as watcher:
        state = model.start(source, source_mask).select(sentences)
        rows = first_rows(sentences)
        draws = torch.arange(len(sentences), device=source.device)
        while len(draws):
            logits, state = model.step(state, rows.last)
            trail.add(rows.parents, rows.last, rows.total_nats, watcher.take())
            allowed = allowed_pieces(logits, rows, limits, settings)
            pieces = _draw(allowed, chance[draws, rows.length], drawing)
            totals = rows.total_nats + allowed.gather(1, pieces[:, None])[:, 0]
            ended, lives = (pieces == EOS).nonzero()[:, 0], (pieces != EOS).nonzero()[:, 0]
            steps[draws[ended]] = rows.length
            ends[draws[ended]] = ended
            total_nats[draws[ended]] = totals[ended]
            draws = draws[lives]
            rows = rows.after(lives, pieces[lives], totals[lives])
            state = state.select(lives)
        score = total_nats / length_penalty(steps + 1, settings.length_alpha)
        cut = steps == limits[sentences]
        found = trail.follow(Ends(sentences, steps, ends, total_nats, score, cut), lengths)
    return [found[i : i + drawing.draws] for i in range(0, len(found), drawing.draws)]


def _chance(
    source: Int[Tensor, "B S"], lengths: Int[Tensor, " B"], seed: int, draws: int, steps: int
) -> Float[Tensor, "D T"]:
    """A number in [0, 1) for each step of each draw of each sentence."""
    numbers = torch.empty(len(source) * draws, steps)
    for sentence, (ids, length) in enumerate(zip(source.tolist(), lengths.tolist(), strict=True)):
        for draw in range(draws):
            name = repr((seed, draw, ids[:length])).encode()
            digest = hashlib.blake2b(name, digest_size=8).digest()
            generator = torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)
            numbers[sentence * draws + draw] = torch.rand(steps, generator=generator)
    return numbers.to(source.device)


def _draw(
    allowed: Float[Tensor, "N V"], chance: Float[Tensor, " N"], drawing: SampleSettings
) -> Int[Tensor, " N"]:
    """One piece a row: where the row's number falls when all shares are laid end to end."""
    logits, pieces = allowed / drawing.temperature, None
    if drawing.top_k is not None:
        logits, pieces = largest(logits, drawing.top_k)
    elif drawing.top_p < 1:
        logits, pieces = logits.sort(dim=1, descending=True, stable=True)
    shares = logits.softmax(1)
    if drawing.top_p < 1:
        before = shares.cumsum(1) - shares
        shares = shares.masked_fill(before >= drawing.top_p, 0)
    reached = shares.cumsum(1)
    whole = reached[:, -1:].contiguous()
    place = torch.searchsorted(reached, chance[:, None] * whole, right=True)
    place = torch.minimum(place, torch.searchsorted(reached, whole))  # rounding never overshoots
    return (place if pieces is None else pieces.gather(1, place))[:, 0]
