"""What every command has in common: its end, its mistakes, its encoding. Real processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli_fixtures import Regard
from regard import __version__
from regard.translation.recipe import fields

REGARD = [sys.executable, "-m", "regard"]


def done(
    *words: object, given: bytes = b"", **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """What the program did as a process of its own."""
    return subprocess.run(
        [*REGARD, *map(str, words)],
        input=given,
        capture_output=True,
        check=False,
        env={**os.environ, **variables},
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trian"], "regard: No such command 'trian'. Did you mean 'train'? (see: regard --help)"),
        (["--nothing"], "regard: No such option: --nothing (see: regard --help)"),
        (["align"], "regard: Missing argument 'RUN'. (see: regard align --help)"),
        (["split", "a", "--dve", "3"], "No such option: --dve"),
        (["translate", "r", "--beam", "two"], "regard: Invalid value for '--beam': "),
    ],
)
def test_a_mistake_in_the_words_is_one_line_that_says_where_to_read(
    regard: Regard, words: list[str], said: str
) -> None:
    answer = regard(*words)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err
    assert answer.err.count("\n") == 1
    assert f"(see: regard {words[0]} --help)" in answer.err or "(see: regard --help)" in answer.err


def test_the_name_alone_shows_the_help(regard: Regard) -> None:
    answer = regard()
    assert (answer.status, answer.err) == (0, "")
    assert answer.out == regard("--help").out
    assert "Usage: regard" in answer.out


def test_the_version_is_said(regard: Regard) -> None:
    assert regard("--version") == (0, f"regard {__version__}\n", "")


def test_every_setting_is_listed(regard: Regard) -> None:
    answer = regard("settings")
    listed = [line.split("`")[1] for line in answer.out.splitlines() if line.startswith("| `")]
    assert listed == [f"{section}.{key}" for section, key, _ in fields()]


@pytest.mark.parametrize(
    ("stop", "status", "said"),
    [(KeyboardInterrupt, 130, "regard: stopped\n"), (ValueError("no"), 2, "regard: no\n")],
)
def test_what_stops_a_command_has_a_status_and_a_line(
    regard: Regard,
    monkeypatch: pytest.MonkeyPatch,
    stop: BaseException | type[BaseException],
    status: int,
    said: str,
) -> None:
    def stopped() -> str:
        raise stop

    monkeypatch.setattr("regard.translation.recipe.settings_table", stopped)
    assert regard("settings") == (status, "", said)


def test_output_is_utf8_whatever_the_locale(tmp_path: Path) -> None:
    source = tmp_path / "ключ.es"
    answer = done("score", source, source, PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert answer.returncode == 2
    assert answer.stderr.decode("utf-8").startswith(f"regard: {source}: cannot be read")


def test_lines_are_read_and_written_as_utf8_whatever_the_locale(run: Path) -> None:
    given = "¿Dónde está el ключ?\n".encode()
    words = ("translate", run, "--json", "--beam", 1)
    answer = done(*words, given=given, PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert answer.returncode == 0, answer.stderr
    assert "ключ" in answer.stdout.decode("utf-8")


def test_a_reader_who_has_enough_ends_the_command_quietly(run: Path) -> None:
    lines = b"La casa es grande.\n" * 3000
    with subprocess.Popen(
        [*REGARD, "translate", str(run), "--beam", "1", "--max-length", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(lines[:19])
        process.stdin.flush()
        assert process.stdout.readline().endswith(b"\n")
        process.stdout.close()
        process.stdin.write(lines[:190])
        process.stdin.close()
        said = process.stderr.read()
        assert (process.wait(), said) == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise")
def test_ctrl_c_says_stopped_and_is_130(run: Path) -> None:
    with subprocess.Popen(
        [*REGARD, "translate", str(run), "--beam", "1", "--max-length", "2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(b"Hola.\n")
        process.stdin.flush()
        process.stdout.readline()  # it has begun, and now waits
        process.send_signal(signal.SIGINT)
        assert (process.stderr.read(), process.wait()) == (b"regard: stopped\n", 130)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise")
def test_ctrl_c_while_links_are_written_leaves_whole_lines(run: Path, tmp_path: Path) -> None:
    (tmp_path / "s").write_text("la casa\n" * 20_000, encoding="utf-8")
    with subprocess.Popen(
        [*REGARD, "align", str(run), str(tmp_path / "s"), str(tmp_path / "s")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, said = process.communicate()
    assert (process.returncode, said) == (130, b"regard: stopped\n")
    assert 0 <= out.count(b"\n") < 19_999
    assert out == b"" or out.endswith(b"\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise")
def test_ctrl_c_while_a_run_is_measured_writes_nothing(run: Path, tmp_path: Path) -> None:
    (tmp_path / "s").write_text("la casa\n", encoding="utf-8")
    os.mkfifo(tmp_path / "t")
    words = [run, tmp_path / "t", tmp_path / "s", "--output", tmp_path / "out"]
    with subprocess.Popen(
        [*REGARD, "evaluate", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        pipe = when_somebody_reads(tmp_path / "t", process)
        process.send_signal(signal.SIGINT)
        out, said = process.communicate()
        os.close(pipe)
    assert (process.returncode, out, said) == (130, b"", b"regard: stopped\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s", "t"]


def when_somebody_reads(fifo: Path, reader: subprocess.Popen[bytes]) -> int:
    """A descriptor that writes to a pipe, as soon as the process that is to read it does."""
    while reader.poll() is None:
        with contextlib.suppress(OSError):  # ENXIO: nobody reads it yet
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.05)
    raise AssertionError(reader.communicate())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_under_standard_output_is_named(run: Path, pair: list[Path]) -> None:
    said = b"regard: standard output: the disk is full, so what is there is not all. Make room"
    for words in (
        ("translate", run, "Hola.", "--beam", 1, "--max-length", 1),
        ("align", run, *pair),
        ("score", *pair),
    ):
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [*REGARD, *map(str, words)], stdout=full, stderr=subprocess.PIPE, check=False
            )
        assert done.returncode == 2
        assert [line.startswith(said) for line in done.stderr.splitlines()][-1:] == [True]
        assert b"Exception" not in done.stderr
