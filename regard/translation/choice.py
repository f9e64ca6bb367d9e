"""The recipe chosen from the amount of text and the time there is, with the reasons.

**The rule.** The characters on the target side pick a row of `SIZES`. Where the time given would
not take its model through the text `FEWEST_EPOCHS` times, the model is the largest of `SHAPES` that
it would take (or the smallest); where it is not enough for `FULL_EPOCHS`, there is little to forget
and dropout is low. A time given is the only limit: the learning rate falls to zero at its end, and
patience would end it before. Without one, training ends after the row's epochs, or before when
`PATIENCE` validations were not better. Time is guessed from the
multiplications of a target piece, from what an update takes besides, and from the `Speed` of the
device. There is no input feeding, for the sake of speed (docs/why.md). Everything else is the
recipe's default.
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
PATIENCE = 8  # validations
EXPECTED_VALIDATION_SHARE = 0.06  # of the time


@dataclass(frozen=True)
class Speed:
    """What a machine does: operations a second, and seconds of an update that no size changes."""

    operations_per_s: float
    update_seconds: float


# Fitted by hand to the ten minutes of docs/results.md and to a minute with 1,000 lines, both on 2
# threads in bfloat16. Operations are those of one thread; more than two were not measured.
THREAD = Speed(operations_per_s=85e9, update_seconds=0.013)
# Not measured: low guesses of what a small LSTM gets out of a GPU.
GPUS = {
    "cuda": Speed(operations_per_s=3e12, update_seconds=0.010),
    "mps": Speed(operations_per_s=0.5e12, update_seconds=0.020),
}


@dataclass(frozen=True)
class TextAmount:
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
class SizeRow:
    """What suits up to so many characters of target text."""

    characters: float
    vocabulary: int
    shape: Shape
    dropout: float
    batch: int
    epochs: int


SIZES = (
    SizeRow(0.1e6, 1000, SHAPES[0], 0.4, 16, 60),
    SizeRow(1.0e6, 2000, SHAPES[2], 0.3, 32, 30),
    SizeRow(1.0e7, 4000, SHAPES[2], 0.2, 64, 20),
    SizeRow(1.0e8, 8000, SHAPES[4], 0.2, 64, 10),
    SizeRow(float("inf"), 8000, SHAPES[5], 0.1, 128, 5),
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


def choose(
    amount: TextAmount,
    *,
    seconds: float | None = None,
    threads: int | None = None,
    device: str = "cpu",
) -> Choice:
    """The recipe for so much text and time; None: as long as dev improves.

    A time given is the recipe's only limit. `device` is torch's name of the kind: cpu, cuda or mps;
    `threads` is how many the processor will use (None: all that this process may). Raises
    ValueError for no text or no time.
    """
    if amount.pairs < 1 or amount.target_characters <= 0 or amount.source_characters <= 0:
        raise ValueError("there is no text to choose a recipe for")
    if seconds is not None and seconds <= 0:
        raise ValueError(f"{seconds:g} seconds are no time to train in")
    threads = threads or available_threads()
    speed = speed_of(device, threads)
    row = next(row for row in SIZES if amount.characters <= row.characters)
    shape, dropout = row.shape, row.dropout
    reasons = []
    if seconds is not None:
        shape = _that_fits(row, amount, seconds, speed)
        if shape != row.shape:
            reasons.append(
                f"A smaller model than the text could fill: {clock_time(seconds)} would not take a "
                f"larger one through it {FEWEST_EPOCHS:g} times"
            )
        if epochs_in(seconds, row, shape, amount, speed) < FULL_EPOCHS:
            dropout = min(dropout, DROPOUT_IN_A_HURRY)
    recipe = recipe_from(_tables(row, shape, dropout, seconds), "the rule of choice")
    layers = "1 layer" if shape.layers == 1 else f"{shape.layers} layers"
    reasons.insert(
        0,
        f"{amount.pairs:,} pairs, {amount.characters:,.0f} characters of target text: "
        f"{row.vocabulary:,} pieces a side, width {shape.width}, {layers}, dropout {dropout:g}",
    )
    epoch = seconds_per_epoch(row, shape, amount, speed)
    whole = seconds or epoch * row.epochs
    reasons.append(
        f"About {_roughly(whole)} on {_where(device, threads)}, {_passes(whole / epoch)} over the "
        f"text{'' if seconds else '; less if dev stops improving'}. The speed is a guess until "
        "measured"
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
    for row in SIZES:
        endless = math.isinf(row.characters)
        text = "any" if endless else f"{row.characters:,.0f} characters"
        pairs = "" if endless else f"{row.characters / 32:,.0f}"
        lines.append(
            f"| {text} | {pairs} | {row.vocabulary:,} | {row.shape.width} | {row.shape.layers} "
            f"| {row.dropout:g} | {row.batch} | {row.epochs} |"
        )
    return "\n".join(lines)


def available_threads() -> int:
    """Processor threads that this process may use."""
    asked_for = os.environ.get("OMP_NUM_THREADS", "")
    if asked_for.isdigit() and int(asked_for):
        return int(asked_for)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def speed_of(device: str, threads: int) -> Speed:
    """The speed to expect of a kind of device: cpu, cuda or mps."""
    if device == "cpu":
        return Speed(THREAD.operations_per_s * threads, THREAD.update_seconds)
    return GPUS[device]


def _where(device: str, threads: int) -> str:
    if device != "cpu":
        return f"the GPU ({device})"
    return "1 thread" if threads == 1 else f"{threads} threads"


def _that_fits(row: SizeRow, amount: TextAmount, seconds: float, speed: Speed) -> Shape:
    """The largest shape, up to the row's own, that time takes through the text often enough."""
    for shape in reversed(SHAPES[: SHAPES.index(row.shape) + 1]):
        if epochs_in(seconds, row, shape, amount, speed) >= FEWEST_EPOCHS:
            return shape
    return SHAPES[0]


def epochs_in(
    seconds: float, row: SizeRow, shape: Shape, amount: TextAmount, speed: Speed
) -> float:
    """How often a model gets through the text in so much time, about."""
    return seconds / seconds_per_epoch(row, shape, amount, speed)


def seconds_per_epoch(row: SizeRow, shape: Shape, amount: TextAmount, speed: Speed) -> float:
    """How long a model takes for one pass over the text, validations included, about."""
    pieces = amount.pairs * (amount.target_characters / CHARACTERS_PER_PIECE + 1)
    ratio = amount.source_characters / amount.target_characters
    model = recipe_from(_tables(row, shape, row.dropout, None), "the rule of choice").model
    operations = 6 * multiplied_weights(model, row.vocabulary, ratio)
    updates = math.ceil(amount.pairs / row.batch)
    training = updates * speed.update_seconds + pieces * operations / speed.operations_per_s
    return training / (1 - EXPECTED_VALIDATION_SHARE)


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
    row: SizeRow, shape: Shape, dropout: float, seconds: float | None
) -> dict[str, dict[str, object]]:
    return {
        "tokens": {"size": row.vocabulary},
        "model": {
            "embedding": shape.width,
            "hidden": shape.width,
            "layers": shape.layers,
            "dropout": dropout,
            "input_feeding": False,
        },
        "training": {
            "batch": row.batch,
            "warmup": WARMUP,
            "learning_rate": 0.002 if shape.width <= 256 else 0.001,
            "epochs": 0 if seconds else row.epochs,
            "seconds": seconds or 0.0,
            "patience": 0 if seconds else PATIENCE,
        },
    }


def _expectation(pairs: int) -> str:
    """What about so much text gave elsewhere."""
    smaller = [found for found in ELSEWHERE if found.pairs <= pairs]
    larger = [found for found in ELSEWHERE if found.pairs > pairs]
    near = [*smaller[-1:], *larger[:1]]
    known = "; ".join(
        f"{each.pairs:,} pairs ({each.text}; {each.system}) BLEU {each.bleu}" for each in near
    )
    if not smaller:
        known += ". Less text translates what resembles it, and little else"
    return f"For comparison: {known}"


def _passes(number: float) -> str:
    """Two digits of a few, all of many."""
    known = f"{number:.2g}" if number < 10 else f"{number:,.0f}"
    return "1 pass" if known == "1" else f"{known} passes"


def _roughly(seconds: float) -> str:
    """A guess should not look exact."""
    if seconds < 90:
        return _count(max(1, round(seconds)), "second")
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.2g} hours"


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"
