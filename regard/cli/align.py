"""The command that links the words of given pairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regard.cli.application import AsJson, Device, RunFolder, SourceFile, TargetFile, app
from regard.cli.output import say_too_long, write_line

if TYPE_CHECKING:
    from regard.translation.translator import Translator

Tokenised = Annotated[
    bool,
    typer.Option("--tokenised", help="Words are what stands between spaces; links count those."),
]
RowsOfWords = Annotated[
    str | None,
    typer.Option(
        metavar="predicted|input",
        help="Which row of attention is a word's: of the step that writes it, or that reads it. "
        "Default: the row that --links guided in training, else predicted.",
    ),
]


@app.command()
def align(
    run: RunFolder,
    source: SourceFile,
    target: TargetFile,
    back: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="A run of the opposite direction, to combine with."),
    ] = None,
    combine: Annotated[
        str,
        typer.Option(metavar="HOW", help="intersection, union, grow-diag, grow-diag-final[-and]."),
    ] = "grow-diag-final-and",
    separately: Annotated[
        bool,
        typer.Option(
            "--separately", help="With --back: each run links by itself, without the other's looks."
        ),
    ] = False,
    tokenised: Tokenised = False,
    rows: RowsOfWords = None,
    as_json: AsJson = False,
    device: Device = "auto",
) -> None:
    """Write the word links of given pairs, a line each: 0-0 1-2 (source-target, from 0).

    regard align runs/mine test.es test.en > links.txt

    regard align runs/es-en test.es test.en --back runs/en-es

    The model is made to write each target, and a word is linked to the source word that it looked
    at most. A word that looked at the end of the sentence most has no link. With --back a word is
    linked to the one that both runs together look at most. A pair of more than 1,000 pieces on a
    side gets an empty line, and is counted on standard error.
    """
    from regard.record.alignment import format_links
    from regard.translation.align import agreed, check_combine, combined
    from regard.translation.lines import check_same_count, read_lines

    check_combine(combine)
    if separately and back is None:
        raise ValueError("--separately says how two runs are combined: name the other, --back RUN")
    join = combined if separately else agreed
    sources, targets = read_lines(source), read_lines(target)
    check_same_count(sources, targets, source, target)
    forward = _load_reading(run, device, rows)
    backward = None if back is None else _load_reading(back, device, rows)
    pairs = forward.align_stream(sources, targets, tokenised=tokenised)
    if backward is None:
        found = ((pair, pair.alignment, pair.too_long) for pair in pairs)
    else:
        others = backward.align_stream(targets, sources, tokenised=tokenised)
        both = zip(pairs, others, strict=True)
        found = (
            (pair, join(pair, other, combine), pair.too_long or other.too_long)
            for pair, other in both
        )
    too_long = []
    for number, (pair, links, is_too_long) in enumerate(found, start=1):
        if is_too_long:
            too_long.append(number)
        if not as_json:
            write_line(format_links(links))
            continue
        words = {
            "source_words": [word.text for word in pair.source_words],
            "words": [word.text for word in pair.target_words],
        }
        write_line(json.dumps({**words, "alignment": sorted(links)}, ensure_ascii=False))
    say_too_long(too_long, len(sources), "have no links")


def _load_reading(run: Path, device: str, rows: str | None) -> Translator:
    """A translator that reads its attention, of which there must be some, by `rows`, if named."""
    from dataclasses import replace

    from regard.attention import sites
    from regard.record.alignment import check_convention
    from regard.translation.load import load

    if rows is not None:
        check_convention(rows)
    translator = load(run, device=device)
    reader = translator.reader
    if not sites(translator.model):
        raise ValueError(f"{run}: has no attention (model.attention = none), so it links no words")
    return replace(translator, reader=replace(reader, rows=rows or reader.rows))
