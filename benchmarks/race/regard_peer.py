"""regard on the same pieces: a process of its own that trains, or searches with what was trained.

    python -m benchmarks.race.regard_peer JOB

JOB is a JSON file, a `TrainingJob` or a `SearchJob`; the answer goes beside it. Training is
`regard.translation.train.train`, the loop behind `regard train`, and the speed is that of its log.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch

import regard
from benchmarks.race.bench import Bench
from benchmarks.race.child import RaceError
from benchmarks.race.given_pieces import GivenPieces, read_part, read_vocabulary
from benchmarks.race.reports import Report, report_every
from regard.translation.batches import to_batch
from regard.translation.checkpoint import put_weights, read_checkpoint
from regard.translation.corpus import Corpus, prepare
from regard.translation.device import autocast, choose_precision
from regard.translation.families import build
from regard.translation.lines import read_lines
from regard.translation.model import Batch, TranslationModel
from regard.translation.recipe import Recipe
from regard.translation.recipe_file import recipe_from
from regard.translation.run import WEIGHTS, Run, create_run, open_run
from regard.translation.search import SearchSettings, in_batches, search_all
from regard.translation.train import train
from regard.translation.update import groups

SENTENCES = 32
ALPHA = 0.6
NEVER_SECONDS = 1e9
MODEL = {
    "embedding": 512,
    "hidden": 512,
    "layers": 2,
    "bidirectional": False,
    "attention": "general",
    "input_feeding": True,
    "dropout": 0.2,
}


@dataclass(frozen=True)
class TrainingJob:
    """A pass over the bench, in a new folder `run`."""

    bench: str
    run: str
    precision: str
    seed: int
    updates: int


@dataclass(frozen=True)
class SearchJob:
    """A translation of `source`, a file of pieces, by the model in `run`, into `output`.

    `sentences` are searched together; `record` keeps attention. Every search is a process of its
    own, as every translation by a peer is.
    """

    bench: str
    run: str
    source: str
    output: str
    precision: str
    record: bool
    sentences: int = SENTENCES


def do(job: TrainingJob | SearchJob, path: Path) -> Path:
    """Write a job for a process; the file that its answer will be in."""
    kind = "train" if isinstance(job, TrainingJob) else "search"
    path.write_text(json.dumps({kind: asdict(job)}) + "\n", encoding="utf-8")
    return answer_of(path)


def answer_of(job: Path) -> Path:
    """The file of a job's answer."""
    return job.with_suffix(".answer.json")


def recipe_of(job: TrainingJob) -> Recipe:
    """What eole is told, in regard's words."""
    training = {
        "optimiser": "adam",
        "learning_rate": 0.001,
        "schedule": "constant",
        "label_smoothing": 0.0,
        "clip": 5.0,
        "batch": 64,
        "updates": job.updates,
        "epochs": 0,
        "patience": 0,
        "stop_by": "loss",
        "validate_every": job.updates,  # after the last update, once
        "save_every_seconds": NEVER_SECONDS,  # eole saves at the end alone, too
        "precision": job.precision,
        "seed": job.seed,
        "log_every": report_every(job.updates),
    }
    tokens = {"size": 8000, "shared": True}
    return recipe_from({"tokens": tokens, "model": MODEL, "training": training}, "the race")


def trained(job: TrainingJob) -> dict[str, Any]:
    """Train, and say how fast and how well."""
    bench, recipe = Bench(Path(job.bench)), recipe_of(job)
    run, tokens = create_run(Path(job.run), recipe), read_vocabulary(bench)
    limit = recipe.data.max_pieces
    corpus = prepare(run.corpus, read_part(bench, "train"), tokens, tokens, max_pieces=limit)
    model = new_model(recipe, tokens)
    dev = dev_batches(bench, tokens)
    outcome = train(run, model, corpus, dev, device=torch.device("cpu"))
    if outcome.reason != "updates" or outcome.best is None:
        raise RaceError(f"{run.folder}: the training ended by {outcome.reason}")
    return {
        "reports": [asdict(report) for report in reports(run, corpus)],
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "updates": outcome.update,
        "dev_nats_per_piece": outcome.best.scores.loss_nats_per_piece,
        "versions": versions(),
    }


def new_model(recipe: Recipe, tokens: GivenPieces) -> TranslationModel:
    """The model with first weights of the recipe's seed; both sides embed for themselves."""
    torch.manual_seed(recipe.training.seed)
    return build(recipe.model, tokens.size, tokens.size, shared=recipe.tokens.shared)


def dev_batches(bench: Bench, tokens: GivenPieces) -> list[Batch]:
    """The dev part of a bench in batches of similar length."""
    pairs = read_part(bench, "dev")
    sources = tokens.encode_ids([pair.source for pair in pairs])
    targets = tokens.encode_ids([pair.target for pair in pairs])
    lengths = [max(map(len, both)) + 1 for both in zip(sources, targets, strict=True)]
    return [
        to_batch([sources[i] for i in rows], [targets[i] for i in rows])
        for rows in in_batches(lengths)
    ]


def reports(run: Run, corpus: Corpus) -> list[Report]:
    """What the training's log reported; the tokens of its updates are counted in the corpus."""
    settings = run.recipe.training
    lines = [json.loads(line) for line in run.log.read_text(encoding="utf-8").splitlines()]
    speeds = [line for line in lines if line["event"] == "training"]
    labels = (
        sum(int(batch.label_mask.sum()) for batch in group.batches)
        for group in groups(corpus, settings, 0, 0)
    )
    found, before = [], 0
    for line in speeds:
        count = line["update"] - before
        tokens = sum(islice(labels, count))
        before = line["update"]
        if count == settings.log_every:  # not what is left at the end, as no peer reports it
            found.append(Report(tokens, tokens / line["target_tokens_per_s"]))
    return found


def searched(job: SearchJob) -> dict[str, Any]:
    """Translate, and say how fast; loading of the model does not count."""
    run, tokens = open_run(Path(job.run)), read_vocabulary(Bench(Path(job.bench)))
    model = new_model(run.recipe, tokens)
    put_weights(model, read_checkpoint(run.best, WEIGHTS)[0], run.best)
    settings = SearchSettings(beam=5, length_alpha=ALPHA, record=job.record)
    began = time.perf_counter()
    sources = tokens.encode_ids(read_lines(Path(job.source)))
    device = torch.device("cpu")
    precision = choose_precision(job.precision, device)
    with autocast(device, precision):
        found = [best for best, *_ in search_all(model, sources, settings, sentences=job.sentences)]
    text = "".join(f"{tokens.decode(each.ids)}\n" for each in found)
    Path(job.output).write_text(text, encoding="utf-8")
    return {
        "seconds": time.perf_counter() - began,
        "sentences": len(found),
        "pieces": sum(len(each.ids) for each in found),
        "mean_score": sum(each.score for each in found) / len(found),
        "search_precision": str(precision).removeprefix("torch."),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """What the numbers come from."""
    return {
        "regard": regard.__version__,
        "torch": torch.__version__,
        "python": ".".join(map(str, sys.version_info[:3])),
    }


def main(path: Path) -> None:
    """Do the job in a file."""
    [(kind, values)] = json.loads(path.read_text(encoding="utf-8")).items()
    answer = trained(TrainingJob(**values)) if kind == "train" else searched(SearchJob(**values))
    answer_of(path).write_text(json.dumps(answer) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
