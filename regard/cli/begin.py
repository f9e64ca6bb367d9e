"""From the command line's files and settings to a run folder that is ready to be trained."""

from __future__ import annotations

from collections.abc import Callable
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

    Raises ValueError, before anything is written, for text and settings that cannot be used.
    """
    from regard.translation.pairs import read_pairs
    from regard.translation.preparation import fill, read_parts
    from regard.translation.recipe import change, read_recipe
    from regard.translation.run import create_run, leave_alpha_to_dev

    alpha_is_set = _names_alpha(settings)
    if recipe is not None:
        chosen = read_recipe(recipe)
        alpha_is_set = alpha_is_set or "length_alpha" in chosen.search.model_fields_set
        if seconds is not None:
            chosen = change(chosen, _only(seconds))
    else:
        if source is None:
            raise ValueError("name the text: regard train SOURCE TARGET --out RUN")
        chosen = _choose(read_pairs(source, target).read_through(), seconds, say)
    if source is not None:
        files = [f"data.source={_quoted(source)}", f"data.target={_quoted(target)}"]
        chosen = change(chosen, files)
    chosen = change(chosen, settings)
    if not chosen.data.source:
        raise ValueError(f"{recipe}: names no text (data.source); name it on the command line")
    parts = read_parts(chosen.data, say)
    run = create_run(out, chosen)
    if not alpha_is_set:
        leave_alpha_to_dev(run)
    fill(run, parts, say)
    return run


def go_on(folder: Path, settings: list[str], *, seconds: float | None, say: Say) -> Run:
    """A run that was begun before, with new limits; what preparation left undone is done.

    `seconds` is the new total, and the only limit that is left, as when a run begins.
    """
    from regard.translation.preparation import fill, read_parts
    from regard.translation.run import change_limits, open_run, settle_alpha

    run = open_run(folder)
    if seconds is not None:
        settings = [*_only(seconds), *settings]
    if settings:
        run = change_limits(run, settings)
    if _names_alpha(settings):
        run = settle_alpha(run, run.recipe.search.length_alpha)
    if run.missing():
        say(f"{folder}: preparation was interrupted; it is done again")
        fill(run, read_parts(run.recipe.data, say), say)
    return run


def _names_alpha(settings: list[str]) -> bool:
    return any(one.partition("=")[0].strip() == "search.length_alpha" for one in settings)


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


def _quoted(path: Path | None) -> str:
    """An absolute path as a TOML string: a run may go on from another folder. No path is empty."""
    from regard.translation.toml import format_value

    return format_value("" if path is None else str(path.absolute()))
