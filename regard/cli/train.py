"""The command that trains."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regard.cli.application import Device, LinksFile, RecipeFile, Settings, app

if TYPE_CHECKING:
    from regard.translation.run import Run

BEGAN = time.monotonic()  # as near to the start of the command as this module can know


@app.command()
def train(
    source: Annotated[
        Path | None, typer.Argument(metavar="[SOURCE]", help="Sentences, one a line; may be .gz.")
    ] = None,
    target: Annotated[
        Path | None,
        typer.Argument(metavar="[TARGET]", help="Translations; without it SOURCE is a TSV file."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="RUN", help="The folder of the run, new or empty.")
    ] = None,
    recipe: RecipeFile = None,
    settings: Settings = None,
    how_long: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="TIME",
            help="Train for so long, preparation included: 10m, 90s, 1h30m. With --resume: in all, "
            "what was trained before included. Choosing length_alpha on dev comes after it.",
        ),
    ] = None,
    links: LinksFile = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Go on with a run that was stopped.")
    ] = None,
    device: Device = "auto",
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
) -> None:
    """Train a translator from two text files.

    regard train mine.es mine.en --out runs/mine

    regard train mine.es mine.en --out runs/mine --for 10m

    regard train --recipe recipes/spa-eng.toml --out runs/spa-eng

    regard train --resume runs/mine

    Without a recipe one is chosen from the amount of text, and said why. Ctrl-C saves; --resume
    goes on exactly there.
    """
    from regard.translation.device import choose_device
    from regard.translation.progress import open_display
    from regard.translation.run import open_run
    from regard.translation.schedule import parse_duration
    from regard.translation.workflow import begin_run, train_run

    choose_device(device)
    seconds = None if how_long is None else parse_duration(how_long)
    if (resume is None) == (out is None):
        raise ValueError("name a new run with --out RUN, or one to go on with, --resume RUN")
    if resume is not None and (source or target or recipe or links):
        raise ValueError("--resume takes text, links and recipe from the run: leave them out")
    with open_display(quiet=quiet) as display:
        if out is not None:
            folder = out
            begin_run(
                folder,
                source,
                target,
                recipe=recipe,
                settings=settings or [],
                seconds=seconds,
                links=links,
                device=device,
                display=display,
            )
            outcome = train_run(folder, device=device, display=display, began=BEGAN)
        else:
            assert resume is not None
            folder = resume
            outcome = train_run(
                folder,
                settings=settings or [],
                seconds=seconds,
                device=device,
                display=display,
                began=BEGAN,
            )
        if outcome.reason == "interrupted":
            raise typer.Exit(130)
        for line in what_next(open_run(folder)):
            display.say(line)


def what_next(run: Run) -> list[str]:
    """What to do with a translator that has been trained, a line each."""
    lines = [f"the translator is in {run.folder}; next:"]
    lines.append(f'  regard translate {run.folder} "..." --show')
    test = run.part("test", "source")
    if test.is_file() and test.stat().st_size:
        lines.append(f"  regard evaluate {run.folder}")
    return lines
