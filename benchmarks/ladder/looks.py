"""The source as a target piece has it before it: how long, and how much of it in a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from regard.translation.hypothesis import Hypothesis
from regard.translation.translator import Translator


@dataclass(frozen=True)
class Looks:
    """Of a text, a mean over its target pieces, `</s>` included on both sides.

    `source_pieces` is the length of the source that a target piece has before it,
    `source_per_target` how many source pieces there are for a target piece; `seen_percent` is the
    share of the source that its window holds (None without attention).
    """

    source_pieces: float
    source_per_target: float
    seen_percent: float | None


def looks_of(translator: Translator, sources: Sequence[str], targets: Sequence[str]) -> Looks:
    """Have a model write given targets, and look at its windows."""
    lengths, steps, shares = [], [], []
    radius = translator.reader.radius
    for pair in translator.align_stream(sources, targets):
        for segment in pair.segments:
            [source] = translator.source_tokens.encode_ids([pair.source])
            lengths.append(len(source) + 1)
            steps.append(len(segment.hypothesis.ids) + 1)
            shares.append(_share(segment.hypothesis, lengths[-1], radius))
    weights = np.array(steps)
    attends = all(share is not None for share in shares)
    return Looks(
        source_pieces=float(np.average(lengths, weights=weights)),
        source_per_target=float(np.sum(lengths) / np.sum(steps)),
        seen_percent=100 * float(np.average(shares, weights=weights)) if attends else None,
    )


def _share(hypothesis: Hypothesis, length: int, radius: int | None) -> float | None:
    """The mean share of a source of `length` pieces that the windows of a target hold."""
    if not hypothesis.attention:
        return None
    if not hypothesis.centre:
        return 1.0
    assert radius is not None
    [centre] = hypothesis.centre.values()
    return share_of_windows(centre, length, radius)


def share_of_windows(centre: Float[np.ndarray, " T"], length: int, radius: int) -> float:
    """The mean share of the positions 0 ... length - 1 within `radius` of each whole centre."""
    middle = np.minimum(np.floor(centre), length - 1)
    first, last = np.maximum(middle - radius, 0), np.minimum(middle + radius, length - 1)
    return float((last - first + 1).mean() / length)
