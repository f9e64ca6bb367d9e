"""From text files to a translator: what is refused changes nothing; what is named wins."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import jaxtyping
import pytest
import torch

import regard
from regard.translation.durable import locked
from regard.translation.load import load
from regard.translation.pairs import Pairs
from regard.translation.recipe import Recipe
from regard.translation.recipe_file import change, write_toml
from regard.translation.run import Run, open_run
from regard.translation.train import Outcome
from regard.translation.tune import AlphaChoice
from regard.translation.workflow import begin_run, settle_length_alpha, train_run
from toy_training import At, ask_to_stop, new_run, recipe

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
    begin_run(out, *text, recipe=given.get("recipe"), settings=settings)


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


@pytest.mark.parametrize("kind", ["here", "link", "new"])
def test_a_refused_beginning_takes_back_its_own_alone(
    text: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    empty, link, new = tmp_path / "empty", tmp_path / "link", tmp_path / "deep" / "run"
    empty.mkdir()
    link.symlink_to(empty)
    monkeypatch.chdir(empty)
    out = {"here": Path(), "link": link, "new": new}[kind]
    with pytest.raises(ValueError, match="must be a whole number"):
        begin_quietly(text, out, [*SMALL, "tokens.size=1"])
    with pytest.raises(ValueError, match="100"):
        begin_quietly(text, out, [*SMALL, "tokens.size=100"])
    assert list(empty.iterdir()) == []
    assert link.is_symlink()
    assert not new.parent.exists()


def test_what_was_there_before_a_refused_beginning_stays(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    out.mkdir()
    (out / "run.json").write_text("of a process that was killed")
    with pytest.raises(ValueError, match="100"):
        begin_quietly(text, out, [*SMALL, "tokens.size=100"])
    assert sorted(path.name for path in out.iterdir()) == ["lock", "run.json"]


def test_nobody_else_begins_or_prepares_where_somebody_does(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    out.mkdir()
    with locked(out):
        with pytest.raises(ValueError, match="is in use"):
            begin_quietly(text, out, SMALL)
        assert [path.name for path in out.iterdir()] == ["lock"]
    run = begin_run(out, *text, settings=SMALL)
    run.tokens("source").unlink()
    with locked(out), pytest.raises(ValueError, match="is in use"):
        train_run(out)
    assert run.missing() == ["tokens.source.json"]


@pytest.mark.parametrize("place", ["before there is a run", "after"])
def test_ctrl_c_leaves_a_run_that_is_prepared_again_or_nothing(
    text: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def interrupt(*given: object) -> None:
        raise KeyboardInterrupt

    name = "read_parts" if place.startswith("before") else "prepare_run"
    with monkeypatch.context() as patched:
        patched.setattr(f"regard.translation.workflow.{name}", interrupt)
        with pytest.raises(KeyboardInterrupt):
            begin_run(tmp_path / "run", *text, settings=SMALL)
    if name == "read_parts":
        assert not (tmp_path / "run").exists()
    else:
        assert train_run(tmp_path / "run").update == 1


@pytest.mark.parametrize(
    ("out", "settings", "complaint"),
    [
        ("taken", [], "holds thesis.tex"),
        ("file", [], "is a file"),
        ("file/run", [], "cannot be made"),
        ("new", ["foo"], "setting foo: write it as section.key=value"),
        ("new", ["model.hiden=3"], "did you mean hidden"),
        ("new", "model.hidden=16", "must be a list of texts"),
    ],
)
def test_what_needs_no_text_to_be_refused_is_refused_before_the_text_is_read(
    text: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    out: str,
    settings: Any,
    complaint: str,
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.tex").touch()
    (tmp_path / "file").touch()
    monkeypatch.setattr("regard.translation.workflow.read_pairs", lambda *_: pytest.fail("read"))
    with pytest.raises(ValueError, match=complaint):
        begin_run(tmp_path / out, *text, settings=settings)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("seconds", ["10m", 0, -1.0, math.nan, math.inf])
def test_a_time_is_a_number_of_seconds(
    text: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: Any
) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as it is for everybody else
    complaint = rf"seconds = '?{seconds}'?: must be a number of seconds, more than 0"
    with pytest.raises(ValueError, match=complaint):
        begin_run(tmp_path / "run", *text, settings=SMALL, seconds=seconds)
    assert not (tmp_path / "run").exists()
    run = begin_run(tmp_path / "run", *text, settings=SMALL)
    with pytest.raises(ValueError, match=complaint):
        train_run(run.folder, seconds=seconds)
    with pytest.raises(ValueError, match="must be a list of texts"):
        train_run(run.folder, settings="training.epochs=3")


def test_the_text_that_a_recipe_is_chosen_for_is_not_read_through_again(
    text: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    through = Pairs.read_through
    monkeypatch.setattr(Pairs, "read_through", lambda self: read.append(self) or through(self))
    said = At(0, ask_to_stop)
    begin_run(tmp_path / "run", *text, settings=SMALL, display=said)
    assert len(read) == 1
    assert "60 pairs from 60 lines" in said.lines


def test_a_dev_part_with_another_number_of_lines_is_named(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    run = begin_run(tmp_path / "run", *text, settings=SMALL)
    with run.part("dev", "source").open("a") as file:
        file.write("una más\n")
    with pytest.raises(ValueError, match=r"dev\.source has 4 lines, but .*dev\.target has 3"):
        train_run(run.folder)


def test_pairs_that_are_left_out_are_told(text: tuple[Path, Path], tmp_path: Path) -> None:
    source, target = text
    source.write_text(source.read_text().replace("frase 7 de", "frase 7" + 30 * " y más" + " de"))
    said = At(0, ask_to_stop)
    settings = [*SMALL, "tokens.kind=words", "data.max_pieces=20"]
    begin_run(tmp_path / "run", source, target, settings=settings, display=said)
    assert "1 left out: a side has more than 20 pieces" in said.lines


def test_a_text_that_is_named_replaces_all_the_text_of_a_recipe(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    elsewhere = [f'data.{part}_{side}="nowhere"' for part in ("dev", "test") for side in SIDES]
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(write_toml(change(Recipe(), [*SMALL, *elsewhere])), encoding="utf-8")
    begin_quietly(text, tmp_path / "run", [], recipe=recipe)
    assert (tmp_path / "run" / "dev.source").read_text(encoding="utf-8")


def test_paths_with_quotes_and_backslashes_stay_what_they_are(tmp_path: Path) -> None:
    odd = tmp_path / 'a "b" \\c' / "d'e.tsv"
    odd.parent.mkdir()
    odd.write_text("".join(f"frase {n}\ttest {n}\n" for n in range(60)), encoding="utf-8")
    run = begin_run(tmp_path / "run", odd, settings=[*SMALL, "tokens.kind=words"])
    assert open_run(run.folder).recipe.data.source == str(odd)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "no text: name two files, or a recipe"),
        ({"target": "mine.en"}, "target is given, so source is needed too"),
        ({"recipe": Recipe()}, "the recipe names no text"),
    ],
)
def test_no_text_is_refused_before_there_is_a_folder(
    tmp_path: Path, given: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        begin_run(tmp_path / "run", **given)
    assert list(tmp_path.iterdir()) == []


def test_an_exponent_is_left_to_dev_unless_recipe_or_settings_say_it(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    said = tmp_path / "said.toml"
    said.write_text("[search]\nlength_alpha = 0.6\n", encoding="utf-8")
    for number, (given, is_open) in enumerate(
        [
            ({}, True),
            ({"recipe": Recipe()}, True),
            ({"recipe": said}, False),
            ({"settings": [*SMALL, "search.length_alpha=0.6"]}, False),
        ]
    ):
        run = begin_run(tmp_path / str(number), *text, **{"settings": SMALL, **given})
        assert (run.alpha_is_open, open_run(run.folder).alpha_is_open) == (is_open, is_open)


def test_a_translator_is_trained_in_one_call_and_gone_on_with_in_another(
    text: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = map(str, text)
    out = str(tmp_path / "run")
    translator = regard.train(source, target, out=out, settings=SMALL, quiet=True)
    assert capsys.readouterr().err == ""
    assert load(out).translate("frase 7").text == translator.translate("frase 7").text
    assert train_run(out).update == 1
    assert train_run(out, settings=["training.updates=3"]).update == 3
    assert open_run(Path(out)).recipe.training.updates == 3


def test_the_package_itself_is_light_and_has_no_other_names() -> None:
    code = "import regard, sys; print(sorted({'torch', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert regard.load is load
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = regard.trian


def test_ctrl_c_during_the_one_call_saves_and_is_heard(
    text: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*given: object, **others: object) -> Outcome:
        return Outcome("interrupted", 1, 0, 1.0, None)

    monkeypatch.setattr("regard.translation.workflow.train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        regard.train(*text, out=tmp_path / "run", settings=SMALL, quiet=True)
    assert open_run(tmp_path / "run").missing() == []


def test_a_time_to_go_on_for_is_the_only_limit_unless_another_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []

    def look(run: Run, *given: object, **others: object) -> Outcome:
        training = run.recipe.training
        found.append((training.updates, training.epochs, training.seconds))
        return Outcome("interrupted", 1, 0, 1.0, None)

    monkeypatch.setattr("regard.translation.workflow.train", look)
    run = new_run(tmp_path, recipe(updates=5, epochs=2))
    for side in SIDES:
        run.part("dev", side).touch()
    train_run(tmp_path, seconds=1200.0)
    train_run(tmp_path, seconds=60.0, settings=["training.epochs=7"])
    assert found == [(0, 0, 1200), (0, 7, 60)]


def test_the_same_time_again_leaves_the_limits_and_so_the_learning_rate_as_they_are(
    text: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []

    def look(run: Run, *given: object, **others: object) -> Outcome:
        found.append(run)
        return Outcome("interrupted", 1, 0, 1.0, None)

    monkeypatch.setattr("regard.translation.workflow.train", look)
    small = [each for each in SMALL if not each.startswith("training")]
    for name, asked in (("chosen", small), ("set", [*small, "training.epochs=3"])):
        begun = begin_run(tmp_path / name, *text, settings=asked, seconds=20.0)
        train_run(tmp_path / name, seconds=20.0)
        assert found.pop() == begun
    assert begun.recipe.training.epochs == 3
    begun = begin_run(tmp_path / "chosen-2", *text, settings=small, seconds=20.0)
    assert (begun.recipe.training.epochs, begun.recipe.training.seconds) == (0, 20.0)


def test_the_recipe_is_chosen_for_the_device_that_will_train(
    text: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regard.translation.workflow.choose_device", torch.device)
    said = At(0, ask_to_stop)
    begin_run(tmp_path / "run", *text, settings=SMALL, device="cuda", display=said)
    assert any("on the GPU (cuda)" in line for line in said.lines)


def test_a_vocabulary_that_cannot_be_learned_is_refused_before_a_prepared_part_is_written(
    text: tuple[Path, Path], tmp_path: Path
) -> None:
    run = begin_run(tmp_path / "run", *text, settings=SMALL)
    run.tokens("source").unlink()  # as if preparation had been interrupted
    run.part("dev", "source").write_text("as it was\n", encoding="utf-8")
    small = run.folder / "recipe.toml"
    small.write_text(small.read_text(encoding="utf-8").replace("size = 400", "size = 100"))
    with pytest.raises(ValueError, match="100"):
        train_run(run.folder)
    assert run.part("dev", "source").read_text(encoding="utf-8") == "as it was\n"


def test_an_exponent_that_somebody_sets_while_dev_chooses_stays(
    text: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = [*SMALL, "search.beam=1"]
    out = tmp_path / "run"
    regard.train(*text, out=out, settings=settings, quiet=True)
    path = out / "recipe.toml"

    def replace(old: str, new: str) -> None:
        before = path.read_text(encoding="utf-8")
        assert old in before
        path.write_text(before.replace(old, new), encoding="utf-8")

    def choose(*given: object) -> AlphaChoice:
        replace("length_alpha = 0.6", "length_alpha = 0.9")
        return AlphaChoice(1.4, {1.4: 50.0})

    replace("beam = 1", "beam = 2")
    monkeypatch.setattr("regard.translation.workflow.choose_alpha", choose)
    assert settle_length_alpha(out).recipe.search.length_alpha == 0.9
    assert open_run(out).recipe.search.length_alpha == 0.9
