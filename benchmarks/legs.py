"""What the long benchmarks share: a folder that belongs to one of them, and its finished legs.

    FOLDER/.gitignore           everything, and whose the folder is; written first
           NAME.json            the settings that it was begun with
           legs/LEG.json        what a finished leg measured

A leg is finished when its file is there.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from regard.translation.durable import PARTIAL, cannot_write, write_text

REPOSITORY = Path(__file__).resolve().parent.parent
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
INTERRUPTED, REFUSED = 130, 2  # exit statuses
GOES_ON = "The same command goes on with what is not finished."


def own_folder(folder: Path, name: str) -> None:
    """Make a folder for a benchmark of that name, which git does not see, or find it made.

    Raises ValueError for a folder that holds anything else, and one that cannot be made.
    """
    if (folder / f"{name}.json").exists():
        return
    ignored, content = folder / ".gitignore", f"# made by benchmarks/{name}\n*\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = sorted(path.name for path in folder.iterdir() if PARTIAL not in path.name)
    except OSError as error:
        raise cannot_write(folder, error) from error
    if ignored.name in found and ignored.read_bytes() == content.encode():
        return  # stopped before it had settings
    if found:
        raise ValueError(
            f"{folder}: holds {', '.join(found[:3])}{' ...' if found[3:] else ''} and was not "
            f"begun by benchmarks/{name}; choose an empty or new --folder"
        )
    write_text(ignored, content)


def begin_folder(folder: Path, name: str, settings: Mapping[str, Any]) -> None:
    """Make a folder for a benchmark of that name, or go on in the one that it was begun in.

    Raises ValueError where it was begun with other settings, or holds anything else.
    """
    path = folder / f"{name}.json"
    if path.exists():
        begun = json.loads(path.read_bytes())
        for key, value in settings.items():
            if begun.get(key) != value:
                raise ValueError(
                    f"{folder}: its {name} began with {key} = {begun.get(key)}, not {value}; "
                    "give what it began with, or another --folder"
                )
        return
    own_folder(folder, name)
    write_text(path, json.dumps(settings, indent=2) + "\n")


def result_path(folder: Path, leg: str) -> Path:
    """The file that says that a leg is finished, and what it measured."""
    return folder / "legs" / f"{leg}.json"


def read_result(folder: Path, leg: str) -> dict[str, Any] | None:
    """What a leg measured; None if it is not finished."""
    path = result_path(folder, leg)
    return json.loads(path.read_bytes()) if path.exists() else None


def keep_result(folder: Path, leg: str, result: Mapping[str, Any]) -> None:
    """Write what a leg measured: it is finished."""
    path = result_path(folder, leg)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(result, indent=2, ensure_ascii=False) + "\n")


def commit() -> str:
    """The commit of this repository; with a plus where files were changed since."""
    command = ["git", "describe", "--always", "--abbrev=7", "--dirty=+", "--exclude=*"]
    found = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def environment(threads: int) -> dict[str, str]:
    """The variables of a process that imports this repository and has so many threads."""
    settings = dict.fromkeys(THREAD_VARIABLES, str(threads))
    return os.environ | settings | {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}


@contextmanager
def ending_well(program: str, stopped: str = GOES_ON) -> Iterator[None]:
    """Within it SIGINT and SIGTERM stop the program, and errors for people are one line.

    `stopped` is said to who stopped it. SIGINT is asked for by name, since a process in the
    background may have been told to ignore it.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        print(f"Stopped. {stopped}", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except ValueError as error:
        print(f"{program}: {error}", file=sys.stderr)
        sys.exit(REFUSED)
