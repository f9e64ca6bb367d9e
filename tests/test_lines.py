from __future__ import annotations

from pathlib import Path

import pytest

from regard.translation.lines import read_lines


def test_lines_end_at_line_feeds_only_and_blank_ones_count(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes("\ufeffone\u2028still one\r\n\nthree\x0cstill three".encode())
    assert read_lines(path) == ["one\u2028still one", "", "three\x0cstill three"]
    path.write_bytes(b"good\nbad \xff\n")
    with pytest.raises(ValueError, match="line 2: is not UTF-8"):
        read_lines(path)
    with pytest.raises(ValueError, match="cannot be read"):
        read_lines(tmp_path / "missing")
