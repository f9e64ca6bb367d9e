"""Train a row from one seed: from its first update, or from where its run was saved last."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from benchmarks.ladder.rows import Row
from benchmarks.ladder.text import Text
from regard.translation.progress import Display
from regard.translation.recipe import Recipe
from regard.translation.run import MARK_NAME, RECIPE_NAME, open_run
from regard.translation.workflow import begin_run, train_run

COMPARED = ("tokens", "model", "training")  # sections that make a run what it is


def prepare(run: Path, text: Text, settings: tuple[str, ...], display: Display) -> None:
    """Begin a run on a text, unless it has begun.

    Raises ValueError where the run that is there was begun with other settings.
    """
    if not all((run / name).exists() for name in (MARK_NAME, RECIPE_NAME)):
        shutil.rmtree(run, ignore_errors=True)  # killed before it was a run
        parts = [
            f"data.{part}_{side}={json.dumps(str(text.path(part, side).absolute()))}"
            for part in ("dev", "test")
            for side in ("source", "target")
        ]
        begin_run(
            run,
            text.path("train", "source"),
            text.path("train", "target"),
            recipe=Recipe(),  # says nothing itself, so the length normalisation is left to dev
            settings=[*settings, *parts],
            device="cpu",
            display=display,
        )


def train_row(
    run: Path, text: Text, row: Row, seed: int, epochs: int, display: Display
) -> dict[str, Any]:
    """Train a row; what is known then. Raises KeyboardInterrupt when asked to stop, all saved."""
    prepare(run, text, row.all_settings(seed, epochs), display)
    begun, wanted = open_run(run).recipe, row.recipe(seed, epochs)
    for section in COMPARED:
        if getattr(begun, section) != getattr(wanted, section):
            raise ValueError(
                f"{run}: was begun with other settings in [{section}] than {row.name} has now; "
                "delete it, or choose another --folder"
            )
    outcome = train_run(run, device="cpu", display=display)
    if outcome.reason == "interrupted":
        raise KeyboardInterrupt
    trained = open_run(run)
    return {
        "ended_by": outcome.reason,
        "updates": outcome.update,
        "best_update": None if outcome.best is None else outcome.best.update,
        "seconds": outcome.seconds,
        "length_alpha": trained.recipe.search.length_alpha,
    }
