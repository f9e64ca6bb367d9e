"""Legs as processes: so many at a time, stopped gently, each with its log."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ladder.state import Leg
from benchmarks.legs import environment

SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_BETWEEN_REPORTS = 60.0
SECONDS_TO_SAVE = 120.0
Command = Callable[[Leg], Sequence[str | Path]]


@dataclass
class Running:
    """A leg whose process runs."""

    leg: Leg
    process: subprocess.Popen[bytes]
    log: Path
    began: float

    @property
    def seconds(self) -> float:
        """How long its process has run."""
        return time.monotonic() - self.began


@dataclass(frozen=True)
class Jobs:
    """How legs are run: `count` at a time, each with `threads`; one that is timed runs alone.

    `command` gives the command of a leg and `log` its file; `say` is told what goes on, `left`
    the minutes left in words.
    """

    count: int
    threads: int
    command: Command
    log: Callable[[Leg], Path]
    say: Callable[[str], None]
    left: Callable[[Sequence[Running], Sequence[Leg]], str]

    def run(self, legs: Sequence[Leg]) -> list[str]:
        """Run all of the legs; the names of those that failed, which others do not wait for.

        KeyboardInterrupt lets every process save and end first; a second one kills them.
        """
        waiting, running, failed = list(legs), list[Running](), list[str]()
        reported = time.monotonic()
        try:
            while waiting or running:
                while waiting and self._fits(waiting[0], running, waiting):
                    leg = waiting.pop(0)
                    if lacking := [name for name in leg.needs if name in failed]:
                        self.say(f"{leg.name}: left out, because {lacking[0]} failed")
                        failed.append(leg.name)
                        continue
                    running.append(self._start(leg))
                    self.say(f"{leg.name} begins; {self.left(running, waiting)}")
                time.sleep(SECONDS_BETWEEN_LOOKS)
                for each in [each for each in running if each.process.poll() is not None]:
                    running.remove(each)
                    if each.process.returncode:
                        failed.append(each.leg.name)
                    self.say(self._ended(each))
                if time.monotonic() - reported >= SECONDS_BETWEEN_REPORTS:
                    reported = time.monotonic()
                    for each in running:
                        self.say(f"{each.leg.name}: {last_line(each.log) or 'at work'}")
                    self.say(self.left(running, waiting))
        finally:
            stop(running)
        return failed

    def _fits(self, leg: Leg, running: Sequence[Running], waiting: Sequence[Leg]) -> bool:
        """Whether the next leg may begin beside those that run."""
        names = {each.leg.name for each in running}
        if len(running) >= self.count or names & set(leg.needs):
            return False
        return not running or not any(_alone(each) for each in (leg, *(r.leg for r in running)))

    def _start(self, leg: Leg) -> Running:
        log = self.log(leg)
        log.parent.mkdir(parents=True, exist_ok=True)
        threads = self.threads * self.count if _alone(leg) else self.threads
        with log.open("ab") as output:  # a leg that goes on writes on
            process = subprocess.Popen(
                [*map(str, self.command(leg))],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment(threads),
                start_new_session=True,  # Ctrl-C reaches it by `stop` alone
            )
        return Running(leg, process, log, time.monotonic())

    def _ended(self, each: Running) -> str:
        if each.process.returncode:
            return f"{each.leg.name} FAILED: {last_line(each.log)} (see {each.log})"
        return f"{each.leg.name} is done, after {each.seconds / 60:.1f} min"


def _alone(leg: Leg) -> bool:
    """Whether nothing may run beside a leg."""
    return leg.kind == "speed"


def stop(running: Sequence[Running]) -> None:
    """Ask processes to save and to end, and wait for them; kill those that do not."""
    for each in running:
        with contextlib.suppress(ProcessLookupError):
            each.process.send_signal(signal.SIGTERM)
    end = time.monotonic() + SECONDS_TO_SAVE
    try:
        for each in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                each.process.wait(max(0.0, end - time.monotonic()))
    finally:
        for each in running:
            if each.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(each.process.pid, signal.SIGKILL)
                each.process.wait()


def end_with_parent() -> None:
    """End this process, as SIGTERM does, once the one that started it is gone."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def last_line(log: Path) -> str:
    """What a process said last; nothing where it has not said anything."""
    with contextlib.suppress(OSError):
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
    return ""


def leg_command(folder: Path, leg: Leg, beside: int) -> list[str | Path]:
    """The command of a leg's process."""
    at_once = 1 if _alone(leg) else beside
    return [sys.executable, "-m", "benchmarks.ladder.leg", folder, leg.name, str(at_once)]
