"""Reading pairs: what cannot be meant is refused in one line, the rest is mended and counted."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from regard.translation.pairs import (
    LONGEST_TEXT,
    CorpusError,
    Pair,
    length_outliers,
    read_pairs,
)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(source: Path, target: Path | None = None) -> str:
    """The one line that refuses these files, at once or while reading."""
    with pytest.raises(CorpusError) as caught:
        list(read_pairs(source, target))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_line_n_of_one_file_translates_line_n_of_the_other(tmp_path: Path) -> None:
    source = write(tmp_path, "a", "uno\ndos  y  tres\n")
    target = write(tmp_path, "b", "one\ntwo  and  three")
    pairs = read_pairs(source, target)
    expected = [Pair("uno", "one", 1), Pair("dos  y  tres", "two  and  three", 2)]
    assert list(pairs) == expected
    assert list(pairs) == expected, "they can be read again"
    assert pairs.reading is not None
    assert (pairs.reading.lines, pairs.reading.pairs) == (2, 2)
    assert pairs.reading.report() == ["2 pairs from 2 lines"]
    assert pairs.reading.target_characters == 3 + 15


@pytest.mark.parametrize("name", ["a.gz", "a"])
def test_gzip_is_recognised_by_its_first_bytes(tmp_path: Path, name: str) -> None:
    source = write(tmp_path, name, gzip.compress(b"uno\ndos\n"))
    target = write(tmp_path, "b.txt", "one\ntwo\n")
    assert [pair.source for pair in read_pairs(source, target)] == ["uno", "dos"]


def test_a_tsv_gives_its_first_two_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "a.tsv", "uno\tone\r\n\t\n \ndos\ttwo\tCC-BY 2.0\tmore\r\n")
    pairs = read_pairs(path)
    assert list(pairs) == [Pair("uno", "one", 1), Pair("dos", "two", 4)]
    assert pairs.reading is not None
    assert (pairs.reading.extra_columns, pairs.reading.blank) == (1, 2)
    assert pairs.reading.windows_line_ends == 2
    assert pairs.reading.control_characters == 0


def test_what_real_files_are_full_of_is_mended_and_counted(tmp_path: Path) -> None:
    source = write(
        tmp_path,
        "a",
        "\ufeffuno\r\n\ndos\u2028dos\r\n  \ntres\tb\x00is\n\ufeffcuatro\nigual\nigual\nx\x85y\n",
    )
    target = write(
        tmp_path, "b", "one\ntwo\ntwo\nthree\nthree\nfour\nigual\nigual\n" + "long " * 20 + "\n"
    )
    pairs = read_pairs(source, target)
    assert [(pair.source, pair.line) for pair in pairs] == [
        ("uno", 1),
        ("dos dos", 3),
        ("tres bis", 5),
        ("cuatro", 6),
        ("igual", 7),
        ("igual", 8),
        ("x y", 9),
    ]
    reading = pairs.reading
    assert reading is not None
    assert reading.lines == 9
    assert reading.pairs == 7
    assert reading.blank == 2
    assert reading.byte_order_marks == 2
    assert reading.windows_line_ends == 2
    assert reading.control_characters == 3
    assert reading.duplicates == 1
    assert reading.same_on_both_sides == 2
    assert reading.length_outliers == 1
    assert len(reading.report()) == 8
    assert str(reading).startswith("7 pairs from 9 lines\n2 left out: one side or both are blank\n")


def test_a_huge_line_is_left_out_without_being_held(tmp_path: Path) -> None:
    huge = b"x" * 5_000_000
    source = write(tmp_path, "a", b"uno\n" + huge + b"\ndos\n" + b"y" * (LONGEST_TEXT + 1) + b"\n")
    target = write(tmp_path, "b", "one\ntwo\ntwo\nfour\n")
    pairs = read_pairs(source, target)
    assert [pair.source for pair in pairs] == ["uno", "dos"]
    assert pairs.reading is not None
    assert pairs.reading.over_long == 2
    both = write(tmp_path, "c.tsv", b"uno\tone\n" + huge + b"\ttwo\ndos\ttwo\n")
    assert [pair.line for pair in read_pairs(both)] == [1, 3]


def test_a_line_just_short_enough_is_read(tmp_path: Path) -> None:
    widest = "\U0001f600" * LONGEST_TEXT
    path = write(tmp_path, "a.tsv", f"{widest}\t{widest}\nuno\tone\n")
    assert [len(pair.target) for pair in read_pairs(path)] == [LONGEST_TEXT, 3]


def test_unequal_line_counts_are_refused_with_both(tmp_path: Path) -> None:
    source = write(tmp_path, "a", "x\n" * 1234)
    target = write(tmp_path, "b", "y\n" * 1233)
    assert refusal(source, target).startswith(f"{source} has 1,234 lines, but {target} has 1,233: ")


def test_blank_lines_at_the_end_of_one_file_do_no_harm(tmp_path: Path) -> None:
    source = write(tmp_path, "a", "uno\ndos")
    target = write(tmp_path, "b", "one\ntwo\n\n \n")
    assert len(list(read_pairs(source, target))) == 2
    assert len(list(read_pairs(target, source))) == 2
    blank_last = write(tmp_path, "c", "one\n\n")
    assert len(list(read_pairs(source, blank_last))) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_bytes_that_are_not_utf8_are_refused_with_their_place(tmp_path: Path, order: int) -> None:
    wrong = write(tmp_path, "a", "uno\nseñor ".encode() + b"a\xf1o\n")
    right = write(tmp_path, "b", "one\nyear\n")
    line = refusal(*(wrong, right)[::order])
    assert line.startswith(f"{wrong}, line 2, byte 9: 0xF1 is not UTF-8")
    assert "iconv" in line


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_named(tmp_path: Path, encoding: str) -> None:
    wrong = write(tmp_path, "a", "uno\ndos\n".encode(encoding))
    assert "looks like UTF-16" in refusal(wrong, write(tmp_path, "b", "one\ntwo\n"))


def test_files_that_cannot_be_meant_are_refused(tmp_path: Path) -> None:
    source = write(tmp_path, "a", "uno\ndos\n")
    link = tmp_path / "link"
    link.symlink_to(source)
    hard = tmp_path / "hard"
    hard.hardlink_to(source)
    for other in (source, link, hard, tmp_path / "." / "a"):
        assert "are the same file" in refusal(source, other)
    assert "there is no such file" in refusal(source, tmp_path / "missing")
    assert "is not a file" in refusal(tmp_path, source)
    for content in ("", "\n\n", "\ufeff", "\ufeff \r\n", gzip.compress(b"")):
        assert "is empty" in refusal(source, write(tmp_path, "empty", content))
    assert "is not gzip" in refusal(write(tmp_path, "a.gz", "uno\ndos\n"), source)
    cut = gzip.compress(bytes(range(60)) * 50)[:-9]
    assert "damaged gzip" in refusal(source, write(tmp_path, "cut.gz", cut))


def test_a_tsv_line_with_one_column_is_refused_with_its_number(tmp_path: Path) -> None:
    path = write(tmp_path, "a.tsv", "uno\tone\ndos two\n")
    assert refusal(path).startswith(f"{path}, line 2: has one column")


def test_length_outliers_are_far_from_the_usual_ratio() -> None:
    source = np.array([20, 40, 60, 50, 10, 30], np.uint16)
    target = np.array([40, 80, 120, 310, 61, 2], np.uint16)  # usually twice as long
    # 310 is expected to have 155: half as long. 61 lets expect 30: three times, but 20 apart.
    assert length_outliers(source, target).tolist() == [False, False, False, True, False, False]
    assert length_outliers(source[:0], target[:0]).tolist() == []


@pytest.mark.real
def test_real_text_has_nothing_to_mend(shared: Path) -> None:
    folder = shared / "data" / "spa-eng"
    reading = read_pairs(folder / "train.es", folder / "train.en").read_through()
    assert (reading.lines, reading.pairs, reading.duplicates) == (115_452, 115_452, 0)
    assert len(reading.report()) == 2
