"""Every recipe in recipes/ can be used as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.translation.families import build
from regard.translation.recipe import change, read_recipe

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
