"""eole 0.6.4: its configuration, its command line, and what it prints."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from benchmarks.race.bench import Bench
from benchmarks.race.child import RaceError
from benchmarks.race.reports import Report, report_every

NEVER = 10**9
PRECISIONS = {"float32": "fp32", "bfloat16": "bf16"}
REPORT = re.compile(r"Step +(\d+)/ *\d+;.* bsz: *\d+/ *(\d+)/ *\d+; *\d+/ *(\d+) tok/s")
PARAMETERS = re.compile(r"\* number of parameters: (\d+)")
DEV_PERPLEXITY = re.compile(r"Validation perplexity: (\S+)")
SEARCH_TIMES = (
    re.compile(r"Step 0 time \(s\): ([\d.]+)"),
    re.compile(r"Subsequent prediction time including all \(s\): ([\d.]+)"),
)
SEARCH_TYPE = re.compile(r"Inference runtime: .*dtype=torch\.(\w+)")
SCORE = re.compile(r"PRED SCORE: (-?[\d.]+)")


@dataclass(frozen=True)
class Size:
    """A model's layers, width of everything, and learning rate."""

    layers: int
    width: int
    learning_rate: float


LARGE = Size(layers=2, width=512, learning_rate=0.001)
SMALL = Size(layers=1, width=256, learning_rate=0.002)


def write_configuration(
    folder: Path,
    bench: Bench,
    size: Size,
    *,
    precision: str,
    seed: int,
    updates: int,
    save_every: int,
    validate_every: int = NEVER,
) -> Path:
    """Write what eole reads, an RNN with `general` attention and input feeding; JSON is YAML."""
    vocabulary = str(bench.vocabulary("eole"))
    values = {
        "save_data": str(folder / "data"),
        "overwrite": True,
        "seed": seed,
        "report_every": report_every(updates),
        "src_vocab": vocabulary,
        "tgt_vocab": vocabulary,
        "src_vocab_size": 8000,
        "tgt_vocab_size": 8000,
        "vocab_size_multiple": 1,
        "data": {
            name: {f"path_{side}": str(bench.path(part, side)) for side in ("src", "tgt")}
            for name, part in (("corpus_1", "train"), ("valid", "dev"))
        },
        "model": {
            "architecture": "rnn",
            "rnn_type": "LSTM",
            "layers": size.layers,
            "hidden_size": size.width,
            "input_feed": 1,
            # An RNN that is left to choose one refuses to be built.
            "embeddings": {"word_vec_size": size.width, "position_encoding_type": None},
            "decoder": {"global_attention": "general"},
        },
        "training": {
            "model_path": str(folder / "model"),
            "world_size": 1,
            "gpu_ranks": [],  # the processor
            "compute_dtype": PRECISIONS[precision],
            "batch_type": "sents",
            "batch_size": 64,
            "normalization": "tokens",
            "num_workers": 0,
            "bucket_size": 20_000,
            "train_steps": updates,
            "valid_steps": validate_every,
            "save_checkpoint_steps": save_every,
            "optim": "adam",
            "learning_rate": size.learning_rate,
            "max_grad_norm": 5,
            "dropout": [0.2],
            "attention_dropout": [0.0],
            "dropout_steps": [0],
            "log_attention_entropy": False,  # on by default, and takes time
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "eole.yaml"
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    return path


def reports(output: str) -> list[Report]:
    """What eole reported while training: the mean target tokens of a batch, and tokens a second."""
    found, before = [], 0
    for line in REPORT.finditer(output):
        update, tokens_in_a_batch, tokens_per_s = map(int, line.groups())
        tokens = tokens_in_a_batch * (update - before)
        found.append(Report(tokens, tokens / tokens_per_s))
        before = update
    return found


def parameters(output: str) -> int:
    """How many weights eole says that the model has."""
    return int(_only(PARAMETERS, output, "the number of parameters"))


def dev_nats_per_piece(output: str) -> float:
    """The latest validation, in nats a piece."""
    return math.log(float(_only(DEV_PERPLEXITY, output, "a validation")))


def search_seconds(output: str) -> float:
    """What a translation took: without loading, with reading of the text and the encoder."""
    return sum(float(_only(part, output, "the time of a search")) for part in SEARCH_TIMES)


def search_precision(output: str) -> str:
    """The precision that it says it searches in."""
    return _only(SEARCH_TYPE, output, "the precision of a search")


def mean_score(output: str) -> float:
    """The mean score of the best hypotheses."""
    return float(_only(SCORE, output, "the mean score"))


def translate_command(
    program: Path,
    model: Path,
    source: Path,
    output: Path,
    *,
    beam: int = 5,
    penalty: str = "wu",
    alpha: float = 0.6,
) -> list[str | Path]:
    """The command that translates a file of pieces in batches of 32 sentences.

    `penalty` "wu" is what regard divides a score by; "avg" (with `alpha` 1) is eole's default, the
    mean over the pieces.
    """
    return [
        *(program, "predict", "--model_path", model, "--src", source, "--output", output),
        *("--beam_size", str(beam), "--batch_size", "32", "--report_time"),
        *("--length_penalty", penalty, "--alpha", str(alpha)),
    ]


@dataclass(frozen=True)
class Checkpoint:
    """A model that eole saved, and when: seconds since the epoch."""

    update: int
    folder: Path
    saved_at: float


def checkpoints(model: Path) -> list[Checkpoint]:
    """All that were saved whole, in their order; one that a killed process began is left out."""
    found = []
    for folder in model.glob("step_*"):
        weights, last = folder / "model.00.safetensors", folder / "config.json"
        if last.is_file() and _is_json(last) and _is_whole(weights):
            update = int(folder.name.removeprefix("step_"))
            found.append(Checkpoint(update, folder, last.stat().st_mtime))
    return sorted(found, key=lambda checkpoint: checkpoint.update)


def _is_whole(weights: Path) -> bool:
    try:
        with safe_open(weights, framework="pt"):
            return True
    except (OSError, SafetensorError):
        return False


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True


def _only(pattern: re.Pattern[str], output: str, what: str) -> str:
    found = pattern.findall(output)
    if not found:
        raise RaceError(f"eole did not print {what}: is it another version than 0.6.4?")
    return found[-1]
