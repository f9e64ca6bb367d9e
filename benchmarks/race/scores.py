"""What outputs are worth: BLEU as everybody computes it, and as TensorFlow's tutorial would."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from regard.translation.evaluate import bleu

# TensorFlow's tutorial after ten minutes on two cores, by its own program, in its own form.
TUTORIAL_BLEU, TUTORIAL_MINUTES = 40.45, 10.0
NOT_OF_THE_TUTORIAL = re.compile(r"[^ a-z.?!,¿]")
MARK = re.compile(r"([.?!,¿])")


def tutorial_form(text: str) -> str:
    """A text as that tutorial reads it: small letters without accents, five marks, spaced."""
    plain = NOT_OF_THE_TUTORIAL.sub("", unicodedata.normalize("NFKD", text).lower())
    return " ".join(MARK.sub(r" \1 ", plain).split())


def scores(outputs: Sequence[str], references: Sequence[str]) -> dict[str, Any]:
    """BLEU in percent: 13a with its case, and in the tutorial's form; each with its signature."""
    cased = bleu(outputs, references)
    tutorial = bleu(
        [tutorial_form(line) for line in outputs],
        [tutorial_form(line) for line in references],
        tokenize="none",
    )
    return {
        "bleu": cased.value,
        "brevity_penalty": cased.brevity_penalty,
        "signature": cased.signature,
        "tutorial_bleu": tutorial.value,
        "tutorial_signature": tutorial.signature,
    }
