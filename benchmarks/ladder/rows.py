"""The rows of the ladder: which model, on which text, from how many seeds.

What all rows have in common is `COMMON`; a row says what it has instead. The schedule is the one
that `regard train` chooses for ten minutes of the short text, but its length is a number of passes
over the text, not a time: so a row can be repeated bit by bit, and what attention costs is a
column of the table, not a handicap that nobody sees.

As in Luong 2015 the encoder of a row with attention reads the source from its end, and units are
dropped: the rows without attention come to that one step after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from regard.translation.recipe import Recipe
from regard.translation.recipe_file import change

Table = Literal["ladder", "longer", "words", "tutorial", "headline"]
TextName = Literal["short", "longer", "tutorial"]

# A pass over the short text has about 1.15 million target pieces, one over the longer text 0.45
# million: at 10,000 target pieces a second, what two threads do, either takes about ten minutes.
EPOCHS = 5
LONGER_EPOCHS = 12
HEADLINE_EPOCHS = 20
HEADLINE_SECONDS = 7200.0
RADIUS = 2  # D on the short text: 5 pieces of about 9
LONGER_RADIUS = 3
THREE = (1, 2, 3)  # seeds

COMMON = (
    "tokens.size=4000",
    "model.embedding=256",
    "model.hidden=256",
    "model.layers=1",
    "model.bidirectional=false",
    "model.attention=none",
    "model.scope=everything",
    "model.input_feeding=false",
    "model.reverse_source=true",
    "model.dropout=0.2",
    "training.learning_rate=0.002",
    "training.schedule=linear",
    "training.warmup=100",
    "training.label_smoothing=0.1",
    "training.clip=1.0",
    "training.batch=64",
    "training.precision=auto",
    "training.stop_by=bleu",
    "training.patience=0",
    "search.beam=5",
)
GENERAL = "model.attention=general"
FEEDING = "model.input_feeding=true"
BOTH_WAYS = ("model.bidirectional=true", "model.reverse_source=false")
# What turns any row into the same model without attention, which its cost is measured against.
WITHOUT_ATTENTION = (
    "model.attention=none",
    "model.scope=everything",
    "model.input_feeding=false",
)


@dataclass(frozen=True)
class Row:
    """One model of the ladder; `settings` are put over `COMMON`."""

    name: str
    what: str
    settings: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (1,)
    text: TextName = "short"
    table: Table = "ladder"
    epochs: int = EPOCHS
    only_when_named: bool = False

    def recipe(self, seed: int, epochs: int = 0) -> Recipe:
        """The recipe of a run, without the paths of its text; `epochs` 0: the row's own."""
        return change(Recipe(), self.all_settings(seed, epochs))

    def all_settings(self, seed: int, epochs: int = 0) -> tuple[str, ...]:
        """Every setting that differs from a recipe's defaults, or must not."""
        limits = (f"training.epochs={epochs or self.epochs}", f"training.seed={seed}")
        return (*COMMON, *self.settings, *limits)


def _local(scope: str, radius: int) -> tuple[str, ...]:
    return f"model.scope={scope}", f"model.radius={radius}"


def _attention(
    name: str, what: str, score: str, *settings: str, seeds: Sequence[int] = (1,)
) -> Row:
    return Row(name, what, (f"model.attention={score}", *settings), tuple(seeds))


def _longer(name: str, what: str, *settings: str) -> Row:
    return Row(
        f"longer-{name}", what, settings, THREE, text="longer", table="longer", epochs=LONGER_EPOCHS
    )


_ROWS = (
    Row("base", "none", ("model.reverse_source=false", "model.dropout=0.0")),
    Row("reversed", "none, source reversed", ("model.dropout=0.0",)),
    Row("none", "none, source reversed, dropout 0.2", seeds=THREE),
    _attention("location", "global, location", "location", seeds=THREE),
    _attention("dot", "global, dot", "dot"),
    _attention("general", "global, general", "general", seeds=THREE),
    _attention("concat", "global, concat", "concat"),
    _attention("additive", "global, additive", "additive"),
    _attention("local-m", "local-m, general", "general", *_local("local-m", RADIUS), seeds=THREE),
    _attention("local-p-dot", "local-p, dot", "dot", *_local("local-p", RADIUS)),
    _attention("local-p", "local-p, general", "general", *_local("local-p", RADIUS), seeds=THREE),
    _attention("general-fed", "global, general, input feeding", "general", FEEDING),
    _attention(
        "local-p-fed",
        "local-p, general, input feeding",
        "general",
        *_local("local-p", RADIUS),
        FEEDING,
    ),
    _attention("both-ways", "global, general; encoder reads both ways", "general", *BOTH_WAYS),
    _attention(
        "both-ways-fed",
        "global, general, input feeding; encoder reads both ways",
        "general",
        *BOTH_WAYS,
        FEEDING,
    ),
    _longer("none", "none"),
    _longer("general", "global, general", GENERAL),
    _longer("local-m", "local-m, general", GENERAL, *_local("local-m", LONGER_RADIUS)),
    _longer("local-p", "local-p, general", GENERAL, *_local("local-p", LONGER_RADIUS)),
    Row(
        "words",
        "global, general; 3,000 whole words a side",
        (GENERAL, "tokens.kind=words", "tokens.size=3000"),
        table="words",
    ),
    Row(
        "tutorial",
        "the size of TensorFlow's tutorial",
        (
            GENERAL,
            *BOTH_WAYS,
            "tokens.kind=words",
            "tokens.size=5000",
            "tokens.lowercase=true",
            "training.label_smoothing=0.0",
        ),
        text="tutorial",
        table="tutorial",
    ),
    Row(
        "headline",
        "512 units, encoder reads both ways, general, input feeding, dropout 0.3",
        (
            GENERAL,
            *BOTH_WAYS,
            FEEDING,
            "tokens.size=8000",
            "model.embedding=512",
            "model.hidden=512",
            "model.dropout=0.3",
            "training.learning_rate=0.001",
            f"training.seconds={HEADLINE_SECONDS}",
            "training.patience=6",
        ),
        table="headline",
        epochs=HEADLINE_EPOCHS,
        only_when_named=True,
    ),
)
ROWS: dict[str, Row] = {row.name: row for row in _ROWS}

# Not models of their own: the seeds of a row that translate together, and the cost of attention.
ENSEMBLE, ENSEMBLE_OF = "ensemble", "general"
SPEED = "speed"
NAMES = (SPEED, *ROWS, ENSEMBLE)


def compared_in_speed() -> Iterator[Row]:
    """The rows whose attention is timed; `none` against itself shows how sure that is."""
    for row in ROWS.values():
        timed = row.table in ("ladder", "longer", "tutorial")
        if row.name == "none" or (timed and row.recipe(1).model.attention != "none"):
            yield row
