"""How long legs take, before and while they run: multiplications first, then what others took."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from benchmarks.ladder.rows import Row
from benchmarks.ladder.speed import UPDATES
from benchmarks.ladder.state import Ladder, Leg
from benchmarks.ladder.text import Facts
from regard.translation.choice import (
    CHARACTERS_PER_PIECE,
    EXPECTED_VALIDATION_SHARE,
    multiplied_weights,
    speed_of,
)

AROUND_SECONDS = 75.0  # beside the training: pieces learned, length penalty chosen, all measured
MORE_SECONDS = {"words": 130.0}  # a dictionary is made of all the text's links
# A training step with input feeding has this share of the speed without it: the middle of 0.83 to
# 0.92, what docs/why.md says of one layer of 256 units.
FED = 0.87
WORDS_PER_PIECE = 0.8  # a guess: a text has fewer whole words than pieces
UPDATE_SECONDS = 0.07  # of a leg of speed, where two models make as many updates
SPEED_SECONDS = 2 * UPDATES * UPDATE_SECONDS + 10.0  # and ten to prepare them


def training_seconds(row: Row, facts: Facts, threads: int, epochs: int = 0) -> float:
    """What a training should take, by the sizes and the speed that `regard train` plans with."""
    recipe, speed = row.recipe(1, epochs), speed_of("cpu", threads)
    pieces = facts.target_characters / CHARACTERS_PER_PIECE + 1
    if recipe.tokens.kind == "words":
        pieces *= WORDS_PER_PIECE
    ratio = facts.source_characters / max(1.0, facts.target_characters)
    operations = 6 * multiplied_weights(recipe.model, recipe.tokens.size, ratio)
    updates = math.ceil(facts.pairs / recipe.training.batch)
    epoch = updates * speed.update_seconds
    epoch += facts.pairs * pieces * operations / speed.operations_per_s
    seconds = recipe.training.epochs * epoch / (1 - EXPECTED_VALIDATION_SHARE)
    if recipe.model.input_feeding:
        seconds /= FED
    return min(seconds, recipe.training.seconds or math.inf)


def expected_seconds(ladder: Ladder, leg: Leg, rate: float = 1.0) -> float:
    """What a leg should take, all included, if nothing of it is done; `rate` is the `pace`."""
    if leg.kind == "speed":
        return SPEED_SECONDS
    if leg.kind == "ensemble":
        return AROUND_SECONDS
    facts = ladder.text(leg.model.text).facts()
    if facts is None:
        return 0.0
    settings = ladder.settings
    training = training_seconds(leg.model, facts, settings.threads, settings.epochs)
    return AROUND_SECONDS + MORE_SECONDS.get(leg.model.table, 0.0) + rate * training


def pace(ladder: Ladder, legs: Sequence[Leg]) -> float:
    """How much longer the finished trainings took than they should have; 1 before the first."""
    ratios = []
    for leg in legs:
        result, facts = ladder.result(leg.name), ladder.text(leg.model.text).facts()
        if leg.kind == "row" and result is not None and facts is not None:
            settings = ladder.settings
            planned = training_seconds(leg.model, facts, settings.threads, settings.epochs)
            ratios.append(result["seconds"] / planned)
    return statistics.median(ratios) if ratios else 1.0
