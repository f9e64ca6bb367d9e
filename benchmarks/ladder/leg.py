"""The process of one leg: train or go on, measure, and write what was found.

    python -m benchmarks.ladder.leg FOLDER LEG BESIDE

BESIDE is how many legs may run at the same time. SIGTERM, SIGINT or the end of the process that
started it saves and ends it with status 130.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

import torch

import regard
from benchmarks.ladder.jobs import end_with_parent
from benchmarks.ladder.measuring import EXTRA, PHRASEBOOK_SENTENCES, measured, together
from benchmarks.ladder.speed import UPDATES, prepared, timed
from benchmarks.ladder.state import LEGS, Ladder, Leg, open_ladder
from benchmarks.ladder.training import train_row
from benchmarks.legs import commit, ending_well
from benchmarks.race.machine import processor
from regard.translation.device import choose_precision
from regard.translation.durable import write_text
from regard.translation.progress import Display, open_display


def do(ladder: Ladder, leg: Leg, display: Display) -> dict[str, Any]:
    """Do a leg; what it measured."""
    text = ladder.text(leg.model.text)
    sentences = ladder.settings.sentences or PHRASEBOOK_SENTENCES
    match leg.kind:
        case "speed":
            run = prepared(ladder.run(f"speed-{leg.model.text}"), text, leg.model, display)
            few = ladder.settings.pairs  # of a trial
            return timed(run, leg.model, 20 if few else UPDATES)
        case "ensemble":
            runs = [ladder.run(needed) for needed in leg.needs]
            return together(runs, text, ladder.gold, sentences)
        case "row":
            run = ladder.run(leg.name)
            epochs = ladder.settings.epochs
            trained = train_row(run, text, leg.model, leg.seed, epochs, display)
            found = measured(run, text, ladder.gold, sentences)
            if leg.model.table in EXTRA:
                found |= EXTRA[leg.model.table](run, text)
            return {**trained, **found}


def circumstances(beside: int) -> dict[str, Any]:
    """Where numbers come from."""
    device = torch.device("cpu")
    return {
        "threads": torch.get_num_threads(),
        "legs_at_once": beside,
        "processor": processor(),
        "cores": os.cpu_count(),
        "precision": str(choose_precision("auto", device)).removeprefix("torch."),
        "versions": {
            "regard": regard.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
    }


def commits_so_far(ladder: Ladder, leg: Leg) -> list[str]:
    """The commits that a leg was worked on with, this process's included."""
    path = ladder.log(leg.name).with_suffix(".commits.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    found = json.loads(path.read_bytes()) if path.exists() else []
    if commit() not in found:
        found.append(commit())
        write_text(path, json.dumps(found) + "\n")
    return found


def main(folder: Path, name: str, beside: int) -> None:
    """Do the leg of that name."""
    with ending_well(name):
        end_with_parent()
        ladder, leg = open_ladder(folder), LEGS[name]
        commits = commits_so_far(ladder, leg)
        with open_display() as display:
            found = do(ladder, leg, display)
        ladder.keep(name, {**found, **circumstances(beside), "commits": commits})


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
