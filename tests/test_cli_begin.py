"""Beginning a run: what is refused leaves nothing behind; what is named wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.cli.begin import begin, files
from regard.translation.recipe import Recipe, change, write_toml

SMALL = ["model.embedding=16", "model.hidden=16", "tokens.size=400", "training.updates=1"]
SIDES = ("source", "target")


@pytest.fixture
def text(tmp_path: Path) -> tuple[Path, Path]:
    """Sixty pairs, each its own."""
    source, target = tmp_path / "mine.es", tmp_path / "mine.en"
    source.write_text("".join(f"frase {n} de prueba\n" for n in range(60)), encoding="utf-8")
    target.write_text("".join(f"test sentence {n}\n" for n in range(60)), encoding="utf-8")
    return source, target


def begin_quietly(text: tuple[Path, Path], out: Path, settings: list[str], **given: Path) -> None:
    begin(*text, out, given.get("recipe"), settings, seconds=None, say=lambda line: None)


def test_a_refused_beginning_leaves_nothing_and_can_be_corrected(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    with pytest.raises(ValueError, match="100"):
        begin_quietly(text, out, [*SMALL, "tokens.size=100"])
    assert not out.exists()
    begin_quietly(text, out, SMALL)
    assert (out / "corpus").is_dir()


def test_a_refused_beginning_leaves_an_empty_folder_empty(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    out.mkdir()
    with pytest.raises(ValueError, match="100"):
        begin_quietly(text, out, [*SMALL, "tokens.size=100"])
    assert list(out.iterdir()) == []


def test_a_folder_with_something_else_in_it_is_left_alone(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    out.mkdir()
    (out / "thesis.tex").write_text("years of work", encoding="utf-8")
    with pytest.raises(ValueError, match=r"thesis\.tex"):
        begin_quietly(text, out, SMALL)
    assert (out / "thesis.tex").read_text(encoding="utf-8") == "years of work"


def test_a_text_that_is_named_replaces_all_the_text_of_a_recipe(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    elsewhere = [f'data.{part}_{side}="nowhere"' for part in ("dev", "test") for side in SIDES]
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(write_toml(change(Recipe(), [*SMALL, *elsewhere])), encoding="utf-8")
    begin_quietly(text, tmp_path / "run", [], recipe=recipe)
    assert (tmp_path / "run" / "dev.source").read_text(encoding="utf-8")


def test_paths_with_quotes_and_backslashes_stay_what_they_are() -> None:
    odd = Path("/tmp") / 'a "b" \\c' / "d'e.es"
    assert change(Recipe(), files(odd, None)).data.source == str(odd)
