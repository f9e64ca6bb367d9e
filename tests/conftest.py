"""What all tests share: checked shapes, the reference data, and no silent skips where it counts."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

# Shapes in the signatures of regard are checked at every call. The hook works on import, so it has
# to be there before the first test module is collected; each xdist worker runs this file too.
if any(name == "regard" or name.startswith("regard.") for name in sys.modules):
    raise RuntimeError("regard was imported before tests/conftest.py could check its shapes")
install_import_hook("regard", "beartype.beartype")

# Small tensors on few cores: one thread for each worker. Read when torch is first imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("REGARD_SHARED") or REPOSITORY.parent / "shared")
IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data that tests marked `real` read."""
    if not SHARED.is_dir():
        pytest.fail("a test that uses the fixture `shared` must be marked `real`")
    return SHARED


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked `real` where the reference data is missing."""
    if item.get_closest_marker("real") and not SHARED.is_dir():
        pytest.skip(f"no reference data at {SHARED} (set REGARD_SHARED to its folder)")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """In CI, turn a skipped test that is marked `real` or `slow` into a failure with its reason."""
    report = yield
    marked = [name for name in ("real", "slow") if item.get_closest_marker(name)]
    if IN_CI and marked and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"CI runs every test marked {' and '.join(marked)}, but: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    """In CI, refuse a module that skips itself: it may hold tests marked `real` or `slow`."""
    report = yield
    if IN_CI and report.skipped:
        report.outcome = "failed"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.longrepr = f"{collector.nodeid} skips itself as a whole; skip tests: {reason}"
    return report
