"""Files that are there whole or not at all, whatever happens while they are written.

A file is written under a temporary name beside its place, synced and renamed. A killed process
leaves a temporary file at most; a full disk leaves what was there before.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

PARTIAL = ".partial"
LOCK = "lock"


class RunError(ValueError):
    """A run folder that cannot be used or written: what is wrong, and what to do."""


def write_durably(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file, then put it in the place of `path`.

    Raises `RunError` when the disk is full or the folder cannot be written; `path` is then as it
    was.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")
    try:
        write(partial)
        sync_file(partial)
        partial.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8, whole or not at all."""
    write_durably(path, lambda partial: partial.write_bytes(text.encode("utf-8")))


def cannot_write(path: Path, error: OSError) -> RunError:
    """The line for a person whose disk is full, or who may not write here."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RunError(
            f"{path}: the disk is full; what was saved before is whole. "
            f"Make room, then {_to_go_on(path.parent)}"
        )
    return RunError(f"{path}: cannot be written: {error.strerror or error}")


def _to_go_on(folder: Path) -> str:
    """What to do again: a run that is prepared is there to stay, whatever else is taken back."""
    if (folder / "run.json").is_file() and (folder / "corpus").is_dir():
        return f"go on with a training by regard train --resume {folder}, or repeat the command"
    return "start the same command again"


def sync_file(path: Path) -> None:
    """Have the file's content on the disk, not only on its way there."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Have the folder's names on the disk; not every system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Delete the temporary files of killed processes; only for who holds the folder's lock."""
    for leftover in folder.glob(f".*{PARTIAL}"):
        if leftover.is_file():
            leftover.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the only process that changes the folder; the lock ends with the process, however.

    Raises `RunError` when another process holds it, or it cannot be written.
    """
    path = folder / LOCK
    try:
        opened = path.open("a+", encoding="ascii")
    except OSError as error:
        raise cannot_write(path, error) from error
    with opened as file:
        try:
            if sys.platform == "win32":
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                raise RunError(f"{folder}: cannot be locked: {error.strerror}") from error
            raise RunError(
                f"{folder} is in use by {_holder(folder)}: wait for it, stop it, "
                "or choose another folder"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _holder(folder: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        return f"process {int((folder / LOCK).read_text(encoding='ascii'))}"
    return "another process"
