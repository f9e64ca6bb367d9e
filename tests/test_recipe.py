"""Recipes: strict, frozen, and the same after a round trip through TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from regard.attention.normalise import NORMALISERS
from regard.attention.scope import SCOPES
from regard.attention.score import SCORES
from regard.translation.recipe import ModelRecipe, Recipe, allowed, fields, settings_table
from regard.translation.recipe_file import RecipeError, change, read_recipe, recipe_from, write_toml


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str, *settings: str) -> str:
    path = write(folder, text)
    with pytest.raises(RecipeError) as caught:
        read_recipe(path, settings)
    assert str(caught.value).startswith(str(path)) or settings
    return str(caught.value).removeprefix(f"{path}: ")


def test_an_empty_file_is_the_default_recipe(tmp_path: Path) -> None:
    assert read_recipe(write(tmp_path, "")) == Recipe()


def test_a_recipe_comes_back_from_its_own_toml(tmp_path: Path) -> None:
    recipe = change(
        Recipe(),
        [
            r'data.source="C:\\böse \"Datei\"\n.txt"',
            "model.attention=scaled dot",
            "model.dropout=0",
            "training.learning_rate=1e-05",
            "training.seconds=600",
            "tokens.shared=true",
        ],
    )
    assert recipe.data.source == 'C:\\böse "Datei"\n.txt'
    assert recipe.training.learning_rate == 1e-5
    assert recipe.tokens.shared is True
    assert read_recipe(write(tmp_path, write_toml(recipe))) == recipe


def test_a_recipe_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        Recipe().model.hidden = 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[model]\nhiden = 3", "[model] has no key hiden; did you mean hidden?"),
        ("[model]\nbatch = 3", "[model] has no key batch; it belongs into [training]"),
        ("[modle]\nhidden = 3", "no section [modle]; did you mean [model]?"),
        ("[modle]", "no section [modle]; did you mean [model]?"),
        ("hidden = 3", "no section [hidden]; hidden belongs into [model]"),
        ("model = 3", "[model] must be a table of settings, not 3"),
        ('[model]\nhidden = "3"', '[model] hidden = "3": must be a whole number, at least 1'),
        ("[model]\nhidden = 3.0", "[model] hidden = 3.0: must be a whole number, at least 1"),
        ("[model]\nhidden = true", "[model] hidden = true: must be a whole number, at least 1"),
        (
            "[model]\ndropout = 1.0",
            "[model] dropout = 1.0: must be a number, at least 0, less than 1",
        ),
        ("[model]\ntied = 1", "[model] tied = 1: must be true or false"),
        (
            "[training]\nlearning_rate = nan",
            "[training] learning_rate = nan: must be a number, more than 0",
        ),
        (
            '[training]\noptimiser = "adamw"',
            '[training] optimiser = "adamw": must be one of "adam", "sgd"',
        ),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(
    tmp_path: Path, text: str, message: str
) -> None:
    assert refusal(tmp_path, text) == message


def test_a_hopeless_key_gets_the_list_of_keys(tmp_path: Path) -> None:
    assert refusal(tmp_path, "[search]\nxyzzy = 1").endswith(
        "its keys are beam, length_alpha, max_length"
    )


def test_every_wrong_value_has_its_line(tmp_path: Path) -> None:
    said = refusal(tmp_path, '[model]\nhidden = 0\nscope = "local"\n[search]\nbeam = 0')
    assert len(said.splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[model]\nattention = "location"\nscope = "local-p"', "scope"),
        ('[model]\nattention = "none"\nscope = "local-m"', "scope"),
        ('[model]\nattention = "none"', "input_feeding = false"),
        ("[model]\nhidden = 9", "choose an even size"),
        ('[model]\nattention = "location"\nmax_length = 50', "score 101 positions"),
        ("[model]\ntied = true\nembedding = 3\nhidden = 6", "embedding = hidden"),
        ("[training]\nepochs = 0", "updates, epochs or seconds"),
        ('[training]\nepochs = 0\nschedule = "constant"\npatience = 0', "never stop"),
        ('[data]\nlinks = "a"', "set training.guided_alignment"),
        ("[training]\nguided_alignment = 0.5", "set data.links"),
        (
            '[data]\nlinks = "a"\n[training]\nguided_alignment = 1.0\n'
            '[model]\nattention = "none"\ninput_feeding = false',
            'no model with attention = "none"',
        ),
        (
            '[data]\nlinks = "a"\n[training]\nguided_alignment = 1.0\n'
            '[model]\nnormaliser = "sigmoid"',
            'normaliser = "softmax"',
        ),
        ('[data]\ndev_source = "a"', "dev_target"),
        ('[data]\ntarget = "a"', "source"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    tmp_path: Path, text: str, named: str
) -> None:
    said = refusal(tmp_path, text)
    assert named in said
    assert "\n" not in said


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot be read"):
        read_recipe(tmp_path / "none.toml")
    assert "not a TOML file" in refusal(tmp_path, "[model\n")


def test_settings_from_the_command_line_win_over_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "[model]\nhidden = 3\nembedding = 5")
    recipe = read_recipe(path, ["model.hidden=8", "model.attention=dot", "data.source=a b.txt"])
    assert (recipe.model.hidden, recipe.model.embedding) == (8, 5)
    assert (recipe.model.attention, recipe.data.source) == ("dot", "a b.txt")


@pytest.mark.parametrize("setting", ["model.hidden", "hidden=3", "=3", "model.=3", "model=3"])
def test_a_setting_without_section_key_and_value_is_refused(setting: str) -> None:
    with pytest.raises(RecipeError, match=r"section\.key=value"):
        change(Recipe(), [setting])


def test_a_setting_cannot_smuggle_in_another_line() -> None:
    changed = change(Recipe(), ["data.source=1\ntarget = 2"])
    assert changed.data.source == "1\ntarget = 2"


def test_a_setting_for_an_unknown_key_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match="did you mean learning_rate"):
        change(Recipe(), ["training.learningrate=1"])


def test_the_table_of_settings_has_every_key_with_a_description() -> None:
    table = settings_table()
    for section, key, field in fields():
        assert f"`{section}.{key}`" in table
        assert field.description
        assert allowed(field) in table
    assert len(table.splitlines()) == 2 + sum(1 for _ in fields())


def test_attention_names_are_those_of_the_attention_package() -> None:
    declared = {key: field for section, key, field in fields() if section == "model"}
    assert set(ModelRecipe.model_fields) == set(declared)
    assert all(f'"{name}"' in allowed(declared["attention"]) for name in SCORES)
    assert all(f'"{name}"' in allowed(declared["normaliser"]) for name in NORMALISERS)
    local = {name for name in SCOPES if name.startswith("local") or name == "everything"}
    assert all(f'"{name}"' in allowed(declared["scope"]) for name in local)


def test_plain_tables_and_toml_say_the_same() -> None:
    tables = {"training": {"epochs": 3}}
    assert recipe_from(tables, "here") == recipe_from(
        tomllib.loads("[training]\nepochs = 3"), "there"
    )
