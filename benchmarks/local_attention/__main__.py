"""What a look at the source costs per target word: eyes open against a squint.

    python benchmarks/local_attention [--size 512] [--radius 10] [--sentences 32]
                                      [--lengths S ...] [--json] [--figure FILE] [--from FILE]

Writing: one target word at a time of every sentence, from prepared sources, no gradients.
Training: one sentence with as many target words as source words, all at once, forward and backward.
Training with input feeding: twenty words of every sentence one after the other, then backward; the
keys' gradient, found once for all steps, is shared among these twenty.
All are the look alone: score, normaliser, context, and for local-p W_p and v_p.
tanh(W_c [c_t ; h_t]), which every scope needs alike, has rows of its own. Searching: a whole step
of a beam of 5, with LSTM, output layer and the choice of rows.

Times are the best of several. Memory is the most that PyTorch's allocator has handed out at a time,
as its profiler notes it, without what was there before (keys, queries, weights) and without the
results (contexts; gradients of keys, queries and weights).

Run it on a machine that does nothing else; it takes three to four minutes. --json prints everything
as JSON, from which --from prints the tables and --figure draws the figure again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

REPOSITORY = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":  # run as a folder, which is then all that Python looks in
    sys.path[0] = str(REPOSITORY)

from benchmarks.legs import ending_well  # noqa: E402
from benchmarks.local_attention import work as works  # noqa: E402
from benchmarks.local_attention.figure import write_costs  # noqa: E402
from benchmarks.local_attention.measuring import bytes_per_word, seconds_per_word  # noqa: E402
from benchmarks.local_attention.results import (  # noqa: E402
    COMBINED,
    FED,
    SCOPES,
    Machine,
    Results,
    Row,
    Settings,
    read_results,
)
from benchmarks.race.machine import processor  # noqa: E402
from benchmarks.race.tables import table  # noqa: E402
from regard.attention import LuongAttention  # noqa: E402
from regard.view.sheet import need_matplotlib  # noqa: E402

MakeWork = Callable[[LuongAttention, int, int], works.Work]
LOOKS: dict[str, tuple[MakeWork, MakeWork]] = {
    "writing": (works.writing, works.writing_combined),
    "training": (works.training, works.training_combined),
}
SECONDS_EACH = 0.6


def measure(settings: Settings, seconds_each: float = SECONDS_EACH) -> Results:
    """Everything, one row after the other."""

    def row(work: str, scope: str, make: MakeWork, *, memory: bool) -> Row:
        layer = LuongAttention(
            settings.size,
            score="general",
            scope="everything" if scope == COMBINED else scope,
            radius=settings.radius,
        )
        if layer.scope_name == "local-p":  # at 0, where it begins, all windows lie in one place
            torch.nn.init.uniform_(layer.scope_weights["v_p"], -0.1, 0.1)
        seconds, counts = [], []
        for length in settings.lengths:
            made = make(layer, length, settings.sentences)
            seconds.append(seconds_per_word(made, seconds_each))
            if memory:
                counts.append(bytes_per_word(made))
        return Row(work, scope, tuple(seconds), tuple(counts) if memory else None)

    rows = []
    for work, (make, make_combined) in LOOKS.items():
        rows += [row(work, scope, make, memory=True) for scope in SCOPES]
        rows.append(row(work, COMBINED, make_combined, memory=True))
    rows += [row(FED, scope, works.training_fed, memory=True) for scope in SCOPES]
    rows += [row("searching", scope, works.searching, memory=False) for scope in SCOPES]
    machine = Machine(processor(), torch.get_num_threads(), torch.__version__)
    return Results(settings, machine, rows)


def tables(results: Results) -> str:
    """Time and memory as Markdown; the last column compares with global at the longest source."""
    settings, machine = results.settings, results.machine
    head = [f"S = {length:,}" for length in settings.lengths]
    parts = [
        f"{settings.size} units, score `general`, D = {settings.radius}; writing: "
        f"{settings.sentences} sentences; {machine.processor}, {machine.threads} threads, "
        f"torch {machine.torch}"
    ]
    for title, unit, values_of in (
        ("Microseconds per target word", 1e-6, lambda row: row.seconds_per_word),
        ("KiB per target word", 1024, lambda row: row.bytes_per_word),
    ):
        lines = []
        for row in results.rows:
            if values_of(row) is not None:
                cells = [f"{value / unit:,.1f}" for value in values_of(row)]
                whole = values_of(results.row(row.work, "everything"))
                less = "" if row.scope not in SCOPES else f"{whole[-1] / values_of(row)[-1]:.1f}"
                lines.append([row.work, row.scope, *cells, less])
        parts += [title, table(["work", "scope", *head, "times less"], lines)]
    return "\n\n".join(parts) + "\n"


def read_arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        prog="python benchmarks/local_attention",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    usual = Settings()
    parser.add_argument("--size", type=int, default=usual.size, help="units of a state")
    parser.add_argument("--radius", type=int, default=usual.radius, help="D: a window sees 2 D + 1")
    parser.add_argument(
        "--sentences", type=int, default=usual.sentences, help="that are written at once"
    )
    parser.add_argument(
        "--lengths", type=int, nargs="+", default=usual.lengths, metavar="S", help="of the source"
    )
    parser.add_argument("--json", action="store_true", help="instead of tables")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="a PNG")
    parser.add_argument(
        "--from", type=Path, metavar="FILE", dest="earlier", help="JSON, instead of measuring"
    )
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> None:
    """Measure, or read what was measured; print it, and draw the figure if there is to be one."""
    arguments = read_arguments(words)
    with ending_well("local_attention", stopped="Nothing is kept of what was measured."):
        if arguments.figure is not None:
            _check_can_draw()  # before minutes of measuring
        if arguments.earlier is not None:
            results = read_results(arguments.earlier)
        else:
            results = measure(
                Settings(
                    tuple(sorted(set(arguments.lengths))),
                    arguments.size,
                    arguments.radius,
                    arguments.sentences,
                )
            )
        print(results.to_json() if arguments.json else tables(results), end="")
        if arguments.figure is not None:
            write_costs(arguments.figure, results)


def _check_can_draw() -> None:
    try:
        need_matplotlib()
    except ModuleNotFoundError as error:
        raise ValueError(error) from None


if __name__ == "__main__":
    main()
