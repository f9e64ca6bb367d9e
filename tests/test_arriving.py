"""Lines taken as they arrive: in which windows, and what is refused."""

from __future__ import annotations

import io

import pytest

from regard.translation.arriving import arriving_lines


class Arriving(io.BytesIO):
    """Standard input as a pipe hands it over: piece by piece."""

    def __init__(self, *pieces: bytes) -> None:
        super().__init__()
        self.pieces = iter(pieces)

    def read1(self, size: int | None = -1, /) -> bytes:
        """The next piece."""
        return next(self.pieces, b"")


@pytest.mark.parametrize(
    ("pieces", "windows"),
    [
        ([b"a\n", b"b\nc\n"], [["a"], ["b", "c"]]),
        ([b"\xef\xbb\xbfa", b"b\n", "\u00e9\n".encode()[:1], b"\xa9\n"], [["ab"], ["\u00e9"]]),
        ([b"a\n\nb"], [["a", ""], ["b"]]),
        ([b"a\r\n\r\nb\r"], [["a", ""], ["b"]]),
        ([b"1\n2\n3\n4\n5\n"], [["1", "2", "3"], ["4", "5"]]),
        ([b"1\n2\n3\n"], [["1", "2", "3"]]),
        ([], []),
    ],
)
def test_lines_are_taken_as_they_arrive(pieces: list[bytes], windows: list[list[str]]) -> None:
    assert list(arriving_lines(Arriving(*pieces), 3)) == windows


def test_lines_before_one_that_is_not_utf8_come_first() -> None:
    windows = arriving_lines(Arriving(b"a\nb\n", b"c\n\xff\nd\n"), 3, name="a pipe")
    assert [next(windows), next(windows)] == [["a", "b"], ["c"]]
    with pytest.raises(ValueError, match="a pipe, line 4: is not UTF-8"):
        next(windows)
