"""What a race is: its settings, its files, and the legs that are finished.

    FOLDER/race.json            the settings; a folder holds one race
           legs/NAME.json       what a finished leg measured
           work/NAME/           what it left behind: configurations, logs, models
           bench/               the text in pieces
           environments/PEER/   the peers' virtual environments

A leg is finished when its file is there; one that was interrupted is run again from its start.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.legs import commit, keep_result, read_result
from benchmarks.race.bench import Bench, PlainText
from benchmarks.race.child import Finished, RaceError, run
from benchmarks.race.environments import Environments


@dataclass(frozen=True)
class Settings:
    """What all legs have in common; `sentences` 0 means all of the test part."""

    threads: int
    updates: int
    joeynmt_updates: int
    quality_seconds: float
    sentences: int
    repeats: int
    bench: str


@dataclass(frozen=True)
class Race:
    """A race in its folder."""

    folder: Path
    settings: Settings
    bench: Bench
    text: PlainText
    environments: Environments

    def work(self, leg: str) -> Path:
        """The folder that a leg works in."""
        return self.folder / "work" / leg

    def run(
        self, leg: str, name: str, command: list[str | Path], seconds: float | None = None
    ) -> Finished:
        """Run a command of a leg; its output goes to `name`.log in the leg's folder."""
        log = self.work(leg) / f"{name}.log"
        return run(command, log, threads=self.settings.threads, stop_after_seconds=seconds)

    def some(self, lines: list[str]) -> list[str]:
        """The lines of the test part that are used: all, but for a trial."""
        return lines[: self.settings.sentences or None]

    def part_of_test(self, leg: str, name: str, lines: list[str]) -> Path:
        """A file of the lines of the test part that are used."""
        path = self.work(leg) / name
        path.write_text("".join(f"{line}\n" for line in self.some(lines)), encoding="utf-8")
        return path


@dataclass(frozen=True)
class Leg:
    """One part of a race: a name, what it measures, and the legs whose models it needs."""

    name: str
    measure: Callable[[Race, str], dict[str, Any]]
    needs: tuple[str, ...] = ()


def run_leg(race: Race, leg: Leg) -> dict[str, Any]:
    """Run a leg in an empty folder and keep what it measured.

    Raises `RaceError` where a leg that it needs is not finished.
    """
    for needed in leg.needs:
        if read_result(race.folder, needed) is None:
            raise RaceError(f"{leg.name} needs the model of {needed}: add {needed} to --legs")
    shutil.rmtree(race.work(leg.name), ignore_errors=True)
    race.work(leg.name).mkdir(parents=True)
    result = {**leg.measure(race, leg.name), "threads": race.settings.threads, "commit": commit()}
    keep_result(race.folder, leg.name, result)
    return result
