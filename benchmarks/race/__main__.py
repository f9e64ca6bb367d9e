"""Race regard against eole 0.6.4 (and JoeyNMT 2.3.0, for the speed of training) on one text.

    python benchmarks/race --data FOLDER [--folder race] [--threads 2] [--legs NAME ...]

FOLDER holds {train,dev,test}.{es,en}, as `regard split` writes them; --source and --target name
other endings. The text is cut into pieces once, and all read the same pieces, vocabulary and
batches of 64 sentences with as many threads. Legs are run one after the other; what one measured
is kept in the race's folder, so a race that was stopped goes on with the leg that it was in. The
tables come last, as Markdown, and can be printed at any time: --legs with no name.

Run it on a machine that does nothing else. Everything takes about three hours on 2 cores.
A trial that shows that all of it works: --updates 30 --sentences 40 --repeats 1
--quality-seconds 60, in a folder of its own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":  # run as a folder, which is then all that Python looks in
    sys.path[0] = str(REPOSITORY)

from benchmarks.figures import draw_or_say  # noqa: E402
from benchmarks.legs import begin_folder, ending_well, own_folder, read_result  # noqa: E402
from benchmarks.race import quality, speed  # noqa: E402
from benchmarks.race.bench import Bench, PlainText, make_bench  # noqa: E402
from benchmarks.race.environments import PINS, Environments  # noqa: E402
from benchmarks.race.figure import write_minutes  # noqa: E402
from benchmarks.race.state import (  # noqa: E402
    Leg,
    Race,
    Settings,
    run_leg,
)
from benchmarks.race.tables import report  # noqa: E402
from regard.translation.choice import available_threads  # noqa: E402
from regard.translation.durable import locked  # noqa: E402

LEGS: dict[str, Leg] = {leg.name: leg for leg in (*speed.legs(), *quality.legs())}
WHOLE_PASS = 1804  # updates of 64 sentences over 115,452 pairs


def read_arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        prog="python benchmarks/race",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="{train,dev,test}.{es,en}")
    parser.add_argument("--source", default="es", help="ending of the source files")
    parser.add_argument("--target", default="en", help="ending of the target files")
    parser.add_argument("--bench", type=Path, help="that text in pieces, where it is there already")
    parser.add_argument("--folder", type=Path, default=Path("race"), help="where the race is kept")
    parser.add_argument("--legs", nargs="*", metavar="NAME", help=f"of: {', '.join(LEGS)}")
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        metavar="NAME=FOLDER",
        help=f"a virtual environment that is there already, of {' or '.join(PINS)}",
    )
    parser.add_argument("--threads", type=int, default=available_threads())
    parser.add_argument("--updates", type=int, default=WHOLE_PASS, help="of a training leg")
    parser.add_argument("--joeynmt-updates", type=int, default=120)
    parser.add_argument("--quality-seconds", type=float, default=600.0)
    parser.add_argument("--sentences", type=int, default=0, help="of the test part; 0: all")
    parser.add_argument("--repeats", type=int, default=3, help="of a translation; the best counts")
    parser.add_argument("--figure", type=Path, help="default: bleu-by-minutes.png in the folder")
    arguments = parser.parse_args(words)
    unknown = [name for name in arguments.legs or () if name not in LEGS]
    if unknown:
        parser.error(f"no leg {unknown[0]}; there are: {', '.join(LEGS)}")
    if min(arguments.threads, arguments.updates // 6, arguments.repeats) < 1:
        parser.error("--threads and --repeats must be 1 or more, --updates 6 or more")
    return arguments


def open_race(arguments: argparse.Namespace) -> Race:
    """The race that was asked for, its text in pieces; raises ValueError for what cannot be."""
    folder = arguments.folder.absolute()
    text = PlainText(arguments.data.absolute(), arguments.source, arguments.target)
    peers = dict(word.partition("=")[::2] for word in arguments.peer)
    for peer in peers:
        if peer not in PINS:
            raise ValueError(f"--peer {peer}: there are {' and '.join(PINS)}")
    if arguments.bench is None:
        own_folder(folder, "race")
        bench = make_bench(folder / "bench", text)
    else:
        bench = Bench(arguments.bench.absolute())
    settings = Settings(
        threads=arguments.threads,
        updates=arguments.updates,
        joeynmt_updates=arguments.joeynmt_updates,
        quality_seconds=arguments.quality_seconds,
        sentences=arguments.sentences,
        repeats=arguments.repeats,
        bench=bench.digest(),
    )
    begin_folder(folder, "race", asdict(settings))
    given = {peer: Path(place).absolute() for peer, place in peers.items()}
    return Race(folder, settings, bench, text, Environments(folder / "environments", given))


def main() -> None:
    """Run the legs that are not finished, and print the tables of those that are."""
    arguments = read_arguments()
    with ending_well("race"):
        race = open_race(arguments)
        run_all(race, list(LEGS) if arguments.legs is None else arguments.legs)
        found = {
            name: result for name in LEGS if (result := read_result(race.folder, name)) is not None
        }
        print(report(found), end="")
        quality_legs = {name: one for name, one in found.items() if name.startswith("quality-")}
        if quality_legs:
            path = arguments.figure or race.folder / "bleu-by-minutes.png"
            draw_or_say(path, lambda where: write_minutes(where, quality_legs))


def run_all(race: Race, names: Sequence[str]) -> None:
    """Run those of the legs that are not finished, each after the legs that it needs."""
    if not names:
        return  # tables alone may be asked for while another process races
    with locked(race.folder):
        for name in LEGS:
            if name in names and read_result(race.folder, name) is None:
                print(f"{name} ...", file=sys.stderr, flush=True)
                run_leg(race, LEGS[name])


if __name__ == "__main__":
    main()
