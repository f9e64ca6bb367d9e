"""Every recipe in recipes/ can be used as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.translation.choice import TextAmount, choose
from regard.translation.families import build
from regard.translation.recipe_file import change, read_recipe

RECIPES = sorted((Path(__file__).resolve().parent.parent / "recipes").glob("*.toml"))


def test_there_are_recipes() -> None:
    assert RECIPES


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_valid_says_what_it_needs_and_builds_a_model(path: Path) -> None:
    head = path.read_text(encoding="utf-8").split("\n\n")[0]
    assert head.startswith("#")
    for said in ("Hardware", "regard train"):
        assert said in head
    small = change(read_recipe(path), ["model.hidden=4", "model.embedding=4", "model.layers=1"])
    build(small.model, 11, 11, shared=small.tokens.shared)


def test_the_recipe_of_spa_eng_is_what_so_much_text_and_time_choose() -> None:
    path = next(path for path in RECIPES if path.stem == "spa-eng")
    chosen = choose(TextAmount(115_452, 35.0, 31.6), seconds=600.0, threads=2).recipe
    recipe = read_recipe(path)
    for section in ("tokens", "model", "training"):
        assert getattr(recipe, section) == getattr(chosen, section)
