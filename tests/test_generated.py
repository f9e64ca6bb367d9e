"""The tables and help pages in the documents are those of the code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

GENERATE = Path(__file__).resolve().parent.parent / "docs" / "generate.py"


@pytest.mark.parametrize("columns", ["60", "200"])
def test_the_generated_parts_of_the_documents_are_up_to_date_in_any_terminal(columns: str) -> None:
    result = subprocess.run(
        [sys.executable, str(GENERATE), "--check"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": columns},
    )
    assert result.returncode == 0, result.stdout + result.stderr
