"""The legs about speed: what the machine can do, training, and translation."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.race import eole_peer, joeynmt_peer
from benchmarks.race.bench import plain
from benchmarks.race.regard_peer import SearchJob, TrainingJob, do
from benchmarks.race.reports import Report, Trained, tokens_per_s
from benchmarks.race.scores import scores
from benchmarks.race.state import Leg, Race
from regard.translation.lines import read_lines

SEEDS = (1, 2)


def machine(race: Race, leg: str) -> dict[str, Any]:
    """The peaks of the machine."""
    output = race.work(leg) / "measured.json"
    race.run(leg, "machine", [sys.executable, "-m", "benchmarks.race.machine", output])
    return json.loads(output.read_bytes())


@dataclass(frozen=True)
class Training:
    """A toolkit's pass over the text."""

    toolkit: str
    precision: str
    seed: int

    @property
    def name(self) -> str:
        """What comes after "train-"."""
        return f"{self.toolkit}-{self.precision}-seed{self.seed}"

    def train(self, race: Race, leg: str) -> dict[str, Any]:
        """Train, and say how fast and how well."""
        trained = _train_eole if self.toolkit == "eole" else _train_regard
        return trained(race, leg, self).to_json()


@dataclass(frozen=True)
class Translation:
    """A toolkit's translation of the test part, by a model that it trained.

    eole searches in the precision of its training; regard in any.
    """

    training: Training
    precision: str

    @property
    def name(self) -> str:
        """What comes after "translate-"."""
        same = self.precision == self.training.precision
        return self.training.name + ("" if same else f"-searched-in-{self.precision}")

    def translate(self, race: Race, leg: str) -> dict[str, Any]:
        """Translate, and say how fast and how well."""
        trained = race.work(f"train-{self.training.name}")
        if self.training.toolkit == "eole":
            return {**asdict(self.training), **_translate_eole(race, leg, trained)}
        found = _translate_regard(race, leg, trained, self.precision)
        return {**asdict(self.training), **found}


def _train_eole(race: Race, leg: str, training: Training) -> Trained:
    updates = race.settings.updates
    configuration = eole_peer.write_configuration(
        race.work(leg),
        race.bench,
        eole_peer.LARGE,
        precision=training.precision,
        seed=training.seed,
        updates=updates,
        save_every=updates,
        validate_every=updates,
    )
    program = race.environments.program("eole", "eole")
    done = race.run(leg, "train", [program, "train", "--config", configuration])
    return Trained(
        **asdict(training),
        updates=updates,
        parameters=eole_peer.parameters(done.output),
        target_tokens_per_s=tokens_per_s(eole_peer.reports(done.output)),
        seconds=done.seconds,
        peak_mib=done.peak_mib,
        dev_nats_per_piece=eole_peer.dev_nats_per_piece(done.output),
        versions=race.environments.versions("eole"),
    )


def _train_regard(race: Race, leg: str, training: Training) -> Trained:
    work = race.work(leg)
    job = TrainingJob(
        bench=str(race.bench.folder),
        run=str(work / "run"),
        precision=training.precision,
        seed=training.seed,
        updates=race.settings.updates,
    )
    answer = do(job, work / "job.json")
    done = race.run(leg, "train", _regard(work / "job.json"))
    found = json.loads(answer.read_bytes())
    return Trained(
        **asdict(training),
        updates=found["updates"],
        parameters=found["parameters"],
        target_tokens_per_s=tokens_per_s([Report(**each) for each in found["reports"]]),
        seconds=done.seconds,
        peak_mib=done.peak_mib,
        dev_nats_per_piece=found["dev_nats_per_piece"],
        versions=found["versions"],
    )


def train_joeynmt(race: Race, leg: str) -> dict[str, Any]:
    """JoeyNMT's speed; its encoder reads both ways, so its model is larger."""
    updates = min(race.settings.updates, race.settings.joeynmt_updates)
    configuration = joeynmt_peer.write_configuration(
        race.work(leg), race.bench, seed=1, updates=updates
    )
    program = race.environments.program("joeynmt", "python")
    done = race.run(leg, "train", joeynmt_peer.train_command(program, configuration))
    return Trained(
        toolkit="joeynmt",
        precision="float32",
        seed=1,
        updates=updates,
        parameters=joeynmt_peer.parameters(done.output),
        target_tokens_per_s=tokens_per_s(joeynmt_peer.reports(done.output)),
        seconds=done.seconds,
        peak_mib=done.peak_mib,
        dev_nats_per_piece=None,
        versions=race.environments.versions("joeynmt"),
    ).to_json()


def _translate_eole(race: Race, leg: str, trained: Path) -> dict[str, Any]:
    source = race.part_of_test(leg, "test.src", read_lines(race.bench.path("test", "src")))
    output = race.work(leg) / "output.pieces"
    program = race.environments.program("eole", "eole")
    command = eole_peer.translate_command(program, trained / "model", source, output)
    runs = [race.run(leg, f"translate{turn}", command) for turn in range(race.settings.repeats)]
    pieces = read_lines(output)
    return {
        "seconds": {"not_recorded": [eole_peer.search_seconds(done.output) for done in runs]},
        "sentences": len(pieces),
        "pieces": sum(len(line.split()) for line in pieces),
        "mean_score": eole_peer.mean_score(runs[-1].output),
        "search_precision": eole_peer.search_precision(runs[-1].output),
        "versions": race.environments.versions("eole"),
        **scores(plain(pieces), race.some(race.text.lines("test", "tgt"))),
    }


def _translate_regard(race: Race, leg: str, trained: Path, precision: str) -> dict[str, Any]:
    work = race.work(leg)
    source = race.part_of_test(leg, "test.src", read_lines(race.bench.path("test", "src")))

    def search(name: str, **how: Any) -> dict[str, Any]:
        job = SearchJob(
            bench=str(race.bench.folder),
            run=str(trained / "run"),
            source=str(source),
            output=str(work / f"{name}.txt"),
            precision=precision,
            **how,
        )
        answer = do(job, work / f"{name}.json")
        race.run(leg, name, _regard(work / f"{name}.json"))
        return json.loads(answer.read_bytes())

    turns = range(race.settings.repeats)
    recorded = [search(f"recorded{turn}", record=True) for turn in turns]
    others = [search(f"not-recorded{turn}", record=False) for turn in turns]
    alone = search("one-by-one", record=False, sentences=1)
    outputs = read_lines(work / "not-recorded0.txt")
    singly = read_lines(work / "one-by-one.txt")
    return {
        **others[0],
        "seconds": {
            "recorded": [each["seconds"] for each in recorded],
            "not_recorded": [each["seconds"] for each in others],
        },
        "seconds_one_by_one": alone["seconds"],
        "mean_score_one_by_one": alone["mean_score"],
        "different_one_by_one": sum(a != b for a, b in zip(outputs, singly, strict=True)),
        **scores(outputs, race.some(race.text.lines("test", "tgt"))),
    }


def _regard(job: Path) -> list[str | Path]:
    return [sys.executable, "-m", "benchmarks.race.regard_peer", job]


def legs() -> list[Leg]:
    """In the order in which they are run: the toolkits in turn."""
    trainings = [
        Training(toolkit, precision, seed)
        for seed in SEEDS
        for precision in ("float32", "bfloat16")
        for toolkit in ("eole", "regard")
    ]
    translations = [Translation(each, each.precision) for each in trainings]
    # What half precision costs: the same model in both.
    translations += [
        Translation(each, "float32")
        for each in trainings
        if (each.toolkit, each.precision) == ("regard", "bfloat16")
    ]
    return [
        Leg("machine", machine),
        *(Leg(f"train-{each.name}", each.train) for each in trainings),
        Leg("train-joeynmt-float32", train_joeynmt),
        *(
            Leg(f"translate-{each.name}", each.translate, (f"train-{each.training.name}",))
            for each in translations
        ),
    ]
