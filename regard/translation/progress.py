"""What a training says while it runs: `log.jsonl` for programs, a line or a bar for people."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TextIO, cast, final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from regard.translation.durable import cannot_write

SECONDS_BETWEEN_LINES = 15.0
SECONDS_BETWEEN_PICTURES = 0.25


@dataclass(frozen=True)
class Shown:
    """A glance at a training: what the progress display says."""

    update: int
    updates: int | None
    epoch: int
    loss_nats_per_piece: float
    target_tokens_per_s: float
    seconds: float
    seconds_left: float | None
    scores: str


class Display(ABC):
    """Where a training talks to people."""

    @abstractmethod
    def say(self, line: str) -> None:
        """A line that stays."""

    @abstractmethod
    def show(self, glance: Callable[[], Shown]) -> None:
        """How it goes; called at every update, and asks only when there is something to draw."""


@final
class Silence(Display):
    """A display that says nothing."""

    def say(self, line: str) -> None:
        """Nothing."""

    def show(self, glance: Callable[[], Shown]) -> None:
        """Nothing."""


@final
class Lines(Display):
    """Plain lines, for a file or a pipe."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next = 0.0

    def say(self, line: str) -> None:
        """A line."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def show(self, glance: Callable[[], Shown]) -> None:
        """A line now and then."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + SECONDS_BETWEEN_LINES
            self.say(describe(glance()))


@final
class Bar(Display):
    """A bar in a terminal, with lines above it."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task
        self._next = 0.0

    def say(self, line: str) -> None:
        """A line above the bar."""
        self._progress.console.print(line, markup=False, highlight=False)

    def show(self, glance: Callable[[], Shown]) -> None:
        """Redraw, a few times a second."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + SECONDS_BETWEEN_PICTURES
            shown = glance()
            self._progress.update(
                self._task, completed=shown.update, total=shown.updates, said=describe(shown)
            )
            self._progress.refresh()


@final
class ErrorOutput(io.TextIOBase):
    """Standard error, which falls silent where nobody can read it any more.

    A reader that left, a closed terminal or a full disk would otherwise end the training.
    """

    def __init__(self) -> None:
        self._file: TextIO = sys.stderr
        self._silent = False

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """That of standard error."""
        return self._file.encoding

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._file.isatty()

    def fileno(self) -> int:
        """The number of the file."""
        return self._file.fileno()

    def write(self, text: str, /) -> int:
        """Write, or do nothing."""
        with self._falling_silent():
            if not self._silent:
                self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what waits, or do nothing."""
        with self._falling_silent():
            if not self._silent:
                self._file.flush()

    @contextmanager
    def _falling_silent(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            self._silent = True
            # What waits in the buffer would fail again when the program ends, and be its status.
            with contextlib.suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._file.fileno())
                os.close(nowhere)


@contextmanager
def open_display(*, quiet: bool = False) -> Iterator[Display]:
    """A bar when the error output is a terminal, lines when it is not, nothing when `quiet`."""
    if quiet or sys.stderr is None:  # a program without windows of its own may have none
        yield Silence()
        return
    console = Console(file=cast("IO[str]", ErrorOutput()))
    if not console.is_terminal:
        yield Lines(console)
    else:
        columns = (BarColumn(bar_width=20), TextColumn("{task.fields[said]}", markup=False))
        with Progress(*columns, console=console, auto_refresh=False, transient=True) as progress:
            yield Bar(progress, progress.add_task("", total=None, said=""))


def describe(shown: Shown) -> str:
    """A glance in one line."""
    of = f" of {shown.updates:,}" if shown.updates is not None else ""
    parts = [
        f"update {shown.update:,}{of}",
        f"epoch {shown.epoch + 1}",
        f"loss {shown.loss_nats_per_piece:.3f}",
        f"{shown.target_tokens_per_s:,.0f} tokens/s",
        clock_time(shown.seconds),
    ]
    if shown.seconds_left is not None:
        parts.append(f"{clock_time(shown.seconds_left)} left")
    if shown.scores:
        parts.append(shown.scores)
    return "  ".join(parts)


def clock_time(seconds: float) -> str:
    """Seconds as 1:05 or 2:01:05."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def time_taken(seconds: float) -> str:
    """Seconds as 3.2 s, and from ten on as on a clock."""
    return f"{seconds:.1f} s" if seconds < 10 else clock_time(seconds)


@final
class Log:
    """`log.jsonl`: one JSON object a line, units in the keys."""

    def __init__(self, path: Path, keep_bytes: int) -> None:
        """Open the log and forget what was written after `keep_bytes`.

        Raises `RunError` when it cannot be written.
        """
        self._path = path
        try:
            path.touch()
            self._file = path.open("r+b", buffering=0)
            self._file.truncate(min(keep_bytes, path.stat().st_size))
            self._file.seek(0, os.SEEK_END)
        except OSError as error:
            raise cannot_write(path, error) from error

    def write(self, event: str, **facts: Any) -> None:
        """Add an event."""
        line = json.dumps(_without_nan({"event": event, **facts}), ensure_ascii=False) + "\n"
        try:
            self._file.write(line.encode("utf-8"))
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def sync(self) -> int:
        """Have the log on the disk; returns its length in bytes."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise cannot_write(self._path, error) from error
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _without_nan(facts: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has neither NaN nor infinity: they become null."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in facts.items()
    }
