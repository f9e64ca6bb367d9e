"""What a race is: its settings, its files, and the legs that are finished.

    FOLDER/race.json            the settings; a folder holds one race
           legs/NAME.json       what a finished leg measured
           work/NAME/           what it left behind: configurations, logs, models
           bench/               the text in pieces
           environments/PEER/   the peers' virtual environments

A leg is finished when its file is there; one that was interrupted is run again from its start.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.race.bench import Bench, PlainText
from benchmarks.race.child import REPOSITORY, Finished, RaceError, run
from benchmarks.race.environments import Environments
from regard.translation.durable import write_text

SETTINGS = "race.json"


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


def open_folder(folder: Path, settings: Settings) -> None:
    """Make a folder for a race, or go on in the one that it was begun in.

    Raises `RaceError` where another race is in it.
    """
    path = folder / SETTINGS
    if path.exists():
        begun = json.loads(path.read_bytes())
        for key, value in asdict(settings).items():
            if begun.get(key) != value:
                raise RaceError(
                    f"{folder}: its race began with {key} = {begun.get(key)}, not {value}; "
                    "give what it began with, or another --folder"
                )
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    write_text(path, json.dumps(asdict(settings), indent=2) + "\n")


def result_path(folder: Path, leg: str) -> Path:
    """The file that says that a leg is finished, and what it measured."""
    return folder / "legs" / f"{leg}.json"


def read_result(folder: Path, leg: str) -> dict[str, Any] | None:
    """What a leg measured; None if it is not finished."""
    path = result_path(folder, leg)
    return json.loads(path.read_bytes()) if path.exists() else None


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
    path = result_path(race.folder, leg.name)
    path.parent.mkdir(exist_ok=True)
    write_text(path, json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    return result


def commit() -> str:
    """The commit of this repository; with a plus where files were changed since."""
    command = ["git", "describe", "--always", "--abbrev=7", "--dirty=+", "--exclude=*"]
    found = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"
