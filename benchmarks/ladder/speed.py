"""What attention costs, measured: a row and the same model without attention learn in turn.

Both make the same updates from the same batches in one process, a few at a time, so that a machine
that is slower for a minute is slower for both. The cost is the difference of the two in
microseconds a target piece; of all turns the median counts, and the quartiles say how sure it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.ladder.rows import WITHOUT_ATTENTION, Row
from benchmarks.ladder.text import Text
from benchmarks.ladder.training import prepare
from regard.translation.corpus import Corpus
from regard.translation.progress import Display
from regard.translation.recipe import Recipe
from regard.translation.recipe_file import change
from regard.translation.run import Run, new_model, open_run
from regard.translation.schedule import first_plan
from regard.translation.state import Learner, make_learner
from regard.translation.update import Group, find_gradient, groups

UPDATES = 300
UPDATES_IN_A_TURN = 10
TURNS_TO_WARM_UP = 2


@dataclass(frozen=True)
class Turn:
    """Some updates of a model: the target pieces they learned from, and the time they took."""

    pieces: int
    seconds: float

    @property
    def microseconds_per_piece(self) -> float:
        """The time of one."""
        return 1e6 * self.seconds / self.pieces


def timed(run: Run, row: Row, updates: int = UPDATES) -> dict[str, Any]:
    """Time a row beside the same model without attention, on the text of a prepared run."""
    recipe = row.recipe(seed=1)
    plain = change(recipe, WITHOUT_ATTENTION)
    learners = [_learner(run, each) for each in (recipe, plain)]
    corpus = Corpus.open(run.corpus)
    turns: list[tuple[Turn, Turn]] = []
    for batches in _in_turns(groups(corpus, recipe.training, 0, 0), updates):
        # Who goes first goes second the next time.
        order = [0, 1] if len(turns) % 2 else [1, 0]
        took = {which: _learn(learners[which], recipe, batches) for which in order}
        turns.append((took[0], took[1]))
    return {"row": row.name, **summary(turns[TURNS_TO_WARM_UP:])}


def summary(turns: list[tuple[Turn, Turn]]) -> dict[str, Any]:
    """Microseconds a target piece with attention, without, and the quartiles of what it costs."""
    pairs = np.array([[turn.microseconds_per_piece for turn in both] for both in turns])
    low, middle, high = np.percentile(pairs[:, 0] - pairs[:, 1], [25, 50, 75])
    return {
        "microseconds_with": float(np.median(pairs[:, 0])),
        "microseconds_without": float(np.median(pairs[:, 1])),
        "cost_microseconds": float(middle),
        "cost_quartiles": [float(low), float(high)],
        "turns": len(turns),
    }


def prepared(folder: Path, text: Text, row: Row, display: Display) -> Run:
    """A run that is never trained: the pieces of a text, the same for all its rows."""
    prepare(folder, text, row.all_settings(seed=1), display)
    return open_run(folder)


def _learner(run: Run, recipe: Recipe) -> Learner:
    model, _, _ = new_model(replace(run, recipe=recipe))
    plan = first_plan(recipe.training, updates_per_epoch=UPDATES)
    learner = make_learner(model, recipe.training, plan, torch.device("cpu"))
    learner.model.train()
    return learner


def _in_turns(found: Iterator[Group], updates: int) -> Iterator[list[Group]]:
    for _ in range(max(1, updates // UPDATES_IN_A_TURN) + TURNS_TO_WARM_UP):
        yield list(islice(found, UPDATES_IN_A_TURN))


def _learn(learner: Learner, recipe: Recipe, batches: list[Group]) -> Turn:
    pieces, began = 0, time.perf_counter()
    for group in batches:
        step = find_gradient(
            learner.model, group.batches, recipe.training, learner.device, learner.precision
        )
        learner.optimiser.step()
        learner.optimiser.zero_grad(set_to_none=True)
        pieces += step.tokens
    return Turn(pieces, time.perf_counter() - began)
