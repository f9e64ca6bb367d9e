"""Commands that measure: the quality of a run, scores of anybody's files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from regard.cli.align import RowsOfWords, Tokenised
from regard.cli.application import AsJson, Device, Precision, RunFolder, app, check_folder
from regard.cli.output import say_too_long, write_line


@app.command()
def evaluate(
    run: RunFolder,
    more: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]... [SOURCE TARGET]",
            help="More runs, to translate together; files, else the run's own test part.",
        ),
    ] = None,
    gold: Annotated[
        Path | None, typer.Option(metavar="LINKS", help="Gold word links, for the AER.")
    ] = None,
    gold_base: Annotated[int, typer.Option(help="The number of the gold's first word.")] = 0,
    tokenised: Tokenised = False,
    rows: RowsOfWords = None,
    beam: Annotated[int | None, typer.Option(min=1, help="Default: the recipe's.")] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the translations.")
    ] = None,
    as_json: AsJson = False,
    device: Device = "auto",
    precision: Precision = "auto",
) -> None:
    """Measure a run: BLEU, chrF, TER with signatures, perplexity, and with gold links the AER.

    regard evaluate runs/mine

    regard evaluate runs/mine test.es test.en --gold test.gold --tokenised

    regard evaluate runs/one runs/two runs/three

    With --tokenised only the alignment is measured: the text is not as the model writes it.
    What a run's own test part gives is kept in the run, in scores.json; of several runs, which must
    have the same test part, nothing is kept.
    """
    from regard.cli.runs import runs_and_rest
    from regard.translation.judge import evaluate_run

    check_folder("--output", output)
    runs, files = runs_and_rest(run, more)
    if len(files) > 2:
        raise ValueError(f"{files[0]}: holds no run, and after the runs SOURCE and TARGET are all")
    source, target = [*files, None, None][:2]
    found = evaluate_run(
        runs,
        source,
        target,
        gold=gold,
        gold_base=gold_base,
        tokenised=tokenised,
        rows=rows,
        beam=beam,
        output=output,
        device=device,
        precision=precision,
    )
    missing = ["have no links"] * (gold is not None)
    if not tokenised:
        missing.insert(0, "are no part of the perplexity")
    say_too_long(found.too_long, found.lines, " and ".join(missing))
    values = found.to_json()
    write_line(json.dumps(values) if as_json else _table(values))


@app.command()
def score(
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="What a system wrote.")],
    reference: Annotated[Path, typer.Argument(metavar="REFERENCE", help="What is right.")],
    links: Annotated[
        bool, typer.Option("--links", help="Both files hold word links: measure the AER.")
    ] = False,
    gold_base: Annotated[int, typer.Option(help="The number of the gold's first word.")] = 0,
    swap: Annotated[
        bool, typer.Option("--swap", help="OUTPUT's links are written target-source.")
    ] = False,
    tokenize: Annotated[
        str, typer.Option(metavar="NAME", help="BLEU's: 13a, none, intl, zh or char.")
    ] = "13a",
    as_json: AsJson = False,
) -> None:
    """Score files that any system wrote, line by line.

    regard score output.en test.en

    regard score --links output.links test.gold --gold-base 1

    Links are 3-4 (sure) or 3p4 (possible), separated by spaces.
    """
    from regard.translation.evaluate import alignment_json, score_files, score_links

    found = (
        alignment_json(score_links(output, reference, gold_base=gold_base, swap=swap))
        if links
        else score_files(output, reference, tokenize=tokenize).to_json()
    )
    write_line(json.dumps(found) if as_json else _table(found))


def _table(found: dict[str, Any]) -> str:
    """A line a value, signatures last."""
    names = {
        "bleu": "BLEU",
        "chrf": "chrF2",
        "ter": "TER (less is better)",
        "perplexity": "perplexity a piece",
        "nats_per_piece": "nats a piece",
        "nats_per_character": "nats a character",
        "aer": "AER (less is better)",
        "precision": "precision of links",
        "recall": "recall of links",
        "links": "links",
        "lines": "sentences",
        "beam": "beam",
        "search_precision": "precision of search",
    }
    lines = [
        f"{label:<22}{_cell(found[name]):>10}" for name, label in names.items() if name in found
    ]
    lines += [str(found[name]) for name in found if name.endswith("signature")]
    return "\n".join(lines)


def _cell(value: str | int | float) -> str:
    """A number as people read it, or a word."""
    if isinstance(value, str):
        return value
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
