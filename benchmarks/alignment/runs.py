"""regard's translators of the comparison: trained, and made to write the gold sentences.

LOOKS/predicted.links  input.links       each row's links alone, source-target of the run
      predicted.safetensors ...          how much each target word looks at each source word
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from benchmarks.alignment.eflomal_peer import read_links, write_links
from benchmarks.alignment.text import Language, Text
from benchmarks.legs import REPOSITORY
from regard.record.alignment import ROW_CONVENTIONS, Links
from regard.translation.evaluate import Bleu, bleu
from regard.translation.load import load
from regard.translation.recipe import Recipe
from regard.translation.recipe_file import change, read_recipe
from regard.translation.run import MARK_NAME, open_run
from regard.translation.toml import format_value
from regard.translation.translator import Translator
from regard.translation.workflow import begin_run, train_run

DIRECTIONS: dict[str, tuple[Language, Language]] = {"es-en": ("es", "en"), "en-es": ("en", "es")}
# Words, sizes and a rate that suit the phrasebook's grammar; Tatoeba's is the published recipe.
PHRASEBOOK = (
    *("tokens.kind=words", "tokens.size=4000"),
    *("model.embedding=192", "model.hidden=192", "model.dropout=0.1"),
    *("model.input_feeding=false", "training.learning_rate=0.004", "training.batch=64"),
    "training.label_smoothing=0.0",
)
SAME_FOR_ALL = (
    *("training.seconds=0.0", "training.patience=0", "training.stop_by=loss"),
    "search.length_alpha=0.6",
)


@dataclass(frozen=True)
class Model:
    """A way to train.

    With `links` it is taught the links that eflomal found. With `joined` it reads one to four pairs
    in a line, as eflomal's folder has them; such a model is made to align, and its BLEU is not
    worked out. `settings` are put over those of its text.
    """

    name: str
    what: str
    links: bool = False
    joined: bool = False
    settings: tuple[str, ...] = ()


MODELS = {
    model.name: model
    for model in (
        Model("plain", "a translator, never told about links"),
        Model(
            "guided",
            "a translator taught by eflomal's links",
            links=True,
            settings=("training.guided_alignment=1.0",),
        ),
        Model(
            "aligner",
            "the same model made to align: guided where it reads a word, lower-cased, one "
            "embedding for both languages, pairs joined",
            links=True,
            joined=True,
            settings=(
                *("training.guided_alignment=5.0", "training.guided_rows=input"),
                *("tokens.lowercase=true", "tokens.shared=true", "tokens.size=6000"),
                *("model.tied=true", "training.batch=26"),
            ),
        ),
    )
}


@dataclass(frozen=True)
class Lesson:
    """What a run learns: a model in one direction, the text, eflomal's folder, and limits."""

    model: Model
    direction: str
    text: Text
    taught: Path
    epochs: int
    seed: int


def recipe_of(lesson: Lesson) -> Recipe:
    """The recipe of a run."""
    if lesson.text.name == "phrasebook":
        begun = change(Recipe(), PHRASEBOOK)
    else:
        begun = read_recipe(REPOSITORY / "recipes" / "spa-eng.toml")
    source, target = DIRECTIONS[lesson.direction]
    part = "joined" if lesson.model.joined else "train"
    folder = lesson.taught if lesson.model.joined else lesson.text.folder
    paths = {
        "source": folder / f"{part}.{source}",
        "target": folder / f"{part}.{target}",
        "dev_source": lesson.text.path("dev", source),
        "dev_target": lesson.text.path("dev", target),
        "links": lesson.taught / f"{part}.{lesson.direction}" if lesson.model.links else "",
        "test_source": "",
        "test_target": "",
    }
    return change(
        begun,
        [
            *(f"data.{key}={format_value(str(path))}" for key, path in paths.items()),
            *SAME_FOR_ALL,
            f"training.epochs={lesson.epochs}",
            f"training.seed={lesson.seed}",
            *lesson.model.settings,
        ],
    )


def learn(lesson: Lesson, folder: Path, looks: Path) -> dict[str, Any]:
    """Train, or go on where it was stopped, and keep where the gold sentences' words look.

    KeyboardInterrupt once it is saved, where somebody asked to stop.
    """
    if not (folder / MARK_NAME).exists():
        begin_run(folder, recipe=recipe_of(lesson), device="cpu")
    outcome = train_run(folder, device="cpu")
    if outcome.reason == "interrupted":
        raise KeyboardInterrupt
    translator = load(folder, device="cpu")
    keep_looks(translator, lesson, looks)
    quality = None if lesson.model.joined else _quality(translator, lesson)
    return {
        "updates": outcome.update,
        "seconds": outcome.seconds,
        "parameters": sum(weight.numel() for weight in translator.model.parameters()),
        "recipe": open_run(folder).recipe.model_dump(),
        "dev_bleu": None if quality is None else quality.value,
        "signature": None if quality is None else quality.signature,
    }


def _quality(translator: Translator, lesson: Lesson) -> Bleu:
    source, target = DIRECTIONS[lesson.direction]
    outputs = [one.text for one in translator.translate(lesson.text.lines("dev", source))]
    return bleu(outputs, lesson.text.lines("dev", target))


def keep_looks(translator: Translator, lesson: Lesson, folder: Path) -> None:
    """Make a translator write the gold sentences; keep its links and its looks, by both rows."""
    source, target = DIRECTIONS[lesson.direction]
    sides = [lesson.text.lines("gold", language) for language in (source, target)]
    folder.mkdir(parents=True, exist_ok=True)
    for rows in ROW_CONVENTIONS:
        reading = replace(translator, reader=replace(translator.reader, rows=rows))
        pairs = reading.align(*sides, tokenised=lesson.text.tokenised)
        write_links(folder / f"{rows}.links", [pair.alignment for pair in pairs])
        weights = {f"{number:06}": pair.word_weights for number, pair in enumerate(pairs)}
        save_file(weights, folder / f"{rows}.safetensors")


def links_of(folder: Path, rows: str) -> list[Links]:
    """The links that a run makes by itself, in its own direction."""
    return read_links(folder / f"{rows}.links")


def looks_of(folder: Path, rows: str) -> Sequence[np.ndarray]:
    """How much each target word looks at each source word, sentence by sentence."""
    found = load_file(folder / f"{rows}.safetensors")
    return [found[name] for name in sorted(found)]
