"""Choose how much length counts, on text that was set aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from regard.translation.evaluate import bleu
from regard.translation.translator import Translator

ALPHAS = (0.3, 0.6, 1.0, 1.4)  # few: each is one more translation of the part


@dataclass(frozen=True)
class AlphaChoice:
    """The exponent with the best BLEU, and the BLEU of each that was tried."""

    alpha: float
    bleu_by_alpha: Mapping[float, float]


def choose_alpha(
    translator: Translator,
    sources: Sequence[str],
    references: Sequence[str],
    alphas: Sequence[float] = ALPHAS,
) -> AlphaChoice:
    """Translate the dev part with each exponent of the length normalisation; the best BLEU wins.

    Of equal ones the first wins. With a beam of 1 nothing is compared, so nothing is chosen: the
    exponent stays. Takes the time of one translation of the part for each exponent.

    Raises ValueError for no lines or different numbers of lines.
    """
    settings = replace(translator.settings, best=1, record=False)
    if settings.beam == 1:
        alphas = (settings.length_alpha,)
    found = {}
    for alpha in alphas:
        chosen = replace(translator, settings=replace(settings, length_alpha=alpha))
        outputs = [one.text for one in chosen.translate(list(sources))]
        found[alpha] = bleu(outputs, references).value
    return AlphaChoice(max(found, key=lambda alpha: found[alpha]), found)
