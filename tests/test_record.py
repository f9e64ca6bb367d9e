"""The names that the reference promises stand where it says."""

from __future__ import annotations

import re
from pathlib import Path

from regard import record
from regard.record.measures import COMPARISONS

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference.md"


def test_the_names_that_the_reference_gives_can_be_imported_from_the_room() -> None:
    (row,) = re.findall(
        r"^\| `regard\.record` \| (.*) \|$", REFERENCE.read_text(encoding="utf-8"), re.M
    )
    names = re.findall(r"`(\w+)`", row)
    assert "AttentionRecord" in names
    assert [name for name in names if not hasattr(record, name)] == []
    assert [name for name in names if name not in record.__all__] == []


def test_every_comparison_has_a_row_in_the_reference() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    rows = text.partition("<!-- generated: comparisons -->")[2].partition("<!-- end")[0]
    assert [name for name in COMPARISONS if f"\n| {name} |" not in rows] == []
