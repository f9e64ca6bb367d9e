"""What commands print: lines that are whole, or an error that says where they were going."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Sequence

import typer

NAMED_LINES = 5


def write_line(line: str) -> None:
    """Write a line to standard output at once.

    Raises ValueError where it cannot be written; BrokenPipeError for a reader who has enough.
    """
    try:
        typer.echo(line)
    except BrokenPipeError:
        raise
    except OSError as error:
        _forget_the_rest()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ValueError(
                "standard output: the disk is full, so what is there is not all. "
                "Make room, then start the same command again"
            ) from error
        raise ValueError(
            f"standard output: cannot be written: {error.strerror or error}"
        ) from error


def say_too_long(lines: Sequence[int], count: int, what: str) -> None:
    """Say on standard error which of `count` lines were too long for a model to be asked about."""
    from regard.translation.search import LONGEST_GIVEN

    if not lines:
        return
    named = ", ".join(map(str, lines[:NAMED_LINES])) + (", ..." * (len(lines) > NAMED_LINES))
    typer.echo(
        f"{len(lines):,} of {count:,} lines {what}: a side has more than {LONGEST_GIVEN:,} pieces "
        f"(line {named})",
        err=True,
    )


def _forget_the_rest() -> None:
    """Let nothing that is still in memory be written when the program ends: it would fail again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
