"""The lines of a text file, one for each line of the file, whatever is in them."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

from regard.translation.pairs import DAMAGED_GZIP, GZIP_START


def read_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 file, blank ones too; they end at line feeds only. It may be gzip.

    Raises ValueError naming the file, and the line where it is not UTF-8.
    """
    try:
        content = path.read_bytes()  # once: it may be a pipe
        if content.startswith(GZIP_START):
            content = gzip.decompress(content)
        elif path.suffix == ".gz":
            raise ValueError(f"{path}: ends in .gz but is not gzip")
    except DAMAGED_GZIP as error:
        raise ValueError(f"{path}: is damaged gzip ({error})") from error
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror or error})") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path}, line {line}: is not UTF-8; convert the file") from error
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def check_same_count(
    first: Sequence[object], second: Sequence[object], first_name: object, second_name: object
) -> None:
    """Raise ValueError, with both names and counts, for files that cannot belong line to line."""
    if len(first) != len(second):
        raise ValueError(
            f"{first_name} has {len(first)} lines, but {second_name} has {len(second)}: "
            "line n of one must belong to line n of the other"
        )
