"""A virtual environment for each peer, never regard's own: made once, its versions pinned here."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.race.child import RaceError

TORCH = "torch==2.13.0"
# eole imports aiohttp and JoeyNMT importlib_metadata, which neither of them requires.
PINS = {
    "eole": (TORCH, "eole==0.6.4", "aiohttp"),
    "joeynmt": (TORCH, "joeynmt==2.3.0", "importlib_metadata"),
}
# In the race's own words: what a leg's result says that it ran on.
VERSIONS = """
import importlib.metadata, json, platform, sys
names = sys.argv[1:]
found = {name: importlib.metadata.version(name) for name in names}
print(json.dumps({**found, "python": platform.python_version()}))
"""
READY = "ready"


@dataclass(frozen=True)
class Environments:
    """Where the peers' environments are: below `folder`, or where somebody has one (`given`)."""

    folder: Path
    given: dict[str, Path]

    def program(self, peer: str, name: str) -> Path:
        """A program of a peer's environment, which is made if it is not there yet.

        Raises `RaceError` where it cannot be made, or a given one lacks the program.
        """
        if peer in self.given:
            program = self.given[peer] / "bin" / name
            if not program.exists():
                raise RaceError(
                    f"--peer {peer}={self.given[peer]}: has no bin/{name}; name the folder of a "
                    f"virtual environment with {' '.join(PINS[peer])}"
                )
            return program
        home = self.folder / peer
        if not (home / READY).exists():
            _make(home, peer)
        return home / "bin" / name

    def versions(self, peer: str) -> dict[str, str]:
        """Versions of a peer, its torch and its Python."""
        command = [str(self.program(peer, "python")), "-c", VERSIONS, peer, "torch"]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        if found.returncode:
            raise RaceError(
                f"{command[0]}: cannot tell its versions: {found.stderr.strip()[-200:]}"
            )
        return json.loads(found.stdout)


def _make(home: Path, peer: str) -> None:
    """Make an environment; the mark comes last, so that an interrupted one is made again."""
    print(f"Making {home} with {' '.join(PINS[peer])} (once)", file=sys.stderr, flush=True)
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(home)],
        [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", *PINS[peer]],
    )
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RaceError(
                f"{home}: cannot be made: {done.stderr.strip()[-300:]}. Make a virtual environment "
                f"with {' '.join(PINS[peer])} yourself and name it: --peer {peer}=FOLDER"
            )
    (home / READY).touch()
