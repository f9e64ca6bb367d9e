"""The recipe chosen from the amount of text and the time there is, with the reasons.

**The rule.** The characters on the target side pick a row of `SIZES`. Where the time given would
not take its model through the text `FEWEST_EPOCHS` times, the model is the largest of `SHAPES` that
it would take (or the smallest); where it is not enough for `FULL_EPOCHS`, there is little to forget
and dropout is low. Speed is guessed from the multiplications of a target piece. There is no input
feeding, for the sake of speed (docs/why.md). Everything else is the recipe's default.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from regard.translation.progress import clock_time
from regard.translation.recipe import ModelRecipe, Recipe
from regard.translation.recipe_file import recipe_from

CHARACTERS_PER_PIECE = 3.5  # of byte-pair pieces; short sentences in European languages
FEWEST_EPOCHS = 2.0
FULL_EPOCHS = 3.0
DROPOUT_IN_A_HURRY = 0.1
WARMUP = 100  # updates
OPERATIONS_PER_S_AND_THREAD = 60e9  # what a small LSTM gets out of a processor core, in bfloat16


@dataclass(frozen=True)
class Amount:
    """How much text there is: pairs, and the mean characters of a sentence on either side."""

    pairs: int
    source_characters: float
    target_characters: float

    @property
    def characters(self) -> float:
        """Characters on the target side, all together."""
        return self.pairs * self.target_characters


@dataclass(frozen=True)
class Shape:
    """How large a model is."""

    width: int
    layers: int


SHAPES = (Shape(128, 1), Shape(192, 1), Shape(256, 1), Shape(384, 1), Shape(512, 1), Shape(512, 2))


@dataclass(frozen=True)
class Size:
    """What suits up to so many characters of target text."""

    characters: float
    vocabulary: int
    shape: Shape
    dropout: float
    batch: int
    epochs: int


SIZES = (
    Size(0.1e6, 1000, SHAPES[0], 0.4, 16, 60),
    Size(1.0e6, 2000, SHAPES[2], 0.3, 32, 30),
    Size(1.0e7, 4000, SHAPES[2], 0.2, 64, 20),
    Size(1.0e8, 8000, SHAPES[4], 0.2, 64, 10),
    Size(float("inf"), 8000, SHAPES[5], 0.1, 128, 5),
)


@dataclass(frozen=True)
class Elsewhere:
    """What some text gave: pairs, what they are, the system, BLEU in percent on its own test."""

    pairs: int
    text: str
    system: str
    bleu: str


# Published or measured figures; BLEU of different texts only compares as an order of magnitude.
ELSEWHERE = (
    Elsewhere(29_000, "image captions, German-English", "an RNN with attention", "33"),
    Elsewhere(115_452, "short sentences, Spanish-English", "10 minutes on 2 cores", "52"),
    Elsewhere(133_000, "talks, English-Vietnamese", "an RNN as Luong's", "26"),
    Elsewhere(4_500_000, "news, English-German", "Luong 2015, one model", "19 to 21"),
)


@dataclass(frozen=True)
class Choice:
    """A recipe, and why: a line for each thing that was decided."""

    recipe: Recipe
    reasons: tuple[str, ...]


def choose(amount: Amount, *, seconds: float | None = None, threads: int | None = None) -> Choice:
    """The recipe for so much text and time; None: as long as dev improves.

    `threads` is how many the processor will use (None: all that this process may). Raises
    ValueError for no text or no time.
    """
    if amount.pairs < 1 or amount.target_characters <= 0 or amount.source_characters <= 0:
        raise ValueError("there is no text to choose a recipe for")
    if seconds is not None and seconds <= 0:
        raise ValueError(f"{seconds:g} seconds are no time to train in")
    threads = threads or available_threads()
    size = next(size for size in SIZES if amount.characters <= size.characters)
    shape, dropout = size.shape, size.dropout
    reasons = []
    if seconds is not None:
        shape = _that_fits(size, amount, seconds, threads)
        if shape != size.shape:
            reasons.append(
                f"A smaller model than the text could fill: {clock_time(seconds)} would not take a "
                f"larger one through it {FEWEST_EPOCHS:g} times"
            )
        if epochs_in(seconds, size, shape, amount, threads) < FULL_EPOCHS:
            dropout = min(dropout, DROPOUT_IN_A_HURRY)
    recipe = recipe_from(_tables(size, shape, dropout, seconds), "the rule of choice")
    layers = "1 layer" if shape.layers == 1 else f"{shape.layers} layers"
    reasons.insert(
        0,
        f"{amount.pairs:,} pairs, {amount.characters:,.0f} characters of target text: "
        f"{size.vocabulary:,} pieces a side, width {shape.width}, {layers}, dropout {dropout:g}",
    )
    epoch = seconds_per_epoch(size, shape, amount, threads)
    whole = min(epoch * size.epochs, seconds or math.inf)
    reasons.append(
        f"About {_roughly(whole)} on {threads} threads, {whole / epoch:.2g} "
        "passes over the text; less if dev stops improving. The speed is a guess until measured"
    )
    reasons.append(_expectation(amount.pairs))
    return Choice(recipe, tuple(reasons))


def sizes_table() -> str:
    """The rule's table as Markdown, for the reference."""
    lines = [
        "| target text up to | about (pairs of 32 characters) | pieces a side | width | layers "
        "| dropout | batch | epochs at most |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for size in SIZES:
        endless = math.isinf(size.characters)
        text = "any" if endless else f"{size.characters:,.0f} characters"
        pairs = "" if endless else f"{size.characters / 32:,.0f}"
        lines.append(
            f"| {text} | {pairs} | {size.vocabulary:,} | {size.shape.width} | {size.shape.layers} "
            f"| {size.dropout:g} | {size.batch} | {size.epochs} |"
        )
    return "\n".join(lines)


def available_threads() -> int:
    """Processor threads that this process may use."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    if told.isdigit() and int(told):
        return int(told)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _that_fits(size: Size, amount: Amount, seconds: float, threads: int) -> Shape:
    """The largest shape, up to the size's own, that time takes through the text often enough."""
    for shape in reversed(SHAPES[: SHAPES.index(size.shape) + 1]):
        if epochs_in(seconds, size, shape, amount, threads) >= FEWEST_EPOCHS:
            return shape
    return SHAPES[0]


def epochs_in(seconds: float, size: Size, shape: Shape, amount: Amount, threads: int) -> float:
    """How often a model gets through the text in so much time, about."""
    return seconds / seconds_per_epoch(size, shape, amount, threads)


def seconds_per_epoch(size: Size, shape: Shape, amount: Amount, threads: int) -> float:
    """How long a model takes for one pass over the text, about."""
    pieces = amount.pairs * (amount.target_characters / CHARACTERS_PER_PIECE + 1)
    ratio = amount.source_characters / amount.target_characters
    model = recipe_from(_tables(size, shape, size.dropout, None), "the rule of choice").model
    operations = 6 * multiplied_weights(model, size.vocabulary, ratio)
    return pieces * operations / (OPERATIONS_PER_S_AND_THREAD * threads)


def multiplied_weights(model: ModelRecipe, vocabulary: int, source_pieces: float) -> float:
    """Weights that a target piece is multiplied with, `source_pieces` of them source pieces each.

    Forward and backward are three multiplications and three additions for each weight.
    """
    width, embedding = model.hidden, model.embedding
    encoder = 4 * width * (embedding + width) + (model.layers - 1) * 8 * width**2
    fed = width if model.input_feeding else 0
    decoder = 4 * width * (embedding + fed + width) + (model.layers - 1) * 8 * width**2
    attention = 0 if model.attention == "none" else 3 * width**2
    return source_pieces * encoder + decoder + attention + width * vocabulary


def _tables(
    size: Size, shape: Shape, dropout: float, seconds: float | None
) -> dict[str, dict[str, object]]:
    return {
        "tokens": {"size": size.vocabulary},
        "model": {
            "embedding": shape.width,
            "hidden": shape.width,
            "layers": shape.layers,
            "dropout": dropout,
            "input_feeding": False,
        },
        "training": {
            "batch": size.batch,
            "warmup": WARMUP,
            "learning_rate": 0.002 if shape.width <= 256 else 0.001,
            "epochs": size.epochs,
            "seconds": seconds or 0.0,
            "patience": 8,
        },
    }


def _expectation(pairs: int) -> str:
    """What about so much text gave elsewhere."""
    smaller = [found for found in ELSEWHERE if found.pairs <= pairs]
    larger = [found for found in ELSEWHERE if found.pairs > pairs]
    near = [*smaller[-1:], *larger[:1]]
    told = "; ".join(
        f"{each.pairs:,} pairs ({each.text}; {each.system}) BLEU {each.bleu}" for each in near
    )
    if not smaller:
        told += ". Less text translates what resembles it, and little else"
    return f"Elsewhere {told}"


def _roughly(seconds: float) -> str:
    """A guess should not look exact."""
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.2g} hours"
