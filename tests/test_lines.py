"""Lines of files: where they end, what they are read from, how many there are."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from regard.translation.lines import (
    CorpusError,
    LineCounts,
    check_same_count,
    examine,
    read_lines,
    stream_lines,
)


def test_lines_end_at_line_feeds_only_and_blank_ones_count(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes("\ufeffone\u2028still one\r\n\nthree\x0cstill three".encode())
    assert read_lines(path) == ["one\u2028still one", "", "three\x0cstill three"]
    path.write_bytes(b"good\nbad \xff\n")
    with pytest.raises(ValueError, match="line 2: is not UTF-8"):
        read_lines(path)
    with pytest.raises(ValueError, match="cannot be read"):
        read_lines(tmp_path / "missing")


@pytest.mark.parametrize("name", ["lines.gz", "lines"])
def test_gzip_is_recognised_by_its_first_bytes(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress("\ufeffuno\n".encode()) + gzip.compress(b"\ntres\r\n"))
    assert read_lines(path) == ["uno", "", "tres"]


def test_gzip_that_is_damaged_or_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "lines.gz"
    whole = gzip.compress(b"one\ntwo\n" * 50)
    for content, said in (
        (whole[:-9], "is damaged gzip"),
        (whole[:12] + b"\xff\xff" + whole[14:], "is damaged gzip"),
        (whole[:-1] + b"\x7f", "is damaged gzip"),
        (b"one\n", "ends in .gz but is not gzip"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=said) as caught:
            read_lines(path)
        assert str(caught.value).isprintable()
        assert str(path) in str(caught.value)


def test_lines_are_counted_to_the_last_and_to_the_last_with_text(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    for content, counts in (
        (b"one", LineCounts(1, 1)),
        (b"one\n\ntwo\n", LineCounts(3, 3)),
        (b"\xef\xbb\xbfone\n\n \r\n", LineCounts(3, 1)),
        (gzip.compress(b"one\ntwo\n\n"), LineCounts(3, 2)),
    ):
        path.write_bytes(content)
        assert examine(path) == counts


def test_lines_come_one_by_one_and_one_too_long_to_hold_is_none(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"one\r\n\n1234567\n12345678\nthree")
    assert list(stream_lines(path, 8)) == ["one\r\n", "\n", "1234567\n", None, "three"]


def test_different_numbers_of_lines_are_refused_with_names_and_counts() -> None:
    check_same_count(["a"], ["b"], "x", "y")
    said = "x has 1,200 lines, but y has 1: line n of one must belong to line n of the other"
    with pytest.raises(CorpusError, match=said):
        check_same_count(["a"] * 1200, ["b"], "x", "y")
