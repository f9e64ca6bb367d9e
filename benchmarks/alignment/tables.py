"""The comparison as Markdown tables: a system and how its links are read, by gold text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.alignment.eflomal_peer import RUNS, Taught
from benchmarks.alignment.runs import MODELS, links_of, looks_of
from benchmarks.alignment.state import EFLOMAL, Comparison
from benchmarks.alignment.text import NAMES
from benchmarks.race.tables import table
from regard.record.alignment import (
    ROW_CONVENTIONS,
    SYMMETRISERS,
    Links,
    agreeing_links,
    alignment_error_rate,
    turned,
)

COLUMNS = ("forward", "backward", "intersection", "union", "grow-diag", "grow-diag-final-and")
TITLES = {
    "phrasebook": "Phrasebook: 500 sentences that no training text can have, links of its grammar",
    "tatoeba": "XL-WA: 105 Wikipedia sentences, far from the text trained on, links by hand",
}
Directions = tuple[Sequence[Links], Sequence[Links]]


@dataclass(frozen=True)
class Score:
    """An alignment error rate with its precision and recall, in percent."""

    aer: float
    precision: float
    recall: float


def report(comparison: Comparison) -> str:
    """All tables of what is finished."""
    parts = []
    for name in NAMES:
        rows = list(_rows(comparison, name))
        if rows:
            heads = [f"AER % (precision / recall): {name}", *COLUMNS]
            parts += [f"## {TITLES[name]}", table(heads, rows)]
    parts += [_trainings(comparison), _provenance(comparison)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _rows(comparison: Comparison, text: str) -> Iterator[list[str]]:
    """Every system of a text that is finished."""
    gold = comparison.text(text)
    if comparison.result(f"{text}-{EFLOMAL}") is not None:
        truth = [line.sure for line in gold.gold()]
        taught = Taught(comparison.links(text))
        runs = [
            scores((taught.gold(number, "forward"), taught.gold(number, "backward")), truth)
            for number in range(RUNS)
        ]
        yield [f"eflomal, mean of {RUNS} runs", *map(_cell, map(_mean, zip(*runs, strict=True)))]
    for model in MODELS:
        legs = [f"{text}-{model}-{direction}" for direction in ("es-en", "en-es")]
        if any(comparison.result(leg) is None for leg in legs):
            continue
        truth = [line.sure for line in gold.gold()]
        folders = [comparison.looks(leg) for leg in legs]
        for rows in ROW_CONVENTIONS:
            there, back = (links_of(folder, rows) for folder in folders)
            alone = scores((there, list(map(turned, back))), truth)
            yield [f"{model}, {rows} rows", *map(_cell, alone)]
            looks = zip(*(looks_of(folder, rows) for folder in folders), strict=True)
            both = [agreeing_links(*each) for each in looks]
            together = scores(([one for one, _ in both], [other for _, other in both]), truth)
            yield [f"{model}, {rows} rows, agreeing", *map(_cell, together)]


def scores(directions: Directions, truth: Sequence[Links]) -> list[Score]:
    """The scores of both directions (all links Spanish-English) and of what joins them."""
    forward, backward = directions
    joined = [list(map(SYMMETRISERS[how], forward, backward)) for how in COLUMNS[2:]]
    found = [alignment_error_rate(links, truth, truth) for links in (forward, backward, *joined)]
    return [Score(one.aer, one.precision, one.recall) for one in found]


def _mean(several: Sequence[Score]) -> Score:
    count = len(several)
    return Score(
        sum(one.aer for one in several) / count,
        sum(one.precision for one in several) / count,
        sum(one.recall for one in several) / count,
    )


def _cell(score: Score) -> str:
    return f"{score.aer:.1f} ({score.precision:.1f} / {score.recall:.1f})"


def _trainings(comparison: Comparison) -> str:
    rows = []
    for text in NAMES:
        for model in MODELS.values():
            for direction in ("es-en", "en-es"):
                found = comparison.result(f"{text}-{model.name}-{direction}")
                if found is not None:
                    quality = found["dev_bleu"]
                    rows.append(
                        [
                            f"{text}, {model.name}, {direction}",
                            f"{found['parameters']:,}",
                            f"{found['updates']:,}",
                            f"{found['seconds']:,.0f}",
                            "" if quality is None else f"{quality:.1f}",
                        ]
                    )
    if not rows:
        return ""
    what = "\n".join(f"- {model.name}: {model.what}" for model in MODELS.values())
    heads = ["training", "parameters", "updates", "seconds", "BLEU of dev"]
    return "## The trainings\n\n" + table(heads, rows) + "\n\n" + what


def _provenance(comparison: Comparison) -> str:
    found = [comparison.result(f"{text}-{EFLOMAL}") for text in NAMES]
    versions = {f"{one['version']}" for one in found if one}
    seconds = [f"{second:.0f}" for one in found if one for second in one["seconds"]]
    if not versions:
        return ""
    settings = comparison.settings
    return (
        f"{', '.join(sorted(versions))}; its runs took {', '.join(seconds)} s. {settings.threads} "
        f"threads, {settings.epochs} epochs, seed {settings.seed}."
    )
