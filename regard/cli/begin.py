"""From the command line's files and settings to a run folder that is ready to be trained."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regard.translation.pairs import Reading
    from regard.translation.recipe import Recipe
    from regard.translation.run import Run

Say = Callable[[str], None]


def begin(
    source: Path | None,
    target: Path | None,
    out: Path,
    recipe: Path | None,
    settings: list[str],
    *,
    seconds: float | None,
    say: Say,
) -> Run:
    """Take a recipe or choose one, and write everything that training needs.

    A text named here replaces all the text of a recipe, its dev and test parts too. Raises
    ValueError for text and settings that cannot be used, and then leaves nothing behind.
    """
    from regard.translation.pairs import read_pairs
    from regard.translation.preparation import fill, read_parts
    from regard.translation.recipe import change, read_recipe
    from regard.translation.run import create_run, names_setting

    alpha_is_set = names_setting(settings, "search.length_alpha")
    if recipe is not None:
        chosen = read_recipe(recipe)
        alpha_is_set = alpha_is_set or "length_alpha" in chosen.search.model_fields_set
        if seconds is not None:
            chosen = change(chosen, _only(seconds))
    else:
        if source is None:
            raise ValueError("name the text: regard train SOURCE TARGET --out RUN")
        chosen = _choose(read_pairs(source, target).read_through(), seconds, say)
        if settings:
            say(f"But as asked for: {', '.join(settings)}")
    if source is not None:
        chosen = change(chosen, files(source, target))
    chosen = change(chosen, settings)
    if not chosen.data.source:
        raise ValueError(f"{recipe}: names no text (data.source); name it on the command line")
    parts = read_parts(chosen.data, say)
    with _undone_if_refused(out):
        run = create_run(out, chosen, alpha_is_open=not alpha_is_set)
        fill(run, parts, say)
    return run


@contextmanager
def _undone_if_refused(folder: Path) -> Iterator[None]:
    """Take away what an error left of a folder that was new or empty before."""
    new, empty = not folder.exists(), folder.is_dir() and not any(folder.iterdir())
    try:
        yield
    except (ValueError, OSError):
        if new or empty:
            shutil.rmtree(folder, ignore_errors=True)
        if empty:
            folder.mkdir()
        raise


def go_on(folder: Path, settings: list[str], *, seconds: float | None, say: Say) -> Run:
    """A run that was begun before, with new limits; what preparation left undone is done.

    `seconds` is the new total, and the only limit that is left, as when a run begins.
    """
    from regard.translation.preparation import fill, read_parts
    from regard.translation.run import change_limits, open_run

    run = open_run(folder)
    if seconds is not None:
        settings = [*_only(seconds), *settings]
    if settings:
        run = change_limits(run, settings)
    if run.missing():
        say(f"{folder}: preparation was interrupted; it is done again")
        fill(run, read_parts(run.recipe.data, say), say)
    return run


def _only(seconds: float) -> list[str]:
    """Settings that make a time the only limit, beside patience."""
    return [f"training.seconds={seconds}", "training.updates=0", "training.epochs=0"]


def _choose(reading: Reading, seconds: float | None, say: Say) -> Recipe:
    from regard.translation.choice import Amount, choose

    if not reading.pairs:
        raise ValueError("the text has no pair with words on both sides")
    amount = Amount(
        reading.pairs,
        reading.source_characters / reading.pairs,
        reading.target_characters / reading.pairs,
    )
    choice = choose(amount, seconds=seconds)
    for reason in choice.reasons:
        say(reason)
    return choice.recipe


def files(source: Path, target: Path | None) -> list[str]:
    """Settings that name a text, and no dev and test parts.

    Paths become absolute: a run may go on from another folder.
    """
    from regard.translation.toml import format_value

    named = {"source": source, "target": target}
    others = [f"{part}_{side}" for part in ("dev", "test") for side in ("source", "target")]
    return [
        f"data.{key}={format_value('' if path is None else str(path.absolute()))}"
        for key, path in {**named, **dict.fromkeys(others)}.items()
    ]
