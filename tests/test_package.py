"""What a user gets: the wheel, away from the repository."""

from __future__ import annotations

import ast
import itertools
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

from test_layout import imports

REPOSITORY = Path(__file__).resolve().parent.parent


def run(*command: str | Path, folder: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_library_that_is_imported_is_declared() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    declared = {
        re.split(r"[^\w-]", requirement)[0].replace("-", "_")
        for requirement in itertools.chain(project["dependencies"], *extras)
    }
    declared.add("pydantic_core")  # each pydantic pins its own
    imported = {
        found.module.partition(".")[0]
        for path in (REPOSITORY / "regard").rglob("*.py")
        for found in imports(ast.parse(path.read_bytes()), ())
    }
    assert imported - sys.stdlib_module_names - {"regard"} <= declared


@pytest.mark.slow
def test_a_wheel_holds_every_file_of_the_package_and_runs_away_from_the_repository(
    tmp_path: Path,
) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path]
    run(*build, REPOSITORY, folder=tmp_path)
    (wheel,) = tmp_path.glob("regard-*.whl")

    expected = {
        path.relative_to(REPOSITORY).as_posix()
        for path in (REPOSITORY / "regard").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == expected
    assert "regard/py.typed" in held

    # An environment of its own, with the wheel and, without a download, what the wheel depends on.
    run(sys.executable, "-m", "venv", tmp_path / "empty", folder=tmp_path)
    python = tmp_path / "empty" / "bin" / "python"
    run(python, "-m", "pip", "install", "--no-deps", "--no-index", wheel, folder=tmp_path)
    paths = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site_packages = Path(run(python, "-c", paths, folder=tmp_path).strip())
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))

    modules = [
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in sorted(held)
        if name.endswith(".py") and not name.endswith("__main__.py")
    ]
    lines = [f"import {module}" for module in modules]
    lines += ["import regard", "print(regard.__file__)"]
    assert run(python, "-c", "\n".join(lines), folder=tmp_path).startswith(str(site_packages))
    assert "Usage" in run(python.parent / "regard", "--help", folder=tmp_path)
