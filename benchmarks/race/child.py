"""One measured process: its wall time, its peak memory, and what it printed.

The process runs in a session of its own. Whoever stops the race (Ctrl-C, SIGTERM) stops it, too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.legs import environment

SECONDS_BETWEEN_LOOKS = 0.05
LINES_OF_AN_ERROR = 5


class RaceError(ValueError):
    """What keeps a race from going on, where to look, and what to do."""


@dataclass(frozen=True)
class Finished:
    """A process that ended: by itself, or because its time was up (`stopped`).

    `began_at` is in seconds since the epoch, as the times of files are. `peak_mib` is the largest
    resident set of the process or of one that it waited for; Linux gives it no less than that of
    the process that started it (about 370 MiB here).
    """

    seconds: float
    began_at: float
    peak_mib: float
    stopped: bool
    output: str


def run(
    command: Sequence[str | Path],
    log: Path,
    *,
    threads: int,
    stop_after_seconds: float | None = None,
) -> Finished:
    """Run a command with so many threads, its output in `log`; kill it when its time is up.

    Raises `RaceError` where it fails, with the end of what it printed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    began_at, began = time.time(), time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(threads),
            start_new_session=True,
        )
        try:
            stopped, status, peak_mib = _wait(process, began, stop_after_seconds)
        except BaseException:
            _kill(process)
            process.wait()
            raise
    seconds = time.monotonic() - began
    text = log.read_text(encoding="utf-8", errors="replace")
    if status and not stopped:
        lines = [line for line in text.splitlines() if line.strip()][-LINES_OF_AN_ERROR:]
        raise RaceError(f"{log}: the command ended with status {status}: {' / '.join(lines)}")
    return Finished(seconds, began_at, peak_mib, stopped, text)


def _wait(
    process: subprocess.Popen[bytes], began: float, stop_after_seconds: float | None
) -> tuple[bool, int, float]:
    """Whether the process was stopped, its exit status, and its peak memory in MiB."""
    stopped = False
    while True:
        # Not Popen.wait: only wait4 tells the memory of this one child.
        found, status, usage = os.wait4(process.pid, os.WNOHANG)
        if found:
            process.returncode = os.waitstatus_to_exitcode(status)
            unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, KiB on Linux
            return stopped, process.returncode, usage.ru_maxrss / unit
        late = stop_after_seconds is not None and time.monotonic() - began >= stop_after_seconds
        if late and not stopped:
            _kill(process)
            stopped = True
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
