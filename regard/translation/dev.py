"""The dev part of a run, as training asks for it: sentences, batches, and the BLEU of a model."""

from __future__ import annotations

from collections.abc import Callable

from regard.translation.batches import to_batch
from regard.translation.detokenise import unwritable
from regard.translation.evaluate import bleu
from regard.translation.lines import check_same_count, read_lines
from regard.translation.model import Batch, TranslationModel
from regard.translation.run import Run
from regard.translation.search import SearchSettings, in_batches, search_all
from regard.translation.tokens_file import load_tokens

BATCH_PIECES = 4096


def dev_batches(run: Run) -> list[Batch]:
    """The dev part of a run in batches of similar length; empty if it has none."""
    sources, targets = dev_lines(run)
    if not sources:
        return []
    source_ids = load_tokens(run.tokens("source")).encode_ids(sources)
    target_ids = load_tokens(run.tokens("target")).encode_ids(targets)
    lengths = [max(len(s), len(t)) + 1 for s, t in zip(source_ids, target_ids, strict=True)]
    return [
        to_batch([source_ids[i] for i in rows], [target_ids[i] for i in rows])
        for rows in in_batches(lengths, pieces=BATCH_PIECES)
    ]


def dev_bleu(run: Run) -> Callable[[TranslationModel], float] | None:
    """A function that translates the dev part greedily and gives its BLEU.

    None where there is no dev part, or BLEU has no say in the recipe (`training.stop_by`).
    """
    sources, targets = dev_lines(run)
    if not sources or run.recipe.training.stop_by != "bleu":
        return None
    source_tokens, target_tokens = (load_tokens(run.tokens(side)) for side in ("source", "target"))
    ids = source_tokens.encode_ids(sources)
    settings = SearchSettings(beam=1, record=False, forbidden=unwritable(target_tokens))

    def score(model: TranslationModel) -> float:
        found = search_all(model, ids, settings)
        outputs = [target_tokens.decode(hypotheses[0].ids) for hypotheses in found]
        return bleu(outputs, targets).value

    return score


def dev_lines(run: Run) -> tuple[list[str], list[str]]:
    """The sentences of the dev part.

    Raises `CorpusError` naming a file that is missing, or both where their lines cannot belong
    together.
    """
    paths = run.part("dev", "source"), run.part("dev", "target")
    sources, targets = map(read_lines, paths)
    check_same_count(sources, targets, *paths)
    return sources, targets
