"""Read what was trained: a run folder, or several, as one `Translator`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from regard.translation.device import choose_device, choose_precision
from regard.translation.ensemble import Ensemble
from regard.translation.lines import read_lines
from regard.translation.result import Reader
from regard.translation.run import Run, load_model, open_run
from regard.translation.search import SearchSettings
from regard.translation.tokens import Tokens
from regard.translation.tokens_file import load_tokens
from regard.translation.translator import Translator

AT_EASE = 95  # percentile of the lengths of the dev part
SHORTEST_EASE = 20  # pieces


def load(
    *runs: Path | str,
    which: Literal["best", "last"] = "best",
    device: str = "auto",
    precision: str = "auto",
) -> Translator:
    """The translator of a run folder, ready to use; of several folders, that of an ensemble.

    The models of an ensemble write together (`regard.translation.ensemble`). How it searches is
    what the recipe of the first run says; a text is cut where the least of them would cut it.
    `precision` is auto, float32 or bfloat16; auto is bfloat16 where the hardware has it.

    Raises ValueError, in one line, for a folder that is no run, damaged, or not trained so far, and
    for runs whose vocabularies differ.
    """
    if not runs:
        raise ValueError("name the folder of a run, or of several that translate together")
    place = choose_device(device)
    searched_in = choose_precision(precision, place)
    opened = [open_run(Path(run)) for run in runs]
    check_same_tokens(opened)
    loaded = [load_model(run, which, place) for run in opened]
    models = [model for model, _, _ in loaded]
    _, source_tokens, target_tokens = loaded[0]
    first, recipes = opened[0].recipe, [run.recipe.model for run in opened]
    settings = SearchSettings(
        beam=first.search.beam,
        length_alpha=first.search.length_alpha,
        max_length=first.search.max_length or None,
    )
    reader = Reader(
        source_tokens,
        target_tokens,
        model=" + ".join(f"{run.folder.name} ({which})" for run in opened),
        # Rows of which some are not normalised are not, on average.
        normaliser="sigmoid" if any(one.normaliser == "sigmoid" for one in recipes) else "softmax",
        radius=first.model.radius if len(opened) == 1 else None,
        rows=first.training.rows_of_words,
    )
    model = models[0] if len(models) == 1 else Ensemble(models).eval()
    at_ease, longest = map(min, zip(*(_lengths(run, source_tokens) for run in opened), strict=True))
    return Translator(model, reader, settings, at_ease, longest, precision=searched_in)


def check_same_tokens(runs: Sequence[Run]) -> None:
    """Raise ValueError, naming the first that differs, for runs that cannot translate together."""
    first, *others = runs
    for side in ("source", "target") if others else ():
        digest = load_tokens(first.tokens(side)).digest
        for run in others:
            if load_tokens(run.tokens(side)).digest != digest:
                raise ValueError(
                    f"{run.folder}: its {side} vocabulary is not that of {first.folder}, so they "
                    "cannot translate together. Runs have one vocabulary where they are trained on "
                    "the same text with the same data.* and tokens.* settings; training.seed and "
                    "model.* may differ"
                )


def load_dictionary(path: Path) -> dict[str, str]:
    """Read `source<TAB>target` lines; of two entries for a word the first counts.

    Raises ValueError naming the line that is not like that.
    """
    entries: dict[str, str] = {}
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        source, tab, target = line.partition("\t")
        if not (tab and source.strip() and target.strip()):
            raise ValueError(f"{path}, line {number}: must be a word, a tab, its translation")
        entries.setdefault(source.strip(), target.strip())
    return entries


def _lengths(run: Run, tokens: Tokens) -> tuple[int, int]:
    """How long a source may be before it is cut into sentences, and before those are cut.

    What the model has seen much of, and the longest it has seen, judged by the dev part, which is
    like the text that it learned from. Raises ValueError where that is missing: it may be empty.
    """
    limit = run.recipe.data.max_pieces
    path = run.part("dev", "source")
    if not path.is_file():
        raise ValueError(
            f"{path}: is missing, and says how long a text is translated as one; put it back, or "
            f"make it an empty file for {limit} pieces"
        )
    lines = [line for line in read_lines(path) if line.strip()]
    if not lines:
        return limit, limit
    lengths = [len(ids) for ids in tokens.encode_ids(lines)]
    longest = min(limit, max(SHORTEST_EASE, *lengths))
    at_ease = max(SHORTEST_EASE, int(np.percentile(lengths, AT_EASE)))
    return min(at_ease, longest), longest
