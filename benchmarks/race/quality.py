"""The legs about quality: what a given time of training is worth, the start of a program included.

eole is stopped when its time is up, and its last whole checkpoint counts; regard ends by itself.
The length penalty is chosen on dev for both, among the same exponents, after that time.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import regard
from benchmarks.race import eole_peer
from benchmarks.race.bench import plain
from benchmarks.race.child import RaceError
from benchmarks.race.scores import scores
from benchmarks.race.state import Leg, Race
from regard.translation.evaluate import bleu
from regard.translation.lines import read_lines
from regard.translation.tune import ALPHAS

POINTS_OF_A_CURVE = 8
ENDLESS = 1_000_000  # updates
# As leg 2 has it: the sizes of the large model, with regard's own schedule and pieces.
LARGE_MODEL = (
    "model.embedding=512",
    "model.hidden=512",
    "model.layers=2",
    "model.bidirectional=false",
    "model.input_feeding=true",
    "model.dropout=0.2",
    "tokens.size=8000",
    "training.learning_rate=0.001",
    "training.clip=5.0",
)


@dataclass(frozen=True)
class EoleQuality:
    """eole with a model of some size; `save_every` is in updates, about 30 seconds' worth."""

    size: eole_peer.Size
    save_every: int

    def __call__(self, race: Race, leg: str) -> dict[str, Any]:
        """Train for the time given, choose the penalty, translate the test part."""
        seconds = race.settings.quality_seconds
        trial = seconds < 120  # enough to see that it works
        configuration = eole_peer.write_configuration(
            race.work(leg),
            race.bench,
            self.size,
            precision="float32",
            seed=1,
            updates=ENDLESS,
            save_every=5 if trial else self.save_every,
        )
        program = race.environments.program("eole", "eole")
        command = [program, "train", "--config", configuration]
        done = race.run(leg, "train", command, seconds)
        saved = eole_peer.checkpoints(race.work(leg) / "model")
        if not done.stopped or not saved:
            raise RaceError(f"{leg}: {seconds:g} seconds were not enough for a first checkpoint")
        for each in saved:  # nobody goes on from here, and they are two thirds of the disk
            (each.folder / "optimizer.pt").unlink(missing_ok=True)
        translate = _EoleTranslation(race, leg, program)
        by_penalty = {
            f"{penalty} {alpha:g}": translate.dev(saved[-1].folder, penalty, alpha)
            for penalty, alpha in (("avg", 1.0), *(("wu", alpha) for alpha in ALPHAS))
        }
        chosen = max(by_penalty, key=lambda each: by_penalty[each])
        penalty, alpha = chosen.split()
        outputs = translate.test(saved[-1].folder, penalty, float(alpha))
        curve = [
            {
                "minutes": (each.saved_at - done.began_at) / 60,
                "dev_bleu": translate.dev(each.folder, "avg", 1.0, beam=1),
            }
            for each in _spread(saved)
        ]
        return {
            "toolkit": "eole",
            "model": f"{self.size.layers} x {self.size.width}",
            "parameters": eole_peer.parameters(done.output),
            "updates": saved[-1].update,
            "seconds": done.seconds,
            "peak_mib": done.peak_mib,
            "dev_bleu_by_penalty": by_penalty,
            "penalty": chosen,
            "curve": curve,
            "versions": race.environments.versions("eole"),
            **scores(outputs, race.some(race.text.lines("test", "tgt"))),
        }


@dataclass(frozen=True)
class _EoleTranslation:
    race: Race
    leg: str
    program: Path

    def dev(self, model: Path, penalty: str, alpha: float, beam: int = 5) -> float:
        """The BLEU of the dev part in percent."""
        name = f"dev-{model.name}-{penalty}-{alpha:g}-beam{beam}"
        source = self.race.bench.path("dev", "src")
        outputs = self._lines(name, model, source, penalty, alpha, beam)
        return bleu(outputs, self.race.text.lines("dev", "tgt")).value

    def test(self, model: Path, penalty: str, alpha: float) -> list[str]:
        """The plain text of the test part."""
        lines = read_lines(self.race.bench.path("test", "src"))
        source = self.race.part_of_test(self.leg, "test.src", lines)
        return self._lines("test", model, source, penalty, alpha, 5)

    def _lines(
        self, name: str, model: Path, source: Path, penalty: str, alpha: float, beam: int
    ) -> list[str]:
        output = self.race.work(self.leg) / f"{name}.pieces"
        command = eole_peer.translate_command(
            self.program, model, source, output, beam=beam, penalty=penalty, alpha=alpha
        )
        self.race.run(self.leg, name, command)
        return plain(read_lines(output))


def _spread(saved: Sequence[eole_peer.Checkpoint]) -> list[eole_peer.Checkpoint]:
    """Some checkpoints, evenly apart, the last among them."""
    count = min(POINTS_OF_A_CURVE, len(saved))
    return [saved[(turn + 1) * len(saved) // count - 1] for turn in range(count)]


@dataclass(frozen=True)
class RegardQuality:
    """`regard train --for`, without a recipe, with these settings put over what it chooses."""

    model: str
    settings: tuple[str, ...] = ()

    def __call__(self, race: Race, leg: str) -> dict[str, Any]:
        """Train for the time given on the same text with the same dev part, and evaluate."""
        work, text = race.work(leg), race.text
        run = work / "run"
        dev = [
            f"data.dev_{name}={json.dumps(str(text.path('dev', side).absolute()))}"
            for name, side in (("source", "src"), ("target", "tgt"))
        ]
        command = [
            *(sys.executable, "-m", "regard", "train"),
            *(text.path("train", "src"), text.path("train", "tgt"), "--out", run),
            *("--for", f"{race.settings.quality_seconds:g}s", "--device", "cpu"),
            *(part for setting in (*dev, *self.settings) for part in ("--set", setting)),
        ]
        done = race.run(leg, "train", command)
        test = [
            race.part_of_test(leg, f"test.{side}", text.lines("test", side))
            for side in ("src", "tgt")
        ]
        output = work / "output.txt"
        evaluate = ["-m", "regard", "evaluate", run, *test, "--output", output, "--json"]
        race.run(leg, "evaluate", [sys.executable, *evaluate])
        return {
            "toolkit": "regard",
            "model": self.model,
            "seconds": done.seconds,
            "peak_mib": done.peak_mib,
            **_from_run(run),
            **scores(read_lines(output), read_lines(test[1])),
        }


def _from_run(folder: Path) -> dict[str, Any]:
    """What a run folder tells about its training."""
    from safetensors import safe_open

    from regard.translation.run import open_run

    run = open_run(folder)
    log = [json.loads(line) for line in run.log.read_text(encoding="utf-8").splitlines()]
    validations = [line for line in log if line["event"] == "validation"]
    with safe_open(run.best, framework="pt") as file:
        names = list(file.keys())
        parameters = sum(file.get_tensor(name).numel() for name in names)
    return {
        "parameters": parameters,
        "updates": max(line["update"] for line in log),
        "penalty": f"wu {run.recipe.search.length_alpha:g}",
        "curve": [
            {"minutes": line["seconds"] / 60, "dev_bleu": line["bleu_percent"]}
            for line in validations
        ],
        "versions": {"regard": regard.__version__},
    }


def legs() -> list[Leg]:
    """In the order in which they are run: the toolkits in turn."""
    return [
        Leg("quality-eole-2x512", EoleQuality(eole_peer.LARGE, save_every=50)),
        Leg("quality-regard-chosen", RegardQuality("as chosen")),
        Leg("quality-eole-1x256", EoleQuality(eole_peer.SMALL, save_every=100)),
        Leg("quality-regard-2x512", RegardQuality("2 x 512", LARGE_MODEL)),
    ]
