"""The command line in this process, and a text and a run that all tests of commands read."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest

from regard import cli
from regard.translation.phrasebook import pairs

SMALL = [
    *("--set", "model.embedding=16", "--set", "model.hidden=16", "--set", "tokens.size=400"),
    *("--set", "training.epochs=0", "--set", "training.patience=0"),
]


class Answer(NamedTuple):
    """What a command did."""

    status: int
    out: str
    err: str


Regard = Callable[..., Answer]


def answer(capsys: pytest.CaptureFixture[str], words: tuple[object, ...], given: bytes) -> Answer:
    """Run a command in this process; `given` is its standard input."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["regard", *map(str, words)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        with pytest.raises(SystemExit) as end:
            cli.main()
    said = capsys.readouterr()
    return Answer(int(end.value.code or 0), said.out, said.err)


def write_text(folder: Path) -> Path:
    """A few hundred pairs of the phrasebook, as somebody might have pasted them together."""
    chosen = list(islice(pairs(3), 400))
    sources, targets = [one.source for one in chosen], [one.target for one in chosen]
    sources[4] = ""
    targets[7] = "It\u2019s a \u201csmart\u201d quote."
    (folder / "mine.es").write_bytes(("\ufeff" + "\r\n".join(sources) + "\n").encode())
    (folder / "mine.en").write_text("\n".join(targets) + "\n", encoding="utf-8")
    return folder


def train(text: Path, run: Path, *settings: str) -> Path:
    """A trained run: not well, but trained."""
    files = [str(text / "mine.es"), str(text / "mine.en")]
    with pytest.MonkeyPatch.context() as patch:
        words = ["train", *files, "--out", str(run), *SMALL, "--quiet"]
        for setting in settings:
            words += ["--set", setting]
        patch.setattr(sys, "argv", ["regard", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
    return run
