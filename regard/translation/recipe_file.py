"""Recipes as text: read from TOML, changed by `section.key=value`, refused in words, written.

A key that does not exist is refused with the nearest one that does.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from regard.translation.recipe import Recipe, allowed, sections
from regard.translation.toml import format_value


class RecipeError(ValueError):
    """A recipe that cannot be used: where, what, and what would be right, a line each."""


def read_recipe(path: Path, overrides: Iterable[str] = ()) -> Recipe:
    """Read a recipe, with `section.key=value` settings put over it.

    Raises `RecipeError` naming the file and every key that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        tables = tomllib.loads(text)
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path}: not a TOML file: {error}") from error
    return recipe_from(override(tables, overrides), str(path))


def change(recipe: Recipe, overrides: Iterable[str]) -> Recipe:
    """The recipe with `section.key=value` settings put over it."""
    return recipe_from(override(recipe.model_dump(), overrides), "settings")


def override(tables: Mapping[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    """Put `section.key=value` settings over the tables of a recipe.

    A value is read as TOML; a bare word is text, so `model.attention=dot` needs no quotes.
    """
    changed = {
        name: dict(table) if isinstance(table, Mapping) else table for name, table in tables.items()
    }
    for setting in settings:
        name, equals, value = setting.partition("=")
        section, dot, key = name.strip().partition(".")
        if not (equals and dot and key):
            raise RecipeError(f"setting {setting}: write it as section.key=value")
        _refuse_unknown(section, key, f"setting {setting}")
        table = changed.setdefault(section, {})
        if isinstance(table, dict):
            table[key] = _toml_value(value.strip())
    return changed


def recipe_from(tables: Mapping[str, Any], origin: str) -> Recipe:
    """The recipe that plain tables say; `origin` names where they are from in the errors.

    Raises `RecipeError` naming every setting that is wrong, or the first that does not exist.
    """
    for section, table in tables.items():
        _refuse_unknown(section, None, origin)
        for key in table if isinstance(table, Mapping) else ():
            _refuse_unknown(section, key, origin)
    try:
        return Recipe.model_validate(dict(tables))
    except ValidationError as error:
        lines = [f"{origin}: {_explain(detail)}" for detail in error.errors()]
        raise RecipeError("\n".join(lines)) from error


def write_toml(recipe: Recipe) -> str:
    """The recipe as TOML that `read_recipe` reads back as an equal recipe."""
    blocks = []
    for section, table in recipe.model_dump().items():
        lines = [f"{key} = {format_value(value)}" for key, value in table.items()]
        blocks.append("\n".join([f"[{section}]", *lines]))
    return "\n\n".join(blocks) + "\n"


def _explain(detail: ErrorDetails) -> str:
    """One of pydantic's findings, as a line for a person."""
    place = [str(part) for part in detail["loc"]]
    section = f"[{place[0]}]" if place else "recipe"
    if detail["type"] == "value_error":
        return f"{section} {detail['ctx']['error']}" if "ctx" in detail else detail["msg"]
    if len(place) < 2:
        return f"{section} must be a table of settings, not {format_value(detail['input'])}"
    field = sections()[place[0]].model_fields[place[1]]
    return f"{section} {place[1]} = {format_value(detail['input'])}: must be {allowed(field)}"


def _refuse_unknown(section: str, key: str | None, origin: str) -> None:
    """Refuse a section or key that does not exist, naming the nearest one that does."""
    known = sections()
    if section not in known:
        near = difflib.get_close_matches(section, known, n=1)
        homes = [name for name, model in known.items() if section in model.model_fields]
        if near:
            hint = f"did you mean [{near[0]}]?"
        elif homes:
            hint = f"{section} belongs into [{homes[0]}]"
        else:
            hint = "there are " + ", ".join(f"[{name}]" for name in known)
        raise RecipeError(f"{origin}: no section [{section}]; {hint}")
    if key is None or key in known[section].model_fields:
        return
    near = difflib.get_close_matches(key, known[section].model_fields, n=1, cutoff=0.5)
    homes = [name for name, model in known.items() if key in model.model_fields]
    if homes:
        hint = f"it belongs into [{homes[0]}]"
    elif near:
        hint = f"did you mean {near[0]}?"
    else:
        hint = "its keys are " + ", ".join(known[section].model_fields)
    raise RecipeError(f"{origin}: [{section}] has no key {key}; {hint}")


def _toml_value(text: str) -> Any:
    """A value as TOML reads it; what TOML cannot read is text."""
    try:
        tables = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return tables["value"] if tables.keys() == {"value"} else text
