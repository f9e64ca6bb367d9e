"""What a comparison is: its settings, its texts, and the legs that are finished.

    FOLDER/alignment.json       the settings; a folder holds one comparison
           text/TEXT/           what is read
           links/TEXT/          what eflomal made of it
           runs/LEG/            runs, as `regard train` leaves them
           looks/LEG/           where the words of the gold sentences look
           legs/LEG.json        what a finished leg measured

A leg is finished when its file is there. A training that was stopped goes on where it was saved.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.alignment.runs import DIRECTIONS, MODELS
from benchmarks.alignment.text import NAMES, Text
from benchmarks.legs import begin_folder, keep_result, read_result

NAME = "alignment"
EFLOMAL = "eflomal"


@dataclass(frozen=True)
class Settings:
    """What all legs have in common; `pairs` of Tatoeba, 0 for all of them."""

    threads: int
    epochs: int
    pairs: int
    phrasebook_pairs: int
    seed: int


@dataclass(frozen=True)
class Leg:
    """eflomal on a text, or one training on it."""

    text: str
    model: str
    direction: str = ""

    @property
    def name(self) -> str:
        """The name of its files."""
        return "-".join(part for part in (self.text, self.model, self.direction) if part)


LEGS: dict[str, Leg] = {
    leg.name: leg
    for text in NAMES
    for leg in (
        Leg(text, EFLOMAL),
        *(Leg(text, model, direction) for model in MODELS for direction in DIRECTIONS),
    )
}


@dataclass(frozen=True)
class Comparison:
    """A comparison in its folder."""

    folder: Path
    settings: Settings

    def text(self, name: str) -> Text:
        """One of its texts."""
        return Text(name, self.folder / "text" / name)

    def links(self, text: str) -> Path:
        """What eflomal made of a text."""
        return self.folder / "links" / text

    def run(self, leg: str) -> Path:
        """The run of a leg; side by side, so that they share the tokenised text."""
        return self.folder / "runs" / leg

    def looks(self, leg: str) -> Path:
        """Where the words of the gold sentences look, in the run of a leg."""
        return self.folder / "looks" / leg

    def result(self, leg: str) -> dict[str, Any] | None:
        """What a leg measured; None if it is not finished."""
        return read_result(self.folder, leg)

    def keep(self, leg: str, result: dict[str, Any]) -> None:
        """Write what a leg measured: it is finished."""
        keep_result(self.folder, leg, result)


def open_comparison(folder: Path, settings: Settings) -> Comparison:
    """Make a folder for a comparison, or go on in the one that it was begun in.

    Raises ValueError where another comparison is in it.
    """
    begin_folder(folder, NAME, asdict(settings))
    return Comparison(folder, settings)
