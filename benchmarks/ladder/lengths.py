"""BLEU by the length of the source, in words between spaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regard.translation.evaluate import bleu

# The longest sentences of all bins but the last.
BY_LENGTH: dict[str, tuple[int, ...]] = {
    "short": (3, 5, 7, 9),
    "tutorial": (3, 5, 7, 9),
    "longer": (7, 10, 13, 16),
}


def by_length(
    sources: Sequence[str],
    outputs: Sequence[str],
    references: Sequence[str],
    longest: Sequence[int],
) -> list[dict[str, Any]]:
    """Of every bin: its shortest and longest (None: any) sentences, how many, and their BLEU.

    A bin without a sentence has no BLEU (None).
    """
    edges = [0, *longest]
    bins: list[dict[str, Any]] = []
    for shorter, most in zip(edges, [*longest, None], strict=True):
        chosen = [
            place
            for place, source in enumerate(sources)
            if shorter < _words(source) and (most is None or _words(source) <= most)
        ]
        bins.append(
            {
                "least": shorter + 1,
                "most": most,
                "sentences": len(chosen),
                "bleu": bleu(
                    [outputs[place] for place in chosen], [references[place] for place in chosen]
                ).value
                if chosen
                else None,
            }
        )
    return bins


def _words(source: str) -> int:
    return max(1, len(source.split()))
