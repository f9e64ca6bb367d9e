"""The rows of the ladder, and what a look costs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.append(str(REPOSITORY))  # benchmarks are no installed package

from benchmarks.ladder.cost import multiplications  # noqa: E402
from benchmarks.ladder.looks import Looks, share_of_windows  # noqa: E402
from benchmarks.ladder.rows import ROWS, compared_in_speed  # noqa: E402
from benchmarks.ladder.speed import Turn, summary  # noqa: E402
from benchmarks.ladder.state import (  # noqa: E402
    LEGS,
    chosen_legs,
)
from regard.translation.choice import TextAmount, choose  # noqa: E402
from regard.translation.recipe import ModelRecipe  # noqa: E402

# ------------------------------------------------------------------------------ the rows


def test_the_schedule_is_the_one_that_regard_chooses_for_ten_minutes() -> None:
    chosen = choose(TextAmount(115_452, 34.0, 31.6), seconds=600.0, threads=2).recipe
    recipe = ROWS["general"].recipe(seed=1)
    assert recipe.tokens == chosen.tokens
    limits = ("seconds", "epochs", "seed", "patience")
    assert recipe.training.model_dump(exclude=set(limits)) == chosen.training.model_dump(
        exclude=set(limits)
    )
    assert (recipe.model.hidden, recipe.model.dropout) == (
        chosen.model.hidden,
        chosen.model.dropout,
    )
    assert (recipe.training.epochs, recipe.training.seconds, recipe.training.patience) == (5, 0, 0)


def test_rows_without_attention_come_step_by_step_to_what_rows_with_attention_have() -> None:
    def what(name: str) -> tuple[bool, float]:
        model = ROWS[name].recipe(seed=1).model
        return model.reverse_source, model.dropout

    steps = [what(name) for name in ("base", "reversed", "none")]
    assert steps == [(False, 0.0), (True, 0.0), (True, 0.2)]
    for row in ROWS.values():
        model = row.recipe(seed=1).model
        if row.table == "ladder" and model.attention != "none":
            assert (model.reverse_source, model.dropout) == (not model.bidirectional, 0.2)
            assert model.bidirectional is row.name.startswith("both-ways")
    fed = {name for name, row in ROWS.items() if row.recipe(1).model.input_feeding}
    assert fed == {"general-fed", "local-p-fed", "both-ways-fed", "headline"}


def test_fair_rows_have_three_seeds() -> None:
    many = {name for name, row in ROWS.items() if row.seeds == (1, 2, 3)}
    assert many == {"none", "location", "general", "local-m", "local-p"} | {
        f"longer-{name}" for name in ("none", "general", "local-m", "local-p")
    }


def test_legs_run_the_timing_first_then_a_seed_of_every_row_and_the_ensemble_last() -> None:
    names = [leg.name for leg in chosen_legs(None, None)]
    assert names[0] == "speed-none"
    assert names.index("tutorial-seed1") < names.index("none-seed2") < names.index("none-seed3")
    assert names[-1] == "ensemble"
    assert LEGS["ensemble"].needs == ("general-seed1", "general-seed2", "general-seed3")
    assert "headline-seed1" not in names
    assert [leg.name for leg in chosen_legs(["headline"], None)] == ["headline-seed1"]
    assert [leg.name for leg in chosen_legs(["general", "dot"], [1, 3])] == [
        "dot-seed1",
        "general-seed1",
        "general-seed3",
    ]


def test_every_model_with_attention_is_timed_and_none_against_itself() -> None:
    timed = [row.name for row in compared_in_speed()]
    expected = {"none", "dot", "local-p-fed", "both-ways-fed", "longer-local-m", "tutorial"}
    assert expected < set(timed)
    assert not {"base", "reversed", "longer-none", "words", "headline"} & set(timed)


# ------------------------------------------------------------------------------ what a look costs

LOOKS = Looks(source_pieces=10.0, source_per_target=0.5, seen_percent=100.0)


def count(**model: Any) -> tuple[float, float, float, float, float]:
    """The multiplications of a model of 4 units: score, scope, context, W_c, feeding."""
    model = {"input_feeding": False, "radius": 1, "max_length": 7, **model}
    found = multiplications(ModelRecipe(hidden=4, embedding=4, **model), LOOKS)
    assert found is not None
    assert found.total == sum(vars(found).values())
    return (found.score, found.scope, found.context, found.combine, found.feeding)


def test_multiplications_can_be_worked_out_by_hand() -> None:
    # 10 keys of 4 units; W_a 4 x 4; half a source piece for a target piece; W_c 4 x 8.
    assert count(attention="dot") == (40, 0, 40, 32, 0)
    assert count(attention="general") == (16 + 40, 0, 40, 32, 0)
    assert count(attention="concat") == (16 + 8 + 40, 0, 40, 32, 0)
    assert count(attention="additive") == count(attention="concat")
    assert count(attention="location") == (7 * 4, 0, 40, 32, 0)
    # 3 slots; W_p 4 x 4 and v_p 4; h~ in four gates of 4 x 4.
    assert count(attention="general", scope="local-m") == (16 + 12, 0, 12, 32, 0)
    assert count(attention="dot", scope="local-p") == (12, 20, 12, 32, 0)
    assert count(attention="dot", input_feeding=True) == (40, 0, 40, 32, 64)


def test_nothing_is_multiplied_without_attention() -> None:
    model = ModelRecipe(attention="none", input_feeding=False)
    assert multiplications(model, LOOKS) is None


def test_the_share_that_a_window_holds_is_cut_at_the_sentence() -> None:
    # D = 1 in a source of 5: keys 0 and 1; 1 to 3 (floor of 2.9); 3 and 4, twice.
    centre = np.array([0.0, 2.9, 4.0, 5.0], dtype=np.float32)
    assert share_of_windows(centre, 5, 1) == pytest.approx((2 + 3 + 2 + 2) / 4 / 5)


def test_the_cost_is_the_middle_difference_of_turns_side_by_side() -> None:
    # 10 pieces a turn; microseconds a piece with and without: (5, 3), (9, 3), (14, 11).
    turns = [
        (Turn(10, 50e-6), Turn(10, 30e-6)),
        (Turn(10, 90e-6), Turn(10, 30e-6)),
        (Turn(10, 140e-6), Turn(10, 110e-6)),
    ]
    found = summary(turns)
    assert found["cost_microseconds"] == pytest.approx(3)
    assert found["cost_quartiles"] == pytest.approx([2.5, 4.5])
    assert (found["microseconds_with"], found["microseconds_without"]) == pytest.approx((9, 3))
