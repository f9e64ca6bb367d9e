"""What a training says: lines, a bar, and a log that can be cut back."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import threading
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from regard.translation.durable import RunError
from regard.translation.interruption import interruptible
from regard.translation.progress import (
    Bar,
    Lines,
    Log,
    Shown,
    clock_time,
    describe,
    open_display,
    time_taken,
)

SHOWN = Shown(
    update=1200,
    updates=4000,
    epoch=2,
    loss_nats_per_piece=2.34567,
    target_tokens_per_s=3210.4,
    seconds=83.2,
    seconds_left=3725.0,
    scores="dev 2.1 nats a piece, BLEU 31.2",
)


def test_a_glance_is_one_line_with_units() -> None:
    assert describe(SHOWN) == (
        "update 1,200 of 4,000  epoch 3  loss 2.346  3,210 tokens/s  1:23  1:02:05 left  "
        "dev 2.1 nats a piece, BLEU 31.2"
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0:00"), (59.6, "1:00"), (3599.0, "59:59"), (7265.0, "2:01:05")]
)
def test_times_are_read_as_on_a_clock(seconds: float, text: str) -> None:
    assert clock_time(seconds) == text


def test_a_few_seconds_have_tenths() -> None:
    assert [time_taken(each) for each in (0.5, 9.94, 10.2)] == ["0.5 s", "9.9 s", "0:10"]


def test_lines_come_now_and_then_and_are_never_broken_or_coloured() -> None:
    written = io.StringIO()
    lines = Lines(Console(file=written, width=20, force_terminal=False))
    for _ in range(100):
        lines.show(lambda: SHOWN)
    lines.say("[bold]a line that is longer than the console is wide[/bold]")
    first, second = written.getvalue().splitlines()
    assert first == describe(SHOWN)
    assert second == "[bold]a line that is longer than the console is wide[/bold]"


def test_a_bar_asks_only_when_it_draws() -> None:
    asked = 0

    def glance() -> Shown:
        nonlocal asked
        asked += 1
        return SHOWN

    console = Console(file=io.StringIO(), width=200, force_terminal=True)
    with Progress(TextColumn("{task.fields[said]}"), console=console, auto_refresh=False) as bar:
        display = Bar(bar, bar.add_task("", total=None, said=""))
        for _ in range(1000):
            display.show(glance)
        display.say("a line above")
    assert 1 <= asked < 10
    assert "a line above" in console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
    assert "1,200 of 4,000" in console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]


def test_quiet_says_nothing_and_a_pipe_gets_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with open_display(quiet=True) as display:
        display.say("nothing")
        display.show(lambda: pytest.fail("asked"))
    assert capsys.readouterr() == ("", "")
    with open_display() as display:
        display.say("something")
    assert capsys.readouterr() == ("", "something\n")


def test_an_error_output_that_goes_away_leaves_silence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reader, writer = os.pipe()
    path = tmp_path / "a"
    with os.fdopen(writer, "w", encoding="utf-8") as gone, path.open("w") as other:
        monkeypatch.setattr(sys, "stderr", gone)
        with open_display() as display:
            display.say("heard")
            assert os.read(reader, 100) == b"heard\n"
            os.close(reader)
            for _ in range(3):
                display.say("not heard")
        gone.write("nor is this, which would fail when the file is closed")
        monkeypatch.setattr(sys, "stderr", other)
        with open_display() as display:
            display.say("heard")
    assert path.read_text() == "heard\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
def test_a_terminal_that_is_closed_leaves_silence_too(monkeypatch: pytest.MonkeyPatch) -> None:
    person, terminal = os.openpty()
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(terminal, "w", encoding="utf-8") as gone:
        monkeypatch.setattr(sys, "stderr", gone)
        with open_display() as display:
            assert isinstance(display, Bar)
            os.close(person)
            display.show(lambda: SHOWN)
            display.say("a line above")


def test_without_an_error_output_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with open_display() as display:
        display.say("nothing")


def test_a_log_is_cut_back_to_what_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = Log(path, 0)
    log.write("one", text="größer", loss_nats_per_piece=float("nan"))
    kept = log.sync()
    log.write("two")
    log.close()
    again = Log(path, kept)
    again.write("three", seconds=1.5)
    again.close()
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"event": "one", "text": "größer", "loss_nats_per_piece": None},
        {"event": "three", "seconds": 1.5},
    ]


def test_a_log_that_is_shorter_than_it_was_goes_on_where_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"event": "one"}\n')
    log = Log(path, 1000)
    log.write("two")
    log.close()
    assert path.read_text() == '{"event": "one"}\n{"event": "two"}\n'


def test_a_log_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be written"):
        Log(tmp_path / "none" / "log.jsonl", 0)


def test_the_first_signal_asks_and_the_second_stops(capfd: pytest.CaptureFixture[str]) -> None:
    with interruptible() as interruption:
        os.kill(os.getpid(), signal.SIGTERM)
        assert (interruption.asked, interruption.at_once) == (True, False)
        assert "Once more stops at once" in capfd.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert interruption.at_once


def test_breakable_work_is_broken_off_by_the_first_signal() -> None:
    with interruptible() as interruption:
        with pytest.raises(KeyboardInterrupt), interruption.breakable():
            os.kill(os.getpid(), signal.SIGINT)
        assert (interruption.asked, interruption.at_once) == (True, False)


def test_outside_the_main_thread_nothing_is_heard_and_nothing_breaks() -> None:
    heard: list[bool] = []

    def work() -> None:
        with interruptible() as interruption:
            heard.append(interruption.asked)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert heard == [False]
