"""What the command that trains makes of its options."""

from __future__ import annotations

from pathlib import Path

from regard.cli.begin import go_on
from regard.translation.run import open_run
from toy_training import new_run, recipe


def nothing(line: str) -> None:
    raise AssertionError(line)


def test_a_time_to_go_on_for_is_the_only_limit_unless_another_is_set(tmp_path: Path) -> None:
    new_run(tmp_path, recipe(updates=5, epochs=2))
    training = go_on(tmp_path, [], seconds=1200.0, say=nothing).recipe.training
    assert (training.updates, training.epochs, training.seconds) == (0, 0, 1200)
    training = go_on(tmp_path, ["training.epochs=7"], seconds=60.0, say=nothing).recipe.training
    assert (training.updates, training.epochs, training.seconds) == (0, 7, 60)
    assert open_run(tmp_path).recipe.training == training
