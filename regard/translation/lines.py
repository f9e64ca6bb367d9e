"""The lines of a text file, all at once or one by one, and how many there are.

Text is UTF-8, lines end at line feeds only, and gzip is recognised by its first bytes.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path

from regard.translation.normal_form import BYTE_ORDER_MARK

GZIP_START = b"\x1f\x8b"
DAMAGED_GZIP = (EOFError, zlib.error, gzip.BadGzipFile)
SPACE_BYTES = b" \t\r\n\v\f"
CHUNK_BYTES = 1 << 20


class CorpusError(ValueError):
    """Text that cannot be used, where it is, and what to do about it."""


@dataclass(frozen=True)
class LineCounts:
    """How many lines a file has, and how many until the last that is not blank."""

    all: int
    until_last_text: int


def read_lines(path: Path) -> list[str]:
    """The lines of a file without their ends, blank ones too.

    Raises `CorpusError` naming the file, and the line where it is not UTF-8.
    """
    try:
        content = path.read_bytes()  # once: it may be a pipe
        if content.startswith(GZIP_START):
            content = gzip.decompress(content)
        elif path.suffix == ".gz":
            raise CorpusError(f"{path}: ends in .gz but is not gzip")
    except DAMAGED_GZIP as error:
        raise CorpusError(f"{path}: is damaged gzip ({error})") from error
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror or error})") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CorpusError(f"{path}, line {line}: is not UTF-8; convert the file") from error
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def stream_lines(path: Path, longest: int) -> Iterator[str | None]:
    """The lines of a file with their ends, one by one.

    A line of `longest` bytes or more is None: it is passed over without being held. Raises
    `CorpusError` naming the line and the byte that is not UTF-8.
    """
    with _open(path) as file:
        number = 0
        while line := file.readline(longest):
            number += 1
            if len(line) == longest and not line.endswith(b"\n"):
                while line and not line.endswith(b"\n"):
                    line = file.readline(CHUNK_BYTES)
                yield None
                continue
            try:
                yield line.decode()
            except UnicodeDecodeError as error:
                raise CorpusError(
                    f"{path}, line {number}, byte {error.start + 1}: 0x{line[error.start]:02X} is "
                    "not UTF-8; convert the file (if it is Latin-1: iconv -f LATIN1 -t UTF-8)"
                ) from error


def examine(
    path: Path, *, if_empty: str = "is empty; it should have one sentence a line"
) -> LineCounts:
    """Count the lines of a file without holding it.

    Raises `CorpusError` for a file that is missing, UTF-16 or damaged gzip, and, saying `if_empty`,
    for one in which no line has text.
    """
    if not path.exists():
        raise CorpusError(f"{path}: there is no such file")
    if not path.is_file():
        raise CorpusError(f"{path}: is not a file (it is read more than once, so no pipe either)")
    lines = text_lines = 0
    last = b"\n"
    try:
        with _open(path) as file:
            first = True
            while chunk := file.read(CHUNK_BYTES):
                if first:
                    _refuse_utf16(path, chunk[:4096])
                    chunk = chunk.removeprefix(BYTE_ORDER_MARK.encode())
                    first = False
                text = chunk.rstrip(SPACE_BYTES)
                if text:
                    text_lines = lines + text.count(b"\n") + 1
                lines += chunk.count(b"\n")
                last = chunk[-1:] or last
    except DAMAGED_GZIP as error:
        raise CorpusError(f"{path}: is damaged gzip ({error})") from error
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror or error})") from error
    if not text_lines:
        raise CorpusError(f"{path}: {if_empty}")
    return LineCounts(all=lines + (last != b"\n"), until_last_text=text_lines)


def check_same_count(
    first: Sequence[object], second: Sequence[object], first_name: object, second_name: object
) -> None:
    """Raise `CorpusError`, with both names and counts, for what cannot belong line to line."""
    if len(first) != len(second):
        raise unequal_counts(first_name, len(first), second_name, len(second))


def unequal_counts(first_name: object, first: int, second_name: object, second: int) -> CorpusError:
    """The error of texts that have different numbers of lines."""
    return CorpusError(
        f"{first_name} has {first:,} lines, but {second_name} has {second:,}: "
        "line n of one must belong to line n of the other"
    )


def _open(path: Path) -> BufferedIOBase:
    with path.open("rb") as file:
        zipped = file.read(2) == GZIP_START
    if zipped:
        return gzip.GzipFile(path, "rb")
    if path.suffix == ".gz":
        raise CorpusError(f"{path}: ends in .gz but is not gzip")
    return path.open("rb")


def _refuse_utf16(path: Path, start: bytes) -> None:
    zeros = max(start[0::2].count(0), start[1::2].count(0))
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") or zeros * 4 > len(start) // 2:
        raise CorpusError(f"{path}: looks like UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)")
