"""JoeyNMT 2.3.0: its configuration and what it prints. It is raced for the speed of training alone.

Its model is larger than the others': it cannot train an encoder that reads in one direction
(IndexError in its encoder). It leaves out pairs with a side of more than 50 pieces.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

from benchmarks.race.bench import SPECIAL, Bench
from benchmarks.race.child import RaceError
from benchmarks.race.reports import Report, report_every

NEVER = 10**9
WIDTH = 512
REPORT = re.compile(
    r"^([\d-]+ [\d:,]+) - .*Epoch +\d+, Step: +(\d+),.*Tokens per Sec: +([\d.]+)", re.MULTILINE
)
BEGAN = re.compile(r"^([\d-]+ [\d:,]+) - .*EPOCH 1$", re.MULTILINE)
PARAMETERS = re.compile(r"Total params: (\d+)")


def write_configuration(folder: Path, bench: Bench, *, seed: int, updates: int) -> Path:
    """Write what JoeyNMT reads: `luong` is the score that others call general. JSON is YAML."""
    text = {
        "level": "word",
        "max_length": 50,
        "voc_limit": 8000,
        "voc_min_freq": 1,
        "voc_file": str(bench.vocabulary("joey")),
    }
    specials = zip(("unk", "pad", "bos", "eos"), SPECIAL, strict=True)
    rnn = {
        "type": "recurrent",
        "rnn_type": "lstm",
        "embeddings": {"embedding_dim": WIDTH, "scale": False},
        "hidden_size": WIDTH,
        "num_layers": 2,
        "dropout": 0.2,
        "activation": "tanh",
    }
    values = {
        "name": "luong",
        "joeynmt_version": "2.3.0",
        "model_dir": str(folder / "model"),
        "use_cuda": False,
        "fp16": False,
        "num_workers": 0,
        "random_seed": seed,
        "data": {
            "train": str(bench.folder / "train"),
            "dev": str(bench.folder / "dev"),
            "test": str(bench.folder / "dev"),
            "dataset_type": "plain",
            "src": {"lang": "src", **text},
            "trg": {"lang": "tgt", **text},
            "special_symbols": {
                key: value
                for id_, (name, token) in enumerate(specials)
                for key, value in ((f"{name}_token", token), (f"{name}_id", id_))
            },
        },
        "testing": {"beam_size": 5, "batch_size": 32, "batch_type": "sentence"},
        "training": {
            "optimizer": "adam",
            "learning_rate": 0.001,
            "clip_grad_norm": 5.0,
            "batch_size": 64,
            "batch_type": "sentence",
            "normalization": "tokens",
            # It fails without a schedule, and its default one with today's torch.
            "scheduling": "exponential",
            "decrease_factor": 0.99,
            "updates": updates,
            "epochs": 100,
            "validation_freq": NEVER,
            "logging_freq": report_every(updates),
            "early_stopping_metric": "loss",
            "overwrite": True,
            "print_valid_sents": [],
        },
        "model": {
            "initializer": "uniform",
            "init_weight": 0.1,
            "embed_initializer": "uniform",
            "embed_init_weight": 0.1,
            "bias_initializer": "zeros",
            "tied_embeddings": False,
            "tied_softmax": False,
            "encoder": {**rnn, "bidirectional": True},
            "decoder": {
                **rnn,
                "hidden_dropout": 0.2,
                "input_feeding": True,
                "init_hidden": "last",
                "attention": "luong",
            },
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "joeynmt.yaml"
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    return path


def train_command(program: Path, configuration: Path) -> list[str | Path]:
    """The command that trains; `program` is the Python of JoeyNMT's environment."""
    return [program, "-m", "joeynmt", "train", configuration, "--skip-test"]


def reports(output: str) -> list[Report]:
    """What JoeyNMT reported while training: tokens a second, times the time between two lines."""
    began = BEGAN.search(output)
    if began is None:
        raise RaceError("JoeyNMT did not say when it began: is it another version than 2.3.0?")
    found, before = [], _time(began[1])
    for line in REPORT.finditer(output):
        now = _time(line[1])
        seconds = (now - before).total_seconds()
        found.append(Report(float(line[3]) * seconds, seconds))
        before = now
    return found


def parameters(output: str) -> int:
    """How many weights JoeyNMT says that the model has."""
    found = PARAMETERS.search(output)
    if found is None:
        raise RaceError("JoeyNMT did not print its parameters: is it another version than 2.3.0?")
    return int(found[1])


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S,%f")
