"""The results of a ladder as Markdown, of the legs that are finished."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.ladder import notes
from benchmarks.ladder.cost import multiplications
from benchmarks.ladder.figure import Curve, Panel, bin_name
from benchmarks.ladder.looks import Looks
from benchmarks.ladder.rows import ENSEMBLE, ENSEMBLE_OF, ROWS, Row
from benchmarks.ladder.state import LEGS, Ladder
from benchmarks.race.tables import table
from regard.record.alignment import ROW_CONVENTIONS

Result = Mapping[str, Any]
CURVES = {
    "Short sentences": ("general", "local-p", "none"),
    "Longer sentences": ("longer-general", "longer-local-p", "longer-none"),
}


@dataclass(frozen=True)
class Found:
    """The finished legs of a row, one at least and one for each seed."""

    row: Row
    name: str
    what: str
    seeds: tuple[int, ...]
    results: tuple[Result, ...]

    def spread(self, *keys: str, form: str = ".1f") -> str:
        """A value that is so deep in the results: the mean, and least to most where there are more.

        Empty where no result has it.
        """
        values = [_deep(result, keys) for result in self.results]
        numbers = [value for value in values if value is not None]
        return _mean_and_spread(numbers, form)

    def mean(self, *keys: str, form: str = ",.0f") -> str:
        """The mean of a value alone."""
        values = [_deep(result, keys) for result in self.results]
        numbers = [value for value in values if value is not None]
        return f"{statistics.mean(numbers):{form}}" if numbers else ""


def found_rows(ladder: Ladder) -> dict[str, Found]:
    """The rows of which something is finished, by name, in their order."""
    rows: dict[str, Found] = {}
    for row in ROWS.values():
        done = [(seed, ladder.result(f"{row.name}-seed{seed}")) for seed in row.seeds]
        both = [(seed, result) for seed, result in done if result is not None]
        if both:
            seeds, results = zip(*both, strict=True)
            rows[row.name] = Found(row, row.name, row.what, seeds, results)
    ensemble = ladder.result(ENSEMBLE)
    if ensemble is not None:
        row = ROWS[ENSEMBLE_OF]
        what = f"ensemble of the {len(row.seeds)} global, general"
        rows[ENSEMBLE] = Found(row, ENSEMBLE, what, (), (ensemble,))
    return rows


def report(ladder: Ladder) -> str:
    """All tables."""
    rows = found_rows(ladder)
    speeds = _speeds(ladder)
    of = {name: [each for each in rows.values() if each.row.table == name] for name in notes.TITLES}
    parts = [
        _head(rows, speeds),
        _section("ladder", of["ladder"], _quality(of["ladder"]), _cost(of["ladder"], speeds)),
        _section("longer", of["longer"], _quality(of["longer"]), _cost(of["longer"], speeds)),
        _by_length(rows),
        _section("words", of["words"], *map(_words, of["words"])),
        _section("tutorial", of["tutorial"], *(_tutorial(row, speeds) for row in of["tutorial"])),
        _section("headline", of["headline"], *map(_headline, of["headline"])),
        _how_sure(speeds),
        _repeat(ladder, rows),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def panels(ladder: Ladder) -> list[Panel]:
    """What the figure shows; nothing before attention can be compared with none."""
    rows = found_rows(ladder)
    drawn = []
    for title, names in CURVES.items():
        there = [rows[name] for name in names if name in rows]
        if len(there) > 1:
            curves = [
                Curve(each.what.split(", source")[0], [one["by_length"] for one in each.results])
                for each in there
            ]
            drawn.append(Panel(title, curves))
    return drawn


def _deep(result: Any, keys: Sequence[str]) -> float | None:
    for key in keys:
        result = (result or {}).get(key)
    return result


def _speeds(ladder: Ladder) -> dict[str, Result]:
    """The finished legs of speed by row."""
    found = {
        leg.model.name: ladder.result(name) for name, leg in LEGS.items() if leg.kind == "speed"
    }
    return {name: result for name, result in found.items() if result is not None}


def _section(name: str, rows: Sequence[Found], *tables: str) -> str:
    if not rows:
        return ""
    return "\n\n".join([f"### {notes.TITLES[name]}", *tables, notes.NOTES[name]])


def _head(rows: Mapping[str, Found], speeds: Mapping[str, Result]) -> str:
    """Where the numbers come from, once for all."""
    results = [*(result for each in rows.values() for result in each.results), *speeds.values()]
    if not results:
        return "No leg is finished yet."

    def said(value: Callable[[Result], str]) -> str:
        return ", ".join(sorted({value(result) for result in results}))

    versions = said(lambda result: f"regard {result['versions']['regard']}")
    torch = said(lambda result: f"torch {result['versions']['torch']}")
    tested = [result["test"] for result in results if "test" in result]
    lines = [
        f"{said(lambda result: result['processor'])}; {said(lambda r: r['precision'])}; "
        f"{versions}, {torch}. {' '.join(_company(rows, speeds))}",
    ]
    for title, key in (("BLEU", "signature"), ("chrF", "chrf_signature")):
        signatures = sorted({one[key] for one in tested})
        if signatures:
            lines.append(f"{title}: {', '.join(f'`{one}`' for one in signatures)}.")
    lines.append(notes.SPREAD)
    return "\n".join(lines)


def _company(rows: Mapping[str, Found], speeds: Mapping[str, Result]) -> Iterator[str]:
    """With how many threads legs were run, and how many of them at once."""
    trained = [result for each in rows.values() for result in each.results]
    for what, results in (("Rows", trained), ("Measured costs", speeds.values())):
        ways = sorted({(result["threads"], result["legs_at_once"]) for result in results})
        said = [
            f"{'1 thread' if threads == 1 else f'{threads} threads'}, {legs} at once"
            for threads, legs in ways
        ]
        if said:
            yield f"{what}: {' or '.join(said)}."


def _quality(rows: Sequence[Found]) -> str:
    texts = [name for name in ("phrasebook", "gold") if any(_has_aer(row, name) for row in rows)]
    head = ["attention", "seeds", "perplexity a piece", "BLEU", "chrF"]
    ways = [(name, rule) for name in texts for rule in ROW_CONVENTIONS]
    head += [f"AER {notes.AER_TEXTS[name]}, row {rule}" for name, rule in ways]
    lines = [
        [
            row.what,
            str(len(row.seeds)) if row.seeds else "",
            row.spread("test", "perplexity", form=".2f"),
            row.spread("test", "bleu"),
            row.spread("test", "chrf"),
            *(row.spread("aer", name, rule, "aer") for name, rule in ways),
        ]
        for row in rows
    ]
    return table(head, lines)


def _has_aer(row: Found, text: str) -> bool:
    return any(_deep(result, ("aer", text)) is not None for result in row.results)


def _cost(rows: Sequence[Found], speeds: Mapping[str, Result]) -> str:
    head = ["attention", "parameters", "source seen, %", "target pieces/s"]
    head += ["multiplications a target piece, thousands", "of them W_c and feeding"]
    head += ["measured µs a target piece"]
    lines = []
    for row in rows:
        if row.name == ENSEMBLE:
            continue
        looks = Looks(**row.results[0]["looks"])
        work = multiplications(row.row.recipe(1).model, looks)
        lines.append(
            [
                row.what,
                f"{row.results[0]['parameters']:,}",
                row.mean("looks", "seen_percent"),
                _speed(speeds.get(row.name)),
                "" if work is None else f"{work.total / 1000:,.0f}",
                "" if work is None else f"{(work.combine + work.feeding) / 1000:,.0f}",
                _microseconds(speeds.get(row.name)) if work is not None else "",
            ]
        )
    return table(head, lines)


def _speed(result: Result | None) -> str:
    return "" if result is None else f"{1e6 / result['microseconds_with']:,.0f}"


def _microseconds(result: Result | None) -> str:
    return "" if result is None else f"{result['cost_microseconds']:.1f}"


def _how_sure(speeds: Mapping[str, Result]) -> str:
    if not speeds:
        return ""
    head = ["row", "with attention", "without", "difference (middle half of the turns)"]
    lines = [
        [
            name,
            f"{found['microseconds_with']:.1f}",
            f"{found['microseconds_without']:.1f}",
            f"{found['cost_microseconds']:.1f} "
            f"({found['cost_quartiles'][0]:.1f} to {found['cost_quartiles'][1]:.1f})",
        ]
        for name, found in speeds.items()
    ]
    return f"### {notes.SPEED_TITLE}\n\n{table(head, lines)}\n\n{notes.SPEED}"


def _by_length(rows: Mapping[str, Found]) -> str:
    parts = []
    for title, names in CURVES.items():
        there = [rows[name] for name in names if name in rows]
        if not there:
            continue
        bins = there[0].results[0]["by_length"]
        head = [title, *(f"{bin_name(one)} words ({one['sentences']:,})" for one in bins)]
        lines = []
        for row in there:
            seeds = Curve(row.what, [one["by_length"] for one in row.results])
            values = [seeds.values(place) for place in range(len(bins))]
            lines.append([row.what, *(_mean_and_spread(each) for each in values)])
        parts.append(table(head, lines))
    return "\n\n".join([f"### {notes.LENGTH_TITLE}", *parts]) if parts else ""


def _mean_and_spread(values: Sequence[float], form: str = ".1f") -> str:
    if not values:
        return ""
    mean = f"{statistics.mean(values):{form}}"
    return mean if len(values) == 1 else f"{mean} ({min(values):{form}} to {max(values):{form}})"


def _words(row: Found) -> str:
    unknown = row.results[0]["unknown"]
    names = {
        "left": "`<unk>` left as it is",
        "copied": "the source word that it looked at",
        "looked_up": f"the same, through a dictionary of {unknown['dictionary']:,} words",
    }
    lines = [[said, f"{unknown['bleu'][name]:.1f}"] for name, said in names.items()]
    return (
        table(["an unknown word becomes", "BLEU"], lines)
        + f"\n\nUnknown words of the test part: {unknown['source_percent']:.1f} % of the source, "
        f"{unknown['target_percent']:.1f} % of the target."
    )


def _tutorial(row: Found, speeds: Mapping[str, Result]) -> str:
    result = row.results[0]
    lines = [
        ["TensorFlow's tutorial", "", *notes.TUTORIAL_FIGURES, ""],
        [
            row.what,
            f"{result['parameters']:,}",
            f"{result['dev']['nats_per_piece']:.2f}",
            f"{result['dev']['accuracy_percent'] / 100:.3f}",
            f"{result['tutorial']['greedy']['tutorial_bleu']:.2f}",
            _speed(speeds.get(row.name)),
            f"{result['tutorial']['beam']['tutorial_bleu']:.2f}",
        ],
    ]
    head = [
        "",
        "parameters",
        "dev: nats a token",
        "masked accuracy",
        "BLEU, greedy",
        "target tokens/s",
    ]
    head += ["BLEU, beam 5, unknown words copied"]
    signature = result["tutorial"]["greedy"]["tutorial_signature"]
    return table(head, lines) + f"\n\nBLEU here: `{signature}`, in the tutorial's own form."


def _headline(row: Found) -> str:
    result = row.results[0]
    values = {
        "parameters": f"{result['parameters']:,}",
        "updates (best at)": f"{result['updates']:,} ({result['best_update']:,})",
        "ended by": result["ended_by"],
        "seconds of training": f"{result['seconds']:,.0f}",
        "BLEU": f"{result['test']['bleu']:.2f}",
        "chrF, TER": f"{result['test']['chrf']:.2f}, {result['test']['ter']:.2f}",
        "perplexity a piece": f"{result['test']['perplexity']:.2f}",
        "nats a character": f"{result['test']['nats_per_character']:.3f}",
    }
    return table([row.what, ""], [[key, value] for key, value in values.items()])


def _repeat(ladder: Ladder, rows: Mapping[str, Found]) -> str:
    """The command that repeats every row, and the commits that it was made with."""
    if not rows:
        return ""
    settings = ladder.settings
    words = f"--threads {settings.threads}"
    for name in ("pairs", "sentences", "epochs"):
        if getattr(settings, name):
            words += f" --{name} {getattr(settings, name)}"
    lines = []
    for row in rows.values():
        seeds = f" --seeds {' '.join(map(str, row.seeds))}" if row.seeds else ""
        commits = _each(commit for result in row.results for commit in result["commits"])
        lines.append(f"- `--rows {row.name}{seeds}`: {row.what} (commit {commits})")
    command = f"python benchmarks/ladder --data FOLDER --folder OUT {words} --rows NAME --seeds N"
    parts = [
        f"### {notes.REPEAT_TITLE}",
        f"```bash\n{command}\n```",
        "\n".join(lines),
        notes.REPEAT,
    ]
    return "\n\n".join(parts)


def _each(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(values))
