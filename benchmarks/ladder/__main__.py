"""What global and local attention buy, and what they cost: Luong 2015's Tables 1 and 4, small.

    python benchmarks/ladder --data FOLDER --folder OUT [--longer FOLDER] [--gold FOLDER]
                             [--rows NAME ...] [--jobs 1] [--threads 2]

--data holds {train,dev,test}.{es,en}, as `regard split` writes them; --source and --target name
other endings. --longer holds Multi30k (train, val and test_2016_flickr .de .en), --gold sentences
with links (en-es.dev.es, .en and .gold): give it from the start, since a leg that is finished is
not measured again. Each leg is a row from one seed, about ten minutes of 2 threads. Finished legs
are kept in the folder and the others go on where they were stopped, so the same command goes on
with a ladder. The tables come last, as Markdown, and can be printed at any time: --rows with no
name.

Run it on a machine that does nothing else. --jobs 2 --threads 1 gets more done on two cores, but
the threads are part of a folder's settings: they decide the bits. Everything takes about eight
hours with one job of two threads; `--rows headline`, which is run only when named, two more.
A trial that shows that all of it works: --pairs 300 --sentences 30 --epochs 1, in a folder of its
own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":  # run as a folder, which is then all that Python looks in
    sys.path[0] = str(REPOSITORY)

from benchmarks.figures import draw_or_say  # noqa: E402
from benchmarks.ladder.figure import write_lengths  # noqa: E402
from benchmarks.ladder.jobs import Jobs, Running, leg_command  # noqa: E402
from benchmarks.ladder.minutes import expected_seconds, pace  # noqa: E402
from benchmarks.ladder.rows import NAMES, ROWS  # noqa: E402
from benchmarks.ladder.state import (  # noqa: E402
    LEGS,
    Ladder,
    Leg,
    Settings,
    begin_ladder,
    chosen_legs,
)
from benchmarks.ladder.tables import panels, report  # noqa: E402
from benchmarks.ladder.text import Size, copy_gold, longer_text, short_text  # noqa: E402
from benchmarks.legs import ending_well  # noqa: E402
from regard.translation.durable import locked  # noqa: E402
from regard.translation.progress import clock_time  # noqa: E402


def read_arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        prog="python benchmarks/ladder",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="{train,dev,test}.{es,en}")
    parser.add_argument("--source", default="es", help="ending of the source files")
    parser.add_argument("--target", default="en", help="ending of the target files")
    parser.add_argument("--longer", type=Path, help="Multi30k, German and English")
    parser.add_argument("--gold", type=Path, help="en-es.dev.{es,en,gold}")
    parser.add_argument("--folder", type=Path, default=Path("ladder"), help="where it is kept")
    parser.add_argument("--rows", nargs="*", metavar="NAME", help=f"of: {', '.join(NAMES)}")
    parser.add_argument("--seeds", nargs="*", type=int, metavar="N", help="of the rows' seeds")
    parser.add_argument("--list", action="store_true", help="rows, legs done, minutes expected")
    parser.add_argument("--figure", type=Path, help="default: bleu-by-length.png in the folder")
    parser.add_argument("--jobs", type=int, default=1, help="legs at a time")
    parser.add_argument("--threads", type=int, default=2, help="of each")
    parser.add_argument("--pairs", type=int, default=0, help="to train on; 0: all")
    parser.add_argument("--sentences", type=int, default=0, help="of dev and of test; 0: all")
    parser.add_argument("--epochs", type=int, default=0, help="of every row; 0: its own")
    arguments = parser.parse_args(words)
    unknown = [name for name in arguments.rows or () if name not in NAMES]
    if unknown:
        parser.error(f"no row {unknown[0]}; there are: {', '.join(NAMES)}")
    if min(arguments.jobs, arguments.threads) < 1:
        parser.error("--jobs and --threads must be 1 or more")
    return arguments


def open_asked(arguments: argparse.Namespace) -> Ladder:
    """The ladder that was asked for, with its texts; ValueError for what cannot be."""
    settings = Settings(
        threads=arguments.threads,
        pairs=arguments.pairs,
        sentences=arguments.sentences,
        epochs=arguments.epochs,
    )
    ladder = begin_ladder(arguments.folder.absolute(), settings)
    size, texts = Size(arguments.pairs, arguments.sentences), ladder.folder / "text"
    endings = {"source": arguments.source, "target": arguments.target}
    short_text(texts, arguments.data, endings, size)
    if arguments.longer is not None:
        longer_text(texts, arguments.longer, size)
    if arguments.gold is not None:
        copy_gold(ladder.folder / "gold", arguments.gold)
    return ladder


def to_run(ladder: Ladder, asked: Sequence[Leg], *, named: bool) -> list[Leg]:
    """Those of the legs that are not finished and can be run.

    Raises ValueError for a leg that lacks a text or the legs it needs, if its row was named.
    """
    legs = []
    for leg in asked:
        if ladder.result(leg.name) is not None:
            continue
        if ladder.text(leg.model.text).facts() is None:
            if named:
                raise ValueError(f"{leg.name} reads the longer text: give --longer FOLDER")
            continue
        names = {each.name for each in asked}
        lacking = [one for one in leg.needs if one not in names and ladder.result(one) is None]
        if lacking:
            if named:
                raise ValueError(
                    f"{leg.name} needs {lacking[0]}, which is not finished: give its row and its "
                    "seed too"
                )
            continue
        legs.append(leg)
    return legs


def overview(ladder: Ladder) -> str:
    """Every row with its legs, how many are done, and the minutes that the rest should take."""
    rate = pace(ladder, list(LEGS.values()))
    lines = [f"{'row':<16}{'done':>6}{'minutes left':>14}  what"]
    total = 0.0
    for name in NAMES:
        legs = [leg for leg in LEGS.values() if leg.row == name]
        done = sum(ladder.result(leg.name) is not None for leg in legs)
        left = sum(
            expected_seconds(ladder, leg, rate) for leg in legs if ladder.result(leg.name) is None
        )
        what = ROWS[name].what if name in ROWS else _WHAT[name]
        if name in ROWS and ROWS[name].only_when_named:
            what += " (only when named)"
        elif name in ROWS and ladder.text(ROWS[name].text).facts() is None:
            what += " (needs --longer)"
        else:
            total += left
        lines.append(f"{name:<16}{f'{done}/{len(legs)}':>6}{left / 60:>14,.0f}  {what}")
    lines.append(f"All that needs no name: {total / 3600:.1f} hours, one leg at a time.")
    return "\n".join(lines) + "\n"


_WHAT = {
    "speed": "what attention costs: each model beside itself without attention",
    "ensemble": "the seeds of general, translating together",
}


def run_all(ladder: Ladder, legs: Sequence[Leg], jobs: int) -> list[str]:
    """Run legs; the names of those that failed."""

    def left(running: Sequence[Running], waiting: Sequence[Leg]) -> str:
        rate = pace(ladder, list(LEGS.values()))
        seconds = sum(expected_seconds(ladder, leg, rate) for leg in waiting)
        for each in running:
            seconds += max(0.0, expected_seconds(ladder, each.leg, rate) - each.seconds)
        done = len(legs) - len(waiting) - len(running)
        return f"{done} of {len(legs)} legs done, about {clock_time(seconds / jobs)} left"

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    return Jobs(
        count=jobs,
        threads=ladder.settings.threads,
        command=lambda leg: leg_command(ladder.folder, leg, jobs),
        log=lambda leg: ladder.log(leg.name),
        say=say,
        left=left,
    ).run(legs)


def main() -> None:
    """Run the legs that are not finished, and print the tables of those that are."""
    arguments = read_arguments()
    failed: list[str] = []
    with ending_well("ladder"):
        ladder = open_asked(arguments)
        if arguments.list:
            print(overview(ladder), end="")
            return
        asked = chosen_legs(arguments.rows, arguments.seeds)
        legs = to_run(ladder, asked, named=arguments.rows is not None)
        if legs:  # tables alone may be asked for while another process runs
            with locked(ladder.folder):
                failed = run_all(ladder, legs, arguments.jobs)
        print(report(ladder), end="")
        _draw(ladder, arguments.figure)
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
        sys.exit(1)


def _draw(ladder: Ladder, path: Path | None) -> None:
    found = panels(ladder)
    if found:
        path = ladder.folder / "bleu-by-length.png" if path is None else path
        draw_or_say(path, lambda where: write_lengths(where, found))


if __name__ == "__main__":
    main()
