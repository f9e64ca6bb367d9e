"""The run folder: everything one training made, where it went, and nothing half-written.

RUN/run.json                 says that this is a run, and whether length_alpha is left to dev
    recipe.toml              every setting, also those nobody gave
    tokens.source.json  tokens.target.json
    corpus/                  the tokenised text
    dev.source  dev.target  test.source  test.target
    last.safetensors         weights and the trainer's whole state
    best.safetensors         the weights that did best on dev
    log.jsonl  scores.json
    lock                     held while a process trains here
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch

from regard.translation.checkpoint import put_weights, read_checkpoint, without_prefix
from regard.translation.durable import LOCK, PARTIAL, RunError, locked, write_text
from regard.translation.families import build
from regard.translation.model import TranslationModel
from regard.translation.recipe import Recipe
from regard.translation.recipe_file import RecipeError, change, read_recipe, write_toml
from regard.translation.tokens import Tokens
from regard.translation.tokens_file import load_tokens

MARK_NAME = "run.json"
RECIPE_NAME = "recipe.toml"
MARK = {"format": "regard run", "version": 1}
TRAINING_STATE = "a training state"
WEIGHTS = "weights"
AVERAGE = "average/"
MODEL = "model/"
ALPHA_LEFT_TO_DEV = "length_alpha_left_to_dev"

# What may change when a run goes on: the limits that its plan is made for (a change makes a new
# plan), and what has no part in any update.
LIMITS = frozenset({"updates", "epochs", "seconds"})
CHANGEABLE = LIMITS | {"patience", "save_every_seconds", "log_every"}


@dataclass(frozen=True)
class Run:
    """A run folder and its recipe; made by `create_run` and `open_run`.

    `alpha_is_open`: nobody has set `search.length_alpha`, and dev has not chosen it yet.
    """

    folder: Path
    recipe: Recipe
    alpha_is_open: bool = False

    @property
    def corpus(self) -> Path:
        """The folder of the tokenised text."""
        return self.folder / "corpus"

    @property
    def last(self) -> Path:
        """Weights and the trainer's state."""
        return self.folder / "last.safetensors"

    @property
    def best(self) -> Path:
        """The weights that did best on dev."""
        return self.folder / "best.safetensors"

    @property
    def log(self) -> Path:
        """What happened: one JSON object a line."""
        return self.folder / "log.jsonl"

    @property
    def scores(self) -> Path:
        """The scores of the finished translator."""
        return self.folder / "scores.json"

    def tokens(self, side: Literal["source", "target"]) -> Path:
        """The vocabulary of one side."""
        return self.folder / f"tokens.{side}.json"

    def part(self, name: Literal["dev", "test"], side: Literal["source", "target"]) -> Path:
        """The sentences of one part that was set aside."""
        return self.folder / f"{name}.{side}"

    def missing(self) -> list[str]:
        """The names of what training needs and preparation has not written yet."""
        needed = [self.tokens("source"), self.tokens("target"), self.corpus]
        return [path.name for path in needed if not path.exists()]


def create_run(folder: Path, recipe: Recipe, *, alpha_is_open: bool = False) -> Run:
    """Make a folder into a run; `alpha_is_open` leaves `search.length_alpha` to dev.

    Raises `RunError` as `make_folder` does.
    """
    make_folder(folder)
    run = Run(folder, recipe, alpha_is_open)
    # First: without it, a killed process leaves a foreign folder.
    write_text(folder / MARK_NAME, _mark(run))
    write_text(folder / RECIPE_NAME, write_toml(recipe))
    return run


def make_folder(folder: Path) -> list[Path]:
    """Make a folder that is to become a run; the folders that were not there before, inner first.

    Raises `RunError` when there is a run in it already, or anything else.
    """
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder}: is a file; a run needs a folder")
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise RunError(f"{folder}: cannot be made: {error.strerror}") from error
    others = [name for name in found if name not in (MARK_NAME, LOCK) and PARTIAL not in name]
    if MARK_NAME in found and others:
        raise RunError(
            f"{folder}: holds a run already: go on with it (regard train --resume {folder}), "
            "or choose another folder"
        )
    if others:
        raise RunError(
            f"{folder}: holds {', '.join(others[:3])}{' ...' if others[3:] else ''} and is not a "
            "run; choose an empty or new folder"
        )
    return made


def open_run(folder: Path) -> Run:
    """The run in a folder, changing nothing.

    Raises `RunError` when it is not a run, or a damaged one.
    """
    mark = folder / MARK_NAME
    if not folder.exists():
        raise RunError(f"{folder}: no such folder")
    if not folder.is_dir():
        raise RunError(f"{folder}: is a file; a run is a folder that regard train has made")
    if not mark.is_file():
        raise RunError(f"{folder}: is not a run: it has no run.json")
    try:
        found = json.loads(mark.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{mark}: damaged: not JSON") from error
    if not isinstance(found, dict) or found.get("format") != MARK["format"]:
        raise RunError(f"{folder}: is not a run: run.json says something else")
    if found.get("version") != MARK["version"]:
        raise RunError(
            f"{folder}: was made by another version of regard (run format "
            f"{found.get('version')}, this one reads {MARK['version']})"
        )
    if not (folder / RECIPE_NAME).is_file():
        raise RunError(f"{folder}: has no recipe.toml: delete the folder and start again")
    try:
        recipe = read_recipe(folder / RECIPE_NAME)
    except RecipeError as error:
        raise RunError(str(error)) from error
    # Who edits the value in recipe.toml by hand has set it: then it is no longer what was left.
    return Run(folder, recipe, found.get(ALPHA_LEFT_TO_DEV) == recipe.search.length_alpha)


def change_limits(run: Run, settings: Iterable[str]) -> Run:
    """The run with `section.key=value` settings put over its recipe, so that it goes on longer.

    Nothing is written: `keep_recipe` does that. Raises `RecipeError` for a setting that does not
    exist, `RunError` for one that would make it another run.
    """
    settings = list(settings)
    changed = change(run.recipe, settings)
    refuse_another_recipe(run, run.recipe.model_dump(), changed)
    sets_alpha = names_setting(settings, "search.length_alpha")
    return replace(run, recipe=changed, alpha_is_open=run.alpha_is_open and not sets_alpha)


def names_setting(settings: Iterable[str], key: str) -> bool:
    """Whether one of the `section.key=value` settings is for `key`."""
    return any(one.partition("=")[0].strip() == key for one in settings)


def keep_recipe(run: Run) -> None:
    """Write the recipe of a run into its folder, where it differs; for who holds the lock."""
    if open_run(run.folder) != run:
        # In this order: between the two, a new exponent differs from the one that run.json says was
        # left to dev, so it counts as set (`open_run`); an equal one is left to dev once more. The
        # other order would leave an old exponent that counts as set, to whoever is killed there.
        write_text(run.folder / RECIPE_NAME, write_toml(run.recipe))
        write_text(run.folder / MARK_NAME, _mark(run))


def settle_alpha(run: Run, length_alpha: float) -> Run:
    """Write the length normalisation that dev chose into the run's recipe.

    Where somebody has set one meanwhile, that stays. Returns the run as it is from now on.
    """
    with locked(run.folder):
        now = open_run(run.folder)
        if now.alpha_is_open:
            search = now.recipe.search.model_copy(update={"length_alpha": length_alpha})
            recipe = now.recipe.model_copy(update={"search": search})
            now = replace(now, recipe=recipe, alpha_is_open=False)
            keep_recipe(now)
    return now


def _mark(run: Run) -> str:
    """The content of run.json."""
    left = {ALPHA_LEFT_TO_DEV: run.recipe.search.length_alpha} if run.alpha_is_open else {}
    return json.dumps({**MARK, **left}) + "\n"


def refuse_another_recipe(run: Run, begun: Mapping[str, Any], recipe: Recipe) -> None:
    """Refuse to go on with a recipe that differs from the one that training began with."""
    for section, table in recipe.model_dump().items():
        if section == "search":
            continue
        for key, value in table.items():
            old = begun.get(section, {}).get(key)
            if old != value and not (section == "training" and key in CHANGEABLE):
                raise RunError(
                    f"{run.folder}: began with {section}.{key} = {old!r}, not {value!r}; "
                    "only its limits can change. Start a new run for the rest"
                )


def new_model(run: Run) -> tuple[TranslationModel, Tokens, Tokens]:
    """The model of a run as the recipe's seed makes it, with the tokens of source and target.

    The random generators are left as they were.
    """
    source, target = load_tokens(run.tokens("source")), load_tokens(run.tokens("target"))
    recipe = run.recipe
    with torch.random.fork_rng([]):
        torch.manual_seed(recipe.training.seed)
        model = build(recipe.model, source.size, target.size, shared=recipe.tokens.shared)
    return model, source, target


def load_model(
    run: Run, which: Literal["best", "last"], device: torch.device
) -> tuple[TranslationModel, Tokens, Tokens]:
    """The model of a run, ready to translate, with the tokens of source and target.

    "last" is the running average of the weights where the recipe keeps one. Raises `RunError` when
    there is no such checkpoint yet, or it is damaged; ValueError for any other `which`.
    """
    if which not in ("best", "last"):
        raise ValueError(f"which = {which!r}: must be 'best' or 'last'")
    path = run.best if which == "best" else run.last
    if not path.exists():
        raise RunError(
            f"{run.folder}: has no {path.name} yet: train it (regard train --resume {run.folder})"
        )
    model, source, target = new_model(run)
    weights, _ = read_checkpoint(path, WEIGHTS if which == "best" else TRAINING_STATE)
    if which == "last":
        weights = without_prefix(MODEL, weights) | without_prefix(AVERAGE, weights)
    put_weights(model, weights, path)
    return model.to(device).eval(), source, target


def write_scores(run: Run, scores: Mapping[str, Any]) -> None:
    """Keep the scores of a finished translator, as JSON."""
    write_text(run.scores, json.dumps(scores, indent=2, ensure_ascii=False) + "\n")
