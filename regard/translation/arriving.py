"""Lines from a pipe or a terminal, taken as they arrive.

A program that writes a line and waits gets its answer; a file is read in full windows.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedIOBase

READ_BYTES = 1 << 20


def arriving_lines(
    given: BufferedIOBase, longest: int, *, name: str = "standard input"
) -> Iterator[list[str]]:
    """The lines without their ends, as many together as have arrived, up to `longest`.

    `given` are bytes that somebody may still be writing, such as `sys.stdin.buffer`. Raises
    ValueError naming the line that is not UTF-8, after the lines before it.
    """
    begun, number = b"", 0
    while arrived := given.read1(READ_BYTES):
        *whole, begun = (begun + arrived).split(b"\n")
        yield from _decoded(whole, number, longest, name)
        number += len(whole)
    if begun:
        yield from _decoded([begun], number, longest, name)


def _decoded(lines: list[bytes], before: int, longest: int, name: str) -> Iterator[list[str]]:
    """Lines as text, in windows of at most `longest`; `before` lines came before them."""
    window: list[str] = []
    for number, line in enumerate(lines, start=before + 1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            if window:
                yield window
            raise ValueError(f"{name}, line {number}: is not UTF-8; convert the text") from error
        window.append(text.removesuffix("\r"))
        if len(window) == longest:
            yield window
            window = []
    if window:
        yield window
