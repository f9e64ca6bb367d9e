"""What tests/conftest.py promises, tried on a small project of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from jaxtyping import TypeCheckError

from regard.attention.normalise import softmax

HERE = Path(__file__).resolve().parent

TESTS = """
import pytest

@pytest.mark.real
def test_that_needs_the_data(shared):
    pass

@pytest.mark.slow
def test_that_is_slow():
    pytest.skip("the machine is too small")

@pytest.mark.skipif(True, reason="never mind")
def test_that_nobody_marked():
    pass
"""
SKIPS_AS_A_WHOLE = "import pytest\npytest.importorskip('nothing_of_that_name')\n"


def run_pytest(folder: Path, *arguments: str, ci: bool, shared: Path) -> tuple[int, str]:
    """Run the tests in `folder` under a copy of our conftest, in a process of their own."""
    shutil.copy(HERE / "conftest.py", folder / "conftest.py")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    real\n    slow\n")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "CI" and not name.startswith("PYTEST")
    }
    environment |= {"REGARD_SHARED": str(shared)} | ({"CI": "true"} if ci else {})
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_outside_ci_missing_data_is_a_reason_to_skip(tmp_path: Path) -> None:
    (tmp_path / "test_small.py").write_text(TESTS)
    status, output = run_pytest(tmp_path, ci=False, shared=tmp_path / "missing")
    assert status == 0, output
    assert "3 skipped" in output
    assert f"no reference data at {tmp_path / 'missing'}" in output


@pytest.mark.parametrize("workers", ["0", "2"])
def test_in_ci_a_skipped_test_marked_real_or_slow_fails_with_its_reason(
    tmp_path: Path, workers: str
) -> None:
    (tmp_path / "test_small.py").write_text(TESTS)
    (tmp_path / "test_whole.py").write_text(SKIPS_AS_A_WHOLE)
    missing = tmp_path / "missing"
    selected = ["test_small.py", "-n", workers]
    status, output = run_pytest(tmp_path, *selected, ci=True, shared=missing)
    assert status == 1, output
    assert "1 failed, 1 skipped, 1 error" in output
    assert f"every test marked real, but: Skipped: no reference data at {missing}" in output
    assert "every test marked slow, but: Skipped: the machine is too small" in output


def test_in_ci_no_module_may_skip_itself(tmp_path: Path) -> None:
    (tmp_path / "test_whole.py").write_text(SKIPS_AS_A_WHOLE)
    status, output = run_pytest(tmp_path, ci=True, shared=tmp_path)
    assert status != 0, output
    assert "skips itself as a whole" in output
    assert "nothing_of_that_name" in output


def test_in_ci_tests_that_run_pass(tmp_path: Path) -> None:
    (tmp_path / "test_small.py").write_text(TESTS)
    status, output = run_pytest(tmp_path, "-m", "not slow", ci=True, shared=tmp_path)
    assert status == 0, output
    assert "1 passed, 1 skipped, 1 deselected" in output


def test_a_wrong_shape_passed_within_regard_is_an_error_while_tests_run() -> None:
    scores, mask = torch.zeros(2, 3, 5), torch.ones(3, 4, dtype=torch.bool)
    with pytest.raises(TypeCheckError, match="mask"):
        softmax(scores, mask)
