"""The command that trains."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regard.cli.application import Device, RecipeFile, Settings, app

if TYPE_CHECKING:
    from regard.translation.progress import Display
    from regard.translation.run import Run
    from regard.translation.train import Outcome

BEGAN = time.monotonic()  # as near to the start of the command as this module can know
ALPHA_SENTENCES = 500  # or up to twice as many


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
    from regard.translation.schedule import parse_duration

    choose_device(device)
    seconds = None if how_long is None else parse_duration(how_long)
    if (resume is None) == (out is None):
        raise ValueError("name a new run with --out RUN, or one to go on with, --resume RUN")
    if resume is not None and (source or target or recipe):
        raise ValueError("--resume takes the text and the recipe from the run: leave them out")
    with open_display(quiet=quiet) as display:
        run = _run(source, target, out, recipe, settings or [], resume, seconds, display)
        outcome = train_run(run, device, display, spent_seconds=time.monotonic() - BEGAN)
        if outcome.reason == "interrupted":
            raise typer.Exit(130)
        finish(run, device, display)


def train_run(run: Run, device: str, display: Display, *, spent_seconds: float = 0.0) -> Outcome:
    """Train a prepared run, from its first update or from where it stopped."""
    from regard.translation.corpus import Corpus
    from regard.translation.device import choose_device
    from regard.translation.preparation import dev_batches, dev_bleu
    from regard.translation.run import new_model
    from regard.translation.train import train

    return train(
        run,
        new_model(run)[0],
        Corpus.open(run.corpus),
        dev_batches(run),
        dev_bleu=dev_bleu(run),
        device=choose_device(device),
        already_spent_seconds=spent_seconds,
        display=display,
    )


def finish(run: Run, device: str, display: Display) -> None:
    """Choose the length normalisation if nobody has, say what to do with the translator."""
    from regard.translation.run import open_run

    run = open_run(run.folder)  # somebody may have edited its recipe while it was trained
    if run.recipe.search.beam > 1 and run.alpha_is_open:
        _choose_alpha(run, device, display)
    folder = run.folder
    display.say(f"the translator is in {folder}; next:")
    display.say(f'  regard translate {folder} "..." --show')
    if run.part("test", "source").stat().st_size:
        display.say(f"  regard evaluate {folder}")


def _choose_alpha(run: Run, device: str, display: Display) -> None:
    from regard.translation.preparation import dev_lines
    from regard.translation.run import settle_alpha
    from regard.translation.translator import load
    from regard.translation.tune import choose_alpha

    sources, references = dev_lines(run)
    if not sources:
        return
    step = max(1, len(sources) // ALPHA_SENTENCES)  # from all over the part: files are often sorted
    sources, references = sources[::step], references[::step]
    chosen = choose_alpha(load(run.folder, device=device), sources, references)
    settle_alpha(run, chosen.alpha)
    display.say(
        f"length_alpha {chosen.alpha:g}, chosen on dev: "
        f"BLEU {chosen.bleu_by_alpha[chosen.alpha]:.2f} with a beam of "
        f"{run.recipe.search.beam} ({len(sources)} sentences)"
    )


def _run(
    source: Path | None,
    target: Path | None,
    out: Path | None,
    recipe: Path | None,
    settings: list[str],
    resume: Path | None,
    seconds: float | None,
    display: Display,
) -> Run:
    from regard.cli.begin import begin, go_on

    if resume is not None:
        return go_on(resume, settings, seconds=seconds, say=display.say)
    assert out is not None
    return begin(source, target, out, recipe, settings, seconds=seconds, say=display.say)
