"""Files are whole or absent, and a run folder has one process at most."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from regard.translation.durable import (
    RunError,
    cannot_write,
    locked,
    remove_leftovers,
    write_durably,
    write_text,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_comes_back_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "größer\n")
    write_text(tmp_path / "a.txt", "kleiner\r\n")
    assert (tmp_path / "a.txt").read_bytes() == b"kleiner\r\n"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path, number: int) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def fill(partial: Path) -> None:
        partial.write_bytes(b"ne")
        raise OSError(number, os.strerror(number))

    with pytest.raises(RunError, match=r"a\.txt: the disk is full; what was saved before is whole"):
        write_durably(path, fill)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_who_trains_on_a_full_disk_is_told_to_resume_where_there_is_something_to(
    tmp_path: Path,
) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    again = "Make room, then start the same command again"
    run = tmp_path / "mine"
    run.mkdir()
    (run / "run.json").touch()
    assert str(cannot_write(run / "corpus", full)).endswith(again)  # a failed beginning is undone
    (run / "corpus").mkdir()
    assert f"regard train --resume {run}," in str(cannot_write(run / "last.safetensors", full))
    assert str(cannot_write(tmp_path / "mine.en", full)).endswith(again)


def test_a_disk_that_is_full_at_the_sync_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(RunError, match="the disk is full"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_an_interruption_while_writing_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def interrupt(partial: Path) -> None:
        partial.write_bytes(b"ne")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_durably(path, interrupt)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"missing/a\.txt: cannot be written: No such file"):
        write_text(tmp_path / "missing" / "a.txt", "x")


def test_only_temporary_files_are_leftovers(tmp_path: Path) -> None:
    for name in (".last.safetensors.17.partial", "dev.partial", ".hidden", "a.txt"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert names(tmp_path) == [".hidden", "a.txt", "dev.partial"]


def test_a_locked_folder_is_refused_naming_its_process(tmp_path: Path) -> None:
    with (
        locked(tmp_path),
        pytest.raises(RunError, match=f"is in use by process {os.getpid()}:"),
        locked(tmp_path),
    ):
        pass
    with locked(tmp_path):
        pass


def test_a_lock_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with (
        pytest.raises(RunError, match=r"lock: cannot be written"),
        locked(tmp_path),
    ):
        pass


def hold(folder: Path) -> None:
    with locked(folder):
        (folder / "held").touch()
        time.sleep(60)


def test_the_lock_of_a_killed_process_does_not_block(tmp_path: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=hold, args=(tmp_path,))
    process.start()
    assert process.pid is not None
    deadline = time.monotonic() + 20
    while not (tmp_path / "held").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    with pytest.raises(RunError, match=f"process {process.pid}"), locked(tmp_path):
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with locked(tmp_path):
        pass
