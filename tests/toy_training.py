"""A small training that takes a moment, for the tests of training and of the run folder.

As a program it reads names of folders and trains, or goes on, in each: in a process of its own,
whose number and exit status it prints.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn

from regard.translation.batches import to_batch
from regard.translation.checkpoint import read_checkpoint
from regard.translation.corpus import Corpus, prepare
from regard.translation.model import Batch, State, TranslationModel
from regard.translation.pairs import Pair
from regard.translation.progress import Display, Shown
from regard.translation.recipe import Recipe
from regard.translation.recipe_file import recipe_from
from regard.translation.run import Run, create_run, new_model, open_run
from regard.translation.train import Outcome, train
from regard.translation.whole_words import count_words

PAIRS = 37
BATCH = 5
UPDATES_PER_EPOCH = 8
CPU = torch.device("cpu")
TIMES = ("seconds", "validation_seconds", "target_tokens_per_s")


def pairs(count: int, seed: int) -> list[Pair]:
    """Sentences of made-up words and the same words in capitals, backwards."""
    chance = random.Random(seed)
    found = []
    for line in range(1, count + 1):
        words = chance.choices(["ba", "be", "bi", "bo", "bu", "da", "de"], k=chance.randint(1, 6))
        found.append(Pair(" ".join(words), " ".join(reversed(words)).upper(), line))
    return found


def recipe(**training: Any) -> Recipe:
    """A recipe of a few hundred weights."""
    return recipe_from(
        {
            "tokens": {"kind": "words", "size": 20},
            "model": {"embedding": 6, "hidden": 8, "layers": 2, "dropout": 0.3},
            "training": {
                "batch": BATCH,
                "epochs": 3,
                "stop_by": "loss",
                "patience": 0,
                "validate_every": 7,
                "log_every": 3,
                "precision": "float32",
                **training,
            },
        },
        "toy",
    )


def new_run(folder: Path, chosen: Recipe) -> Run:
    """A run folder with its tokens and text."""
    run = create_run(folder, chosen)
    text = pairs(PAIRS, seed=1)
    source = count_words([pair.source for pair in text], limit=20)
    target = count_words([pair.target for pair in text], limit=20)
    source.save(run.tokens("source"))
    target.save(run.tokens("target"))
    prepare(run.corpus, text, source, target, max_pieces=chosen.data.max_pieces)
    return run


def parts(run: Run) -> tuple[TranslationModel, Corpus, list[Batch]]:
    """A new model, the text and the dev part of a run."""
    model, source, target = new_model(run)
    text = pairs(11, seed=2)
    dev = to_batch(
        source.encode_ids([pair.source for pair in text]),
        target.encode_ids([pair.target for pair in text]),
    )
    return model, Corpus.open(run.corpus), [dev]


class Bigram(TranslationModel):
    """Logits of the next word given the one before: an update by hand, or in no time."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(size, size))

    def forward(self, batch: Batch) -> Tensor:
        return self.table[batch.inputs]

    def start(self, source: Tensor, source_mask: Tensor) -> State:
        raise NotImplementedError

    def step(self, state: State, last: Tensor) -> tuple[Tensor, State]:
        raise NotImplementedError


class At(Display):
    """A display that does something after some update, once."""

    def __init__(self, update: int, action: Callable[[], None]) -> None:
        self.update, self.action = update, action
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def show(self, glance: Callable[[], Shown]) -> None:
        if glance().update == self.update:
            self.action()


def go(run: Run, display: At | None = None, **other: Any) -> Outcome:
    """Train a run's model, or go on with it."""
    model, corpus, dev = parts(run)
    return train(run, model, corpus, dev, device=CPU, display=display, **other)


def go_quickly(run: Run, display: At | None = None, **other: Any) -> Outcome:
    """The same with a model that only knows which word follows which."""
    _, corpus, dev = parts(run)
    model = Bigram(20)
    return train(run, model, corpus, dev, device=CPU, display=display, **other)


def tensors(path: Path) -> dict[str, Tensor]:
    """All that a checkpoint holds."""
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def facts(run: Run) -> dict[str, Any]:
    """What a run's state says beside its tensors."""
    return read_checkpoint(run.last, "a training state")[1]


def events(run: Run) -> list[dict[str, Any]]:
    """The lines of a run's log, without times."""
    lines = run.log.read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return [{key: each[key] for key in each if key not in TIMES} for each in found]


def assert_same_results(one: Run, other: Run) -> None:
    """Two runs have the same bits and the same log."""
    for path, twin in ((one.last, other.last), (one.best, other.best)):
        left, right = tensors(path), tensors(twin)
        assert left.keys() == right.keys()
        for name in left:
            assert torch.equal(left[name], right[name]), name
    assert events(one) == events(other)


def ask_to_stop() -> None:
    """Press Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


def train_here(folder: Path) -> None:
    """Train in a folder, or go on there, saving after every update."""
    from regard.translation import schedule

    schedule.SAVING_SHARE = 1e9
    begun = (folder / "run.json").exists()
    go(open_run(folder) if begun else new_run(folder, recipe(epochs=15, save_every_seconds=0)))


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.optim.SGD([nn.Parameter(torch.zeros(1))])  # loads slowly, and only once if before a fork
    for line in sys.stdin:
        child = os.fork()
        if not child:
            train_here(Path(line.rstrip("\n")))
            os._exit(0)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
