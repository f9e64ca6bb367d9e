"""The first look, short: it runs to its end, with matplotlib and without."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

WITHOUT_FIGURES = (
    "import sys; sys.modules['matplotlib'] = None; from regard.cli import main; main()"
)


def run(program: list[str], folder: Path) -> str:
    result = subprocess.run(
        [sys.executable, *program], cwd=folder, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_demo_measures_three_translators(tmp_path: Path) -> None:
    program = ["-m", "regard", "demo", "--seconds", "12", "--json"]
    results = {one["name"]: one for one in json.loads(run(program, tmp_path))}
    assert set(results) == {"global", "local-p", "none"}
    assert results["none"]["aer"] is None
    assert all(one["updates"] > 0 for one in results.values())
    assert (tmp_path / "regard-demo" / "global" / "best.safetensors").is_file()


def test_without_matplotlib_the_demo_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "regard-demo").mkdir()  # somebody's: it must not be touched
    said = run(["-c", WITHOUT_FIGURES, "demo", "--seconds", "6"], tmp_path)
    assert 'pip install "regard[figure]"' in said
    assert "Try next:" in said
    assert "regard-demo-2/global" in said
    assert list((tmp_path / "regard-demo").iterdir()) == []
