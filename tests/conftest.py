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


# ------------------------------------------------------------------------------ the command line


@pytest.fixture(name="regard")
def run_regard(capsys: pytest.CaptureFixture[str]):
    """Run a command in this process: `regard("score", a, b, given=b"...")`."""
    from cli_fixtures import Answer, answer

    def regard(*words: object, given: bytes = b"") -> Answer:
        return answer(capsys, words, given)

    return regard


@pytest.fixture(scope="session")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with mine.es and mine.en."""
    from cli_fixtures import write_text

    return write_text(tmp_path_factory.mktemp("text"))


@pytest.fixture(scope="session")
def run(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained run of byte pairs with attention; tests only read it and its scores."""
    from cli_fixtures import train

    return train(text, tmp_path_factory.mktemp("runs") / "mine", "training.updates=6")


@pytest.fixture(scope="session")
def sisters(run: Path, text: Path) -> list[Path]:
    """Three runs of the same text with different seeds and attentions: they translate together."""
    from cli_fixtures import train

    settings = ("training.updates=6", "training.seed=2", "model.attention=dot")
    second = train(text, run.with_name("second"), *settings)
    settings = ("training.updates=6", "training.seed=3", "model.scope=local-p", "model.radius=2")
    return [run, second, train(text, run.with_name("third"), *settings)]


@pytest.fixture(scope="session")
def blind_run(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained run without attention."""
    from cli_fixtures import train

    settings = ("training.updates=2", "model.attention=none")
    return train(text, tmp_path_factory.mktemp("runs") / "blind", *settings)


@pytest.fixture
def pair(tmp_path: Path) -> list[Path]:
    """A source and a target of two lines, tokenised."""
    for name, line in (("s", "la casa\nel perro\n"), ("t", "the house\nthe dog\n")):
        (tmp_path / name).write_text(line, encoding="utf-8")
    return [tmp_path / "s", tmp_path / "t"]
