"""What a search finds: a target, what the model thinks of it, and where each word of it looked.

A search moves rows about: they split, change places and die. A `Trail` keeps every step's rows with
the row that each came from, and follows the finished ones back at the end; until then nothing is
copied.

Letters: B sentences, H heads, S source pieces with `</s>`, T steps (target pieces and `</s>`),
K slots of a window (or S), N rows of a search, F finished hypotheses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from regard.attention import Hook, Site, sites, spread, watching
from regard.translation.model import Batch, TranslationModel

CROSS = "cross"
MEAN = "mean.cross"  # where the models of an ensemble look on average


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """A target that a model wrote, or was made to write.

    `ids` has no special pieces; T = len(ids) + 1 steps predict them and `</s>`. Row t of every
    array belongs to the step that predicts piece t, the last row to the step that predicts `</s>`.
    `log_probability_nats` is the sum of `step_nats`; `score` is that after length normalisation.
    `attention` maps the name of each cross attention to `[H, T, S]`, `centre` those with a centre
    (local attention) to `[T]`; both are empty where nothing was recorded. `cut` says that it grew
    to the longest length allowed, where nothing but `</s>` may follow.
    """

    ids: tuple[int, ...]
    log_probability_nats: float
    score: float
    step_nats: Float[np.ndarray, " T"]
    cut: bool = False
    attention: dict[str, np.ndarray] = field(default_factory=dict)
    centre: dict[str, np.ndarray] = field(default_factory=dict)


def length_penalty(length: Int[Tensor, "..."], alpha: float) -> Float[Tensor, "..."]:
    """((5 + length) / 6) ** alpha, which divides a log-probability (Wu 2016, eq. 14).

    `length` counts `</s>`. Exponent 0 compares sums; 1 comes near comparing means.
    """
    return ((5 + length) / 6) ** alpha


@dataclass(frozen=True)
class Looks:
    """One cross attention of some rows, as the model used it: a window is not laid out yet."""

    weights: Float[Tensor, "N H T K"]
    keys: Int[Tensor, "N T K"] | None
    centre: Float[Tensor, "N T"] | None

    def select(self, rows: Int[Tensor, " F"]) -> Looks:
        """The rows named, in that order."""
        keys = None if self.keys is None else self.keys[rows]
        centre = None if self.centre is None else self.centre[rows]
        return Looks(self.weights[rows], keys, centre)

    def laid_out(self, name: str, length: int) -> Float[Tensor, "N H T S"]:
        """Over all keys of the source."""
        return spread(self.weights, Site(name, self.keys, self.centre), length)


def _joined(looks: Sequence[Looks]) -> Looks:
    """Looks of the same rows, one step after the other."""
    if len(looks) == 1:
        return looks[0]
    keys = [one.keys for one in looks if one.keys is not None]
    centres = [one.centre for one in looks if one.centre is not None]
    return Looks(
        torch.cat([one.weights for one in looks], dim=2),
        torch.cat(keys, dim=1) if keys else None,
        torch.cat(centres, dim=1) if centres else None,
    )


class Watcher(Hook):
    """Keeps what some attentions of a model use; changes nothing."""

    def __init__(self, wanted: Collection[str]) -> None:
        self._wanted = frozenset(wanted)
        self._looks: dict[str, list[Looks]] = {}

    def see(self, site: Site, weights: Tensor, values: Tensor) -> None:
        """Keep it, if it is wanted."""
        if site.name in self._wanted:
            looks = self._looks.setdefault(site.name, [])
            looks.append(Looks(weights, site.keys, site.centre))

    def take(self) -> dict[str, Looks]:
        """What was seen at each site since the last time."""
        taken = {name: _joined(looks) for name, looks in self._looks.items()}
        self._looks = {}
        return taken


def cross_sites(model: TranslationModel) -> tuple[str, ...]:
    """The sites whose keys are the source's; of an ensemble, the mean of its models alone."""
    found = tuple(site for site in sites(model) if site.rpartition(".")[2] == CROSS)
    return (MEAN,) if MEAN in found else found


@contextmanager
def seeing(model: TranslationModel, wanted: bool) -> Iterator[Watcher]:
    """Watch a model; if nothing is wanted, or the model has no cross attention, nothing is kept."""
    watcher = Watcher(cross_sites(model))
    if not wanted or not cross_sites(model):
        yield watcher
        return
    with watching(model, watcher):
        yield watcher


@dataclass(frozen=True)
class Ends:
    """Finished hypotheses: whose, at which row of which step `</s>` was said, and its worth."""

    sentence: Int[Tensor, " F"]
    step: Int[Tensor, " F"]
    row: Int[Tensor, " F"]
    total_nats: Float[Tensor, " F"]
    score: Float[Tensor, " F"]
    cut: Bool[Tensor, " F"]


@dataclass(frozen=True)
class _Step:
    parents: Int[Tensor, " N"]
    last: Int[Tensor, " N"]
    total_nats: Float[Tensor, " N"]
    looks: dict[str, Looks]


class Trail:
    """Every step of a search: its rows, and the row of the step before that each came from."""

    def __init__(self) -> None:
        self._steps: list[_Step] = []

    def add(
        self,
        parents: Int[Tensor, " N"],
        last: Int[Tensor, " N"],
        total_nats: Float[Tensor, " N"],
        looks: dict[str, Looks],
    ) -> None:
        """One step: the piece that each row read, its log-probability so far, what it saw."""
        self._steps.append(_Step(parents, last, total_nats, looks))

    def follow(self, ends: Ends, lengths: Int[Tensor, " B"]) -> list[Hypothesis]:
        """The hypotheses that ended so, each with its own history; `lengths` are the sources'."""
        if not len(ends.step):
            return []
        steps = self._steps[: int(ends.step.max()) + 1]
        stood = list(zip(steps, self._rows(ends, len(steps)), strict=True))
        before = torch.stack([step.total_nats[row] for step, row in stood], dim=1)
        reached = torch.cat([before, ends.total_nats[:, None]], dim=1)
        later = torch.arange(len(steps) + 1, device=reached.device) > ends.step[:, None]
        step_nats = torch.where(later, ends.total_nats[:, None], reached).diff(dim=1)
        said = [step.last[row] for step, row in stood[1:]]
        looks = {
            name: _joined([step.looks[name].select(row) for step, row in stood])
            for name in steps[0].looks
        }
        return _hypotheses(
            ids=torch.stack(said, dim=1) if said else before[:, :0].long(),
            step_nats=step_nats,
            counts=ends.step,
            total_nats=ends.total_nats,
            score=ends.score,
            cut=ends.cut,
            widths=lengths[ends.sentence],
            looks=looks,
        )

    def _rows(self, ends: Ends, count: int) -> list[Int[Tensor, " F"]]:
        """Where each hypothesis stood at each step; row 0 after its end, which nobody reads."""
        rows = [torch.zeros_like(ends.row)] * count
        after = torch.zeros_like(ends.row)
        for step in range(count - 1, -1, -1):
            came_from = self._steps[step + 1].parents[after] if step + 1 < count else after
            came_from = came_from.masked_fill(ends.step < step, 0)
            after = rows[step] = torch.where(ends.step == step, ends.row, came_from)
        return rows


def given(
    batch: Batch, step_nats: Float[Tensor, "B T"], length_alpha: float, looks: dict[str, Looks]
) -> list[Hypothesis]:
    """Hypotheses of targets that were given: their steps' log-probabilities and looks."""
    counts = batch.label_mask.sum(1) - 1
    total_nats = step_nats.sum(1)
    return _hypotheses(
        ids=batch.labels,
        step_nats=step_nats,
        counts=counts,
        total_nats=total_nats,
        score=total_nats / length_penalty(counts + 1, length_alpha),
        cut=torch.zeros_like(counts, dtype=torch.bool),
        widths=batch.source_mask.sum(1),
        looks=looks,
    )


def _hypotheses(
    *,
    ids: Int[Tensor, "F L"],
    step_nats: Float[Tensor, "F T"],
    counts: Int[Tensor, " F"],
    total_nats: Float[Tensor, " F"],
    score: Float[Tensor, " F"],
    cut: Bool[Tensor, " F"],
    widths: Int[Tensor, " F"],
    looks: dict[str, Looks],
) -> list[Hypothesis]:
    """Cut each one out of the padded tables: `counts` pieces, `widths` source pieces."""
    longest = int(widths.max()) if len(widths) else 0
    attention = {name: _array(look.laid_out(name, longest)) for name, look in looks.items()}
    centre = {name: _array(look.centre) for name, look in looks.items() if look.centre is not None}
    nats, pieces = _array(step_nats), ids.tolist()
    table = zip(
        counts.tolist(),
        total_nats.tolist(),
        score.tolist(),
        cut.tolist(),
        widths.tolist(),
        strict=True,
    )
    return [
        Hypothesis(
            ids=tuple(pieces[i][:count]),
            log_probability_nats=total,
            score=worth,
            step_nats=nats[i, : count + 1].copy(),
            cut=was_cut,
            attention={
                name: rows[i, :, : count + 1, :width].copy() for name, rows in attention.items()
            },
            centre={name: rows[i, : count + 1].copy() for name, rows in centre.items()},
        )
        for i, (count, total, worth, was_cut, width) in enumerate(table)
    ]


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.float().cpu().numpy()
