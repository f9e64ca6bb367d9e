"""What was measured, and where: written as JSON, so that a figure can be drawn from it again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SCOPES = ("everything", "local-m", "local-p")
COMBINED = "W_c and tanh"
FED = "training, input feeding"


@dataclass(frozen=True)
class Settings:
    """What is measured: sizes, and the machine's part in it."""

    lengths: tuple[int, ...] = (50, 100, 200, 500, 1000, 2000, 5000)
    size: int = 512
    radius: int = 10
    sentences: int = 32  # that are written at once


@dataclass(frozen=True)
class Machine:
    """Where numbers come from."""

    processor: str
    threads: int
    torch: str


@dataclass(frozen=True)
class Row:
    """One kind of work in one scope: numbers for every length; memory only where it is measured."""

    work: str
    scope: str
    seconds_per_word: tuple[float, ...]
    bytes_per_word: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Results:
    """Everything that one run measured."""

    settings: Settings
    machine: Machine
    rows: Sequence[Row]

    def row(self, work: str, scope: str) -> Row:
        """The row of that name."""
        return next(row for row in self.rows if (row.work, row.scope) == (work, scope))

    def to_json(self) -> str:
        """One JSON object."""
        return json.dumps(asdict(self), indent=2) + "\n"


def read_results(path: Path) -> Results:
    """What `to_json` wrote; ValueError for a file that is none of it or cannot be read."""
    try:
        found = json.loads(path.read_bytes())
        settings = found["settings"] | {"lengths": tuple(found["settings"]["lengths"])}
        rows = [_read_row(row) for row in found["rows"]]
        return Results(Settings(**settings), Machine(**found["machine"]), rows)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(
            f"{path}: not the JSON of this benchmark: give what --json printed"
        ) from None


def _read_row(row: dict[str, Any]) -> Row:
    seconds, counts = row["seconds_per_word"], row["bytes_per_word"]
    return Row(row["work"], row["scope"], tuple(seconds), None if counts is None else tuple(counts))
