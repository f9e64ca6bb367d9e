"""The words of a command that begin with the folders of runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


def runs_and_rest(run: Path, more: Sequence[str] | None) -> tuple[list[Path], list[str]]:
    """The runs that translate together, and the words after them.

    The first word is a run; so is each after it that is a folder that holds one, up to the first
    that is none. Raises ValueError for a run that is named twice.
    """
    runs, rest = [run], list(more or ())
    while rest and _holds_a_run(rest[0]):
        word = rest.pop(0)
        if any(one.samefile(word) for one in runs if one.exists()):
            raise ValueError(
                f"{word} is named twice as a run (a text that is called like a run can be given on "
                "standard input)"
            )
        runs.append(Path(word))
    return runs, rest


def _holds_a_run(word: str) -> bool:
    # Not Path.is_file: a text may be too long for the name of a file.
    return os.path.isfile(os.path.join(word, "run.json"))  # noqa: PTH113, PTH118
