"""The processes of a ladder's legs: side by side, failing, stopped, and left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.append(str(REPOSITORY))  # benchmarks are no installed package

from benchmarks.ladder.jobs import Jobs  # noqa: E402
from benchmarks.ladder.rows import ROWS  # noqa: E402
from benchmarks.ladder.state import Leg  # noqa: E402


class Told:
    """Runs legs as commands of Python, in a folder."""

    def __init__(self, folder: Path, count: int, codes: dict[str, str]) -> None:
        self.said: list[str] = []
        self.jobs = Jobs(
            count=count,
            threads=1,
            command=lambda leg: [sys.executable, "-c", codes[leg.name]],
            log=lambda leg: folder / f"{leg.name}.log",
            say=self.said.append,
            left=lambda running, waiting: f"{len(waiting)} waiting",
        )


def legs_of(*names: str, kind: Any = "row") -> list[Leg]:
    return [Leg(kind, name, ROWS[name], 1) for name in names]


def test_two_legs_run_side_by_side_and_one_that_is_timed_alone(tmp_path: Path) -> None:
    # Each row waits for the other's file: one after the other they would never end.
    meets = (
        "import pathlib, sys, time\nhere, there = {0!r}, {1!r}\npathlib.Path(here).touch()\n"
        "while not pathlib.Path(there).exists(): time.sleep(0.01)"
    )
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    alone = "import os; print('threads', os.environ['OMP_NUM_THREADS'])"
    codes = {
        "base-seed1": meets.format(one, other),
        "dot-seed1": meets.format(other, one),
        "speed-dot": alone,
    }
    told = Told(tmp_path, 2, codes)
    assert told.jobs.run([*legs_of("base", "dot"), *legs_of("dot", kind="speed")]) == []
    assert (tmp_path / "speed-dot.log").read_text() == "threads 2\n"  # those of both
    begun = told.said.index(next(line for line in told.said if line.startswith("speed-dot begins")))
    assert sum("is done" in line for line in told.said[:begun]) == 2


def test_a_leg_that_fails_says_why_and_the_others_go_on(tmp_path: Path) -> None:
    codes = {
        "general-seed1": "raise SystemExit('no such text')",
        "dot-seed1": "print('fine')",
        "ensemble": "print('never')",
    }
    told = Told(tmp_path, 1, codes)
    ensemble = Leg("ensemble", "ensemble", ROWS["general"], needs=("general-seed1",))
    failed = told.jobs.run([*legs_of("general", "dot"), ensemble])
    assert failed == ["general-seed1", "ensemble"]
    assert any("general-seed1 FAILED: no such text" in line for line in told.said)
    assert (tmp_path / "dot-seed1.log").read_text() == "fine\n"


def test_who_stops_a_ladder_lets_its_legs_save(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time\n"
        "def save(number, frame):\n    print('saved', flush=True); sys.exit(130)\n"
        "signal.signal(signal.SIGTERM, save)\nprint('at work', flush=True)\ntime.sleep(60)"
    )
    told, log = Told(tmp_path, 1, {"base-seed1": code}), tmp_path / "base-seed1.log"

    def press() -> None:
        wait_for(lambda: log.exists() and log.read_text() != "")
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Thread(target=press).start()
        with pytest.raises(KeyboardInterrupt):
            told.jobs.run(legs_of("base"))
    finally:
        signal.signal(signal.SIGINT, before)
    assert log.read_text() == "at work\nsaved\n"


ORPHAN = """
import os, sys, time
from benchmarks.ladder.jobs import end_with_parent
from benchmarks.legs import ending_well
with ending_well("orphan"):
    end_with_parent()
    print(os.getpid(), flush=True)
    try:
        time.sleep(60)
    finally:
        print("saved", flush=True)
"""


def test_a_leg_ends_when_the_ladder_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    starts = (
        "import subprocess, sys\n"
        f"subprocess.run([sys.executable, '-c', {ORPHAN!r}], stdout=open({str(log)!r}, 'w'))"
    )
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    process = subprocess.Popen([sys.executable, "-c", starts], env=environment)
    wait_for(lambda: log.exists() and log.read_text() != "")
    process.kill()
    process.wait()
    wait_for(lambda: log.read_text().endswith("saved\n"))


def wait_for(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)
