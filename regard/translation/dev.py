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
from regard.translation.tokens import Tokens

BATCH_PIECES = 4096


def dev_part(
    run: Run, source_tokens: Tokens, target_tokens: Tokens
) -> tuple[list[Batch], Callable[[TranslationModel], float] | None]:
    """The dev part in batches of similar length, and a function that gives a model's BLEU on it.

    It translates greedily; None where BLEU has no say in the recipe (`training.stop_by`). Without a
    dev part there are no batches and no function.
    """
    sources, targets = dev_lines(run)
    if not sources:
        return [], None
    source_ids = source_tokens.encode_ids(sources)
    target_ids = target_tokens.encode_ids(targets)
    lengths = [max(len(s), len(t)) + 1 for s, t in zip(source_ids, target_ids, strict=True)]
    batches = [
        to_batch([source_ids[i] for i in rows], [target_ids[i] for i in rows])
        for rows in in_batches(lengths, pieces=BATCH_PIECES)
    ]
    settings = SearchSettings(beam=1, record=False, forbidden=unwritable(target_tokens))

    def score(model: TranslationModel) -> float:
        found = search_all(model, source_ids, settings)
        outputs = [target_tokens.decode(hypotheses[0].ids) for hypotheses in found]
        return bleu(outputs, targets).value

    return batches, score if run.recipe.training.stop_by == "bleu" else None


def dev_lines(run: Run) -> tuple[list[str], list[str]]:
    """The sentences of the dev part.

    Raises `CorpusError` naming a file that is missing, or both where their lines cannot belong
    together.
    """
    paths = run.part("dev", "source"), run.part("dev", "target")
    sources, targets = map(read_lines, paths)
    check_same_count(sources, targets, *paths)
    return sources, targets
