"""How training a run from text ends: refused before it begins, stopped by somebody, or settled."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.translation.run import Run, open_run
from regard.translation.tune import AlphaChoice
from regard.translation.workflow import begin_run, train_run
from toy_training import At, ask_to_stop

SMALL = [
    *("model.embedding=8", "model.hidden=8", "tokens.kind=words", "training.stop_by=loss"),
    *("training.updates=2", "search.beam=2"),
]


class OnceSaid(At):
    """A display on which somebody presses Ctrl-C when some words are said."""

    def __init__(self, words: str) -> None:
        super().__init__(0, ask_to_stop)
        self.words = words

    def say(self, line: str) -> None:
        super().say(line)
        if self.words in line:
            ask_to_stop()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that is prepared and whose exponent is left to dev."""
    source, target = tmp_path / "mine.es", tmp_path / "mine.en"
    source.write_text("".join(f"frase {n} de prueba\n" for n in range(60)), encoding="utf-8")
    target.write_text("".join(f"test sentence {n}\n" for n in range(60)), encoding="utf-8")
    return begin_run(tmp_path / "run", source, target, settings=SMALL)


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let dev choose 1.25; the exponents it chose so far."""
    found = []

    def choose(*given: object) -> AlphaChoice:
        found.append(1.25)
        return AlphaChoice(1.25, {1.25: 50.0})

    monkeypatch.setattr("regard.translation.workflow.choose_alpha", choose)
    return found


def test_who_asks_to_stop_at_the_last_save_does_not_wait_for_dev(
    run: Run, chosen: list[float]
) -> None:
    assert train_run(run.folder, display=OnceSaid("Finished after")).reason == "interrupted"
    assert (chosen, open_run(run.folder).alpha_is_open) == ([], True)
    # The training is over, so that is said; who stops then does not wait either.
    assert train_run(run.folder, display=OnceSaid(": finished (")).reason == "interrupted"
    assert (chosen, open_run(run.folder).alpha_is_open) == ([], True)
    assert train_run(run.folder).reason == "updates"
    assert open_run(run.folder).recipe.search.length_alpha == 1.25


def test_ctrl_c_while_dev_chooses_stops_and_leaves_the_choice_to_the_next_time(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*given: object) -> AlphaChoice:
        ask_to_stop()
        raise AssertionError("it went on")

    with monkeypatch.context() as patched:
        patched.setattr("regard.translation.workflow.choose_alpha", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train_run(run.folder)
    assert open_run(run.folder).alpha_is_open
    train_run(run.folder)
    assert not open_run(run.folder).alpha_is_open


def test_a_time_that_preparing_used_up_says_how_to_go_on_with_what_is_prepared(run: Run) -> None:
    complaint = rf"^\d\.\d s of the 0\.0 s given .* regard train --resume {run.folder} --for 1m$"
    with pytest.raises(ValueError, match=complaint):
        train_run(run.folder, seconds=0.001)
    assert train_run(run.folder).update == 2


def test_a_time_that_is_over_is_all_that_is_said(run: Run, chosen: list[float]) -> None:
    train_run(run.folder)
    said = At(0, ask_to_stop)
    with pytest.raises(ValueError, match=r"so far, and 0\.0 s are to be the time in all"):
        train_run(run.folder, seconds=0.001, display=said)
    assert said.lines == []
