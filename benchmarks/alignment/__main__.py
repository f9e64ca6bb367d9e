"""How well attention links words, beside eflomal 2.0.0, on two golds.

    python benchmarks/alignment --data FOLDER --gold FOLDER --eflomal VENV [--folder alignment]
                                [--legs NAME ...] [--threads 2]

--data holds {train,dev}.{es,en}, as `regard split` writes them; --gold en-es.dev.{es,en} and
es-en.dev.gold, tokenised sentences and their links; --eflomal is a virtual environment with
eflomal==2.0.0, numpy and Cython. Translators of both directions are trained on Tatoeba and on the
phrasebook: as they are, taught by eflomal's links, and made to align. Finished legs are kept in
the folder and a training goes on where it was stopped, so the same command goes on with a
comparison. The tables come last, as Markdown, and can be printed at any time: --legs with no name.

Run it on a machine that does nothing else: about an hour and a half on 2 cores. A trial that shows
that all of it works: --pairs 2000 --phrasebook-pairs 2000 --epochs 1, in a folder of its own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":  # run as a folder, which is then all that Python looks in
    sys.path[0] = str(REPOSITORY)

import torch  # noqa: E402

from benchmarks.alignment.eflomal_peer import align  # noqa: E402
from benchmarks.alignment.runs import MODELS, Lesson, learn  # noqa: E402
from benchmarks.alignment.state import (  # noqa: E402
    EFLOMAL,
    LEGS,
    Comparison,
    Leg,
    Settings,
    open_comparison,
)
from benchmarks.alignment.tables import report  # noqa: E402
from benchmarks.alignment.text import make_phrasebook, make_tatoeba  # noqa: E402
from benchmarks.legs import commit, ending_well  # noqa: E402
from regard.translation.choice import available_threads  # noqa: E402
from regard.translation.durable import locked  # noqa: E402


def read_arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        prog="python benchmarks/alignment",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, help="{train,dev}.{es,en}, for tatoeba's legs")
    parser.add_argument("--gold", type=Path, help="en-es.dev.{es,en}, es-en.dev.gold")
    parser.add_argument("--eflomal", type=Path, help="a virtual environment with eflomal==2.0.0")
    parser.add_argument("--folder", type=Path, default=Path("alignment"), help="where it is kept")
    parser.add_argument("--legs", nargs="*", metavar="NAME", help=f"of: {', '.join(LEGS)}")
    parser.add_argument("--threads", type=int, default=available_threads())
    parser.add_argument("--epochs", type=int, default=5, help="of every training")
    parser.add_argument("--pairs", type=int, default=0, help="of Tatoeba; 0: all")
    parser.add_argument("--phrasebook-pairs", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=1, help="of every training")
    arguments = parser.parse_args(words)
    unknown = [name for name in arguments.legs or () if name not in LEGS]
    if unknown:
        parser.error(f"no leg {unknown[0]}; there are: {', '.join(LEGS)}")
    if min(arguments.threads, arguments.epochs, arguments.phrasebook_pairs) < 1:
        parser.error("--threads, --epochs and --phrasebook-pairs must be 1 or more")
    return arguments


def to_run(comparison: Comparison, names: Sequence[str]) -> list[Leg]:
    """The legs named that are not finished, a teacher before its pupils.

    Raises ValueError for one that is to be taught by a leg that is neither finished nor named.
    """
    legs = [leg for name, leg in LEGS.items() if name in names and comparison.result(name) is None]
    for leg in legs:
        teacher = f"{leg.text}-{EFLOMAL}"
        taught = leg.model in MODELS and MODELS[leg.model].links
        if taught and teacher not in names and comparison.result(teacher) is None:
            raise ValueError(f"{leg.name} is taught by {teacher}: add it to --legs")
    return legs


def make_text(comparison: Comparison, name: str, arguments: argparse.Namespace) -> None:
    """The text of that name, unless it is there.

    Raises ValueError where --data and --gold are missing, or not what was given first.
    """
    text, given = comparison.text(name), (arguments.data, arguments.gold)
    if name == "phrasebook":
        if not text.is_whole:
            make_phrasebook(text, comparison.settings.phrasebook_pairs)
    elif not (text.is_whole and given == (None, None)):
        if None in given:
            raise ValueError("tatoeba's legs need --data FOLDER and --gold FOLDER")
        make_tatoeba(text, arguments.data, arguments.gold, comparison.settings.pairs)


def run_leg(comparison: Comparison, leg: Leg, eflomal: Path | None) -> None:
    """Run a leg and keep what it measured."""
    settings, text = comparison.settings, comparison.text(leg.text)
    if leg.model == EFLOMAL:
        if eflomal is None:
            raise ValueError(f"{leg.name} needs --eflomal VENV")
        found = align(
            text, eflomal.absolute(), comparison.links(leg.text), threads=settings.threads
        )
    else:
        lesson = Lesson(
            MODELS[leg.model],
            leg.direction,
            text,
            comparison.links(leg.text),
            settings.epochs,
            settings.seed,
        )
        found = learn(lesson, comparison.run(leg.name), comparison.looks(leg.name))
    comparison.keep(leg.name, {**found, "commit": commit()})


def main() -> None:
    """Run the legs that are not finished, and print the tables of those that are."""
    arguments = read_arguments()
    torch.set_num_threads(arguments.threads)
    settings = Settings(
        threads=arguments.threads,
        epochs=arguments.epochs,
        pairs=arguments.pairs,
        phrasebook_pairs=arguments.phrasebook_pairs,
        seed=arguments.seed,
    )
    with ending_well("alignment"):
        comparison = open_comparison(arguments.folder.absolute(), settings)
        legs = to_run(comparison, list(LEGS) if arguments.legs is None else arguments.legs)
        if legs:  # tables alone may be asked for while another process runs
            with locked(comparison.folder):
                for name in dict.fromkeys(leg.text for leg in legs):
                    make_text(comparison, name, arguments)
                for leg in legs:
                    print(f"{leg.name} ...", file=sys.stderr, flush=True)
                    run_leg(comparison, leg, arguments.eflomal)
        print(report(comparison), end="")


if __name__ == "__main__":
    main()
