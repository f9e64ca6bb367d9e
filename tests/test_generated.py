"""The tables and help pages in the documents are those of the code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from regard.cli import app

REPOSITORY = Path(__file__).resolve().parent.parent
GENERATE = REPOSITORY / "docs" / "generate.py"


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


def test_the_readme_lists_every_command_once() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `regard (\w+)` \|", readme, re.M)
    assert sorted(listed) == sorted(getattr(get_command(app), "commands", {}))


def test_no_help_page_runs_two_commands_into_a_line() -> None:
    for name, command in getattr(get_command(app), "commands", {}).items():
        for paragraph in (command.help or "").split("\n\n"):
            lines = [line for line in paragraph.splitlines() if line.startswith("regard ")]
            assert len(lines) <= 1, name
