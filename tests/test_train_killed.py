"""A training that is killed at random moments, also while it writes, ends with the same bits."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
import torch

from regard.translation.checkpoint import read_checkpoint

PROGRAM = Path(__file__).with_name("toy_training.py")
KILLS = 20


class Nursery:
    """The program of toy_training.py: each of its children trains in a folder."""

    def __init__(self, asking: IO[str], answers: IO[str]) -> None:
        self._asking, self._answers = asking, answers

    def start(self, folder: Path) -> int:
        """Begin, or go on, in a folder; returns the number of the process."""
        print(folder, file=self._asking, flush=True)
        return int(self._answers.readline())

    def end(self) -> int:
        """Wait for that process; returns its exit status, or minus the signal."""
        return int(self._answers.readline())


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    command = [sys.executable, str(PROGRAM)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Nursery(process.stdin, process.stdout)


def updates(folder: Path) -> int:
    path = folder / "last.safetensors"
    if not path.exists():
        return 0
    return read_checkpoint(path, "a training state")[1]["standing"]["update"]


@pytest.mark.slow
def test_twenty_kills_at_random_moments_change_no_bit(tmp_path: Path, nursery: Nursery) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    nursery.start(whole)
    assert nursery.end() == 0
    chance = random.Random(2015)
    reached: list[int] = []
    interrupted_writes = 0
    while len(reached) < KILLS:
        before = updates(killed)
        process = nursery.start(killed)
        # Wait until this process has saved something new, then for a random moment more.
        deadline = time.monotonic() + 60
        while updates(killed) == before and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.05))
        # Every other time, kill it while a file is being written.
        while len(reached) % 2 and time.monotonic() < deadline:
            if any(killed.glob(".*.partial")):
                break
        os.kill(process, signal.SIGKILL)
        assert nursery.end() == -signal.SIGKILL, "it ended before it was killed"
        interrupted_writes += any(killed.glob(".*.partial"))
        reached.append(updates(killed))
    assert reached == sorted(reached)
    assert 0 < reached[0] < reached[-1] < updates(whole)
    assert interrupted_writes, "no kill hit a file that was being written"
    nursery.start(killed)
    assert nursery.end() == 0
    assert updates(killed) == updates(whole)
    for name, kind in (("last", "a training state"), ("best", "weights")):
        one, _ = read_checkpoint(whole / f"{name}.safetensors", kind)
        other, _ = read_checkpoint(killed / f"{name}.safetensors", kind)
        assert one.keys() == other.keys()
        assert [key for key in one if not torch.equal(one[key], other[key])] == []
    assert not list(killed.glob(".*.partial"))
