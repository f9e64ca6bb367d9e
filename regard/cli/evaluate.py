"""Commands that measure: the quality of a run, scores of anybody's files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regard.cli.align import RowsOfWords, Tokenised, load_reading
from regard.cli.application import AsJson, Device, RunFolder, app, check_folder

if TYPE_CHECKING:
    from regard.record.alignment import LineOfLinks


@app.command()
def evaluate(
    run: RunFolder,
    source: Annotated[
        Path | None, typer.Argument(metavar="[SOURCE]", help="Default: the run's own test part.")
    ] = None,
    target: Annotated[Path | None, typer.Argument(metavar="[TARGET]")] = None,
    gold: Annotated[
        Path | None, typer.Option(metavar="LINKS", help="Gold word links, for the AER.")
    ] = None,
    gold_base: Annotated[int, typer.Option(help="The number of the gold's first word.")] = 0,
    tokenised: Tokenised = False,
    rows: RowsOfWords = "predicted",
    beam: Annotated[int | None, typer.Option(min=1, help="Default: the recipe's.")] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the translations.")
    ] = None,
    as_json: AsJson = False,
    device: Device = "auto",
) -> None:
    """Measure a run: BLEU, chrF, TER with signatures, perplexity, and with gold links the AER.

    regard evaluate runs/mine

    regard evaluate runs/mine test.es test.en --gold test.gold --tokenised

    With --tokenised only the alignment is measured: the text is not as the model writes it.
    What the run's own test part gives is kept in the run, in scores.json.
    """
    from dataclasses import replace

    from regard.translation.durable import write_text
    from regard.translation.evaluate import (
        alignment_json,
        perplexity,
        score_alignment,
        score_texts,
    )
    from regard.translation.run import open_run, write_scores

    if (source is None) != (target is None):
        raise ValueError("evaluate needs both SOURCE and TARGET, or neither")
    if tokenised and gold is None:
        raise ValueError("--tokenised measures links alone: name their file, --gold LINKS")
    if tokenised and output is not None:
        raise ValueError("--output keeps translations, but --tokenised makes none: leave one out")
    check_folder("--output", output)
    own = source is None
    if source is None or target is None:
        source, target = _test_part(run)
    sources, targets, truth = _judged_lines(source, target, gold, gold_base)
    translator = load_reading(run, device, rows, links=gold is not None)
    if beam is not None:
        translator = replace(translator, settings=replace(translator.settings, beam=beam))
    found: dict[str, Any] = {}
    if not tokenised:
        outputs = [one.text for one in translator.translate(sources)]
        if output is not None:
            write_text(output, "".join(line + "\n" for line in outputs))
        found |= {**score_texts(outputs, targets).to_json(), "beam": translator.settings.beam}
        tokens = (translator.source_tokens, translator.target_tokens)
        found |= perplexity(translator.model, tokens, sources, targets).to_json()
    if truth is not None:
        links = [
            one.alignment for one in translator.align_stream(sources, targets, tokenised=tokenised)
        ]
        found |= {**alignment_json(score_alignment(links, truth)), "rows": rows}
    if own and not tokenised:  # links alone would overwrite all other scores
        write_scores(open_run(run), {"test": found})
    typer.echo(json.dumps(found) if as_json else _table(found))


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
    typer.echo(json.dumps(found) if as_json else _table(found))


def _test_part(run: Path) -> tuple[Path, Path]:
    from regard.translation.run import open_run

    opened = open_run(run)
    source, target = opened.part("test", "source"), opened.part("test", "target")
    if not source.is_file() or not source.stat().st_size:
        raise ValueError(f"{run}: has no test part; name SOURCE and TARGET")
    return source, target


def _judged_lines(
    source: Path, target: Path, gold: Path | None, gold_base: int
) -> tuple[list[str], list[str], list[LineOfLinks] | None]:
    """All that a judgement reads, compared before anything is translated."""
    from regard.record.alignment import parse_lines
    from regard.translation.evaluate import check_scorable
    from regard.translation.lines import check_same_count, read_lines

    sources, targets = read_lines(source), read_lines(target)
    check_scorable(sources, targets, source, target)
    if gold is None:
        return sources, targets, None
    truth = parse_lines(read_lines(gold), gold_base, name=str(gold))
    check_same_count(truth, sources, gold, source)
    return sources, targets, truth


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
    }
    lines = [
        f"{label:<22}{found[name]:10,.2f}"
        if isinstance(found[name], float)
        else f"{label:<22}{found[name]:10,}"
        for name, label in names.items()
        if name in found
    ]
    lines += [str(found[name]) for name in found if name.endswith("signature")]
    return "\n".join(lines)
