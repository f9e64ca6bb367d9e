"""Commands for text: fetch it, divide it, tokenise it ahead of training."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from regard.cli.application import AsJson, LinksFile, RecipeFile, Settings, SourceFile, app
from regard.cli.output import write_line

OptionalTarget = Annotated[
    Path | None,
    typer.Argument(metavar="[TARGET]", help="Their translations; without it SOURCE is a TSV file."),
]
Size = Annotated[
    float | None, typer.Option(metavar="N", help="Pairs, or a share below 1.", show_default=False)
]


@app.command()
def data(
    name: Annotated[str, typer.Argument(metavar="NAME", help="spa-eng")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where it goes.")] = Path(),
    from_file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="A copy that is here already.")
    ] = None,
) -> None:
    """Fetch a public corpus, verify it, and write it as two text files.

    regard data spa-eng --out data

    spa-eng is Spanish and English from tatoeba.org, the text of TensorFlow's translation tutorial.
    """
    from regard.translation.public import fetch

    write_line(str(fetch(name, out, from_file=from_file)))


@app.command()
def split(
    source: SourceFile,
    target: OptionalTarget = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the parts go.")] = Path(),
    dev: Size = None,
    test: Size = None,
    seed: Annotated[int, typer.Option(help="Another seed, another division.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Divide a text into train, dev and test parts that share no sentence.

    regard split mine.es mine.en --out parts

    Pairs that are joined by a sentence on either side stay together. Without --dev and --test a
    part gets five in a hundred pairs up to 500, and one in a hundred where that is more.
    """
    import json
    from dataclasses import asdict

    from regard.translation.split import split_files

    report = split_files(
        source, target, out, dev=_size("--dev", dev), test=_size("--test", test), seed=seed
    )
    write_line(json.dumps(asdict(report)) if as_json else str(report))


@app.command()
def prepare(
    source: SourceFile,
    target: OptionalTarget = None,
    out: Annotated[Path, typer.Option(metavar="RUN", help="The folder of the run.")] = Path("run"),
    recipe: RecipeFile = None,
    settings: Settings = None,
    links: LinksFile = None,
) -> None:
    """Do what comes before training: set parts aside, learn the vocabulary, tokenise.

    regard prepare mine.es mine.en --out runs/mine

    regard train --resume runs/mine

    `regard train` does this by itself. Runs side by side share what is the same.
    """
    from regard.translation.progress import open_display
    from regard.translation.workflow import begin_run

    with open_display() as display:
        begin_run(
            out,
            source,
            target,
            recipe=recipe,
            settings=settings or [],
            links=links,
            display=display,
        )
        display.say(f"ready: regard train --resume {out}")


def _size(option: str, given: float | None) -> int | float | None:
    if given is None or 0 <= given < 1:
        return given
    if not 1 <= given < math.inf or given != int(given):
        raise ValueError(f"{option} {given:g}: give a whole number of pairs, or a share below 1")
    return int(given)
