"""Speeds from what toolkits report while they train; the first report is warm-up and never counts.

A token is a target piece that is predicted: `</s>` counts, padding does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

REPORT_EVERY = 20  # updates


@dataclass(frozen=True)
class Report:
    """The target tokens of some updates and the time that they took."""

    tokens: float
    seconds: float


def report_every(updates: int) -> int:
    """After how many updates to report: twenty, or fewer in a short trial."""
    return max(1, min(REPORT_EVERY, updates // 3))


def tokens_per_s(reports: Sequence[Report]) -> float:
    """Target tokens a second over all reports but the first.

    Raises ValueError where nothing is left.
    """
    counted = reports[1:]
    if not counted:
        raise ValueError(f"{len(reports)} reports are too few to tell a speed: train longer")
    return sum(each.tokens for each in counted) / sum(each.seconds for each in counted)


@dataclass(frozen=True)
class Trained:
    """What a training leg measured; None what a toolkit is not asked for."""

    toolkit: str
    precision: str
    seed: int
    updates: int
    parameters: int
    target_tokens_per_s: float
    seconds: float
    peak_mib: float
    dev_nats_per_piece: float | None
    versions: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)
