"""What a ladder is: its settings, its texts, and the legs that are finished.

    FOLDER/ladder.json          the settings; a folder holds one ladder
           text/, gold/         what is read
           runs/LEG/            a row's run from one seed, as `regard train` leaves it
           logs/LEG.log         what the process of a leg said
           legs/LEG.json        what a finished leg measured

A leg is finished when its file is there. One that was stopped goes on where its run was saved last.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.ladder.rows import (
    ENSEMBLE,
    ENSEMBLE_OF,
    ROWS,
    SPEED,
    Row,
    compared_in_speed,
)
from benchmarks.ladder.text import Text
from benchmarks.legs import begin_folder, keep_result, read_result

NAME = "ladder"


@dataclass(frozen=True)
class Settings:
    """What all legs have in common; 0 is all of the text, and every row's own epochs."""

    threads: int
    pairs: int = 0
    sentences: int = 0
    epochs: int = 0


@dataclass(frozen=True)
class Ladder:
    """A ladder in its folder."""

    folder: Path
    settings: Settings

    def text(self, name: str) -> Text:
        """One of its texts, which may not be there."""
        return Text(self.folder / "text" / name)

    @property
    def gold(self) -> Path | None:
        """The folder of sentences with gold links, if they were given."""
        folder = self.folder / "gold"
        return folder if (folder / "dev.links").exists() else None

    def run(self, leg: str) -> Path:
        """The run of a leg; side by side, so that they share the tokenised text."""
        return self.folder / "runs" / leg

    def log(self, leg: str) -> Path:
        """What the process of a leg says."""
        return self.folder / "logs" / f"{leg}.log"

    def result(self, leg: str) -> dict[str, Any] | None:
        """What a leg measured; None if it is not finished."""
        return read_result(self.folder, leg)

    def keep(self, leg: str, result: dict[str, Any]) -> None:
        """Write what a leg measured: it is finished."""
        keep_result(self.folder, leg, result)


@dataclass(frozen=True)
class Leg:
    """One process of a ladder; `row` is the name it is asked for by.

    "row" trains and measures `model`, "speed" times its attention, with nothing beside it,
    "ensemble" measures the runs of the legs that it `needs`.
    """

    kind: Literal["row", "speed", "ensemble"]
    row: str
    model: Row
    seed: int = 1
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of its files."""
        match self.kind:
            case "speed":
                return f"speed-{self.model.name}"
            case "ensemble":
                return self.row
            case "row":
                return f"{self.row}-seed{self.seed}"


def _legs() -> Iterator[Leg]:
    """In the order in which they are run: one seed of every row before the next seed of any."""
    for row in compared_in_speed():
        yield Leg("speed", SPEED, row)
    for seed in sorted({seed for row in ROWS.values() for seed in row.seeds}):
        for row in ROWS.values():
            if seed in row.seeds and not row.only_when_named:
                yield Leg("row", row.name, row, seed)
    together = ROWS[ENSEMBLE_OF]
    needs = tuple(f"{ENSEMBLE_OF}-seed{seed}" for seed in together.seeds)
    yield Leg("ensemble", ENSEMBLE, together, needs=needs)
    for row in ROWS.values():
        if row.only_when_named:
            for seed in row.seeds:
                yield Leg("row", row.name, row, seed)


LEGS: dict[str, Leg] = {leg.name: leg for leg in _legs()}


def chosen_legs(rows: Iterable[str] | None, seeds: Iterable[int] | None) -> list[Leg]:
    """The legs of the rows named (None: of all but those that must be named) and of these seeds."""
    named = None if rows is None else set(rows)
    of_seeds = None if seeds is None else set(seeds)
    return [
        leg
        for leg in LEGS.values()
        if (not leg.model.only_when_named if named is None else leg.row in named)
        and (of_seeds is None or leg.kind != "row" or leg.seed in of_seeds)
    ]


def begin_ladder(folder: Path, settings: Settings) -> Ladder:
    """Make a folder for a ladder, or go on in the one that it was begun in.

    Raises ValueError where another ladder is in it.
    """
    begin_folder(folder, NAME, asdict(settings))
    return Ladder(folder, settings)


def open_ladder(folder: Path) -> Ladder:
    """The ladder in a folder."""
    return Ladder(folder, Settings(**json.loads((folder / f"{NAME}.json").read_bytes())))
