"""What replacing unknown words is worth (Luong 2015b): left as they are, copied, looked up.

An `<unk>` of the translation becomes the source word that it looked at most, or what a dictionary
has for that. The dictionary is made of the model's own links in the training text: for each source
word the target word that it was linked to most often, if that was often enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from benchmarks.ladder.text import Text
from regard.translation.evaluate import bleu
from regard.translation.model import SPECIAL_PIECES, UNK
from regard.translation.result import Translation
from regard.translation.translator import Translator

LEAST_LINKS = 2  # of an entry; the paper asks for more than 100 in 4.5 million pairs
AS_ONE_WORD = "unk"  # BLEU's tokeniser would make three words of <unk>


def with_unknown_words(translator: Translator, text: Text) -> dict[str, Any]:
    """BLEU of the test part the three ways, and how much of it is unknown."""
    sources, references = text.lines("test", "source"), text.lines("test", "target")
    pairs = translator.align_stream(text.lines("train", "source"), text.lines("train", "target"))
    dictionary = dictionary_of(pairs)
    ways = {
        "left": replace(translator, replace_unknown=False),
        "copied": translator,
        "looked_up": replace(translator, dictionary=dictionary),
    }
    found: dict[str, Any] = {}
    for name, way in ways.items():
        outputs = [one.text for one in way.translate(sources)]
        as_words = [line.replace(SPECIAL_PIECES[UNK], AS_ONE_WORD) for line in outputs]
        found[name] = bleu(as_words, references).value
    return {
        "bleu": found,
        "dictionary": len(dictionary),
        "source_percent": unknown_percent(translator.source_tokens.encode_ids(sources)),
        "target_percent": unknown_percent(translator.target_tokens.encode_ids(references)),
    }


def dictionary_of(pairs: Iterable[Translation], least: int = LEAST_LINKS) -> dict[str, str]:
    """The word that each source word was linked to most often; of equals the first in the text."""
    links: dict[str, Counter[str]] = {}
    for pair in pairs:
        for source, target in sorted(pair.alignment):
            word = pair.source_words[source].text
            links.setdefault(word, Counter())[pair.target_words[target].text] += 1
    likeliest = {word: found.most_common(1)[0] for word, found in links.items()}
    return {word: other for word, (other, count) in likeliest.items() if count >= least}


def unknown_percent(ids: Iterable[list[int]]) -> float:
    """The share of words that a vocabulary does not have."""
    counts = Counter(id_ == UNK for row in ids for id_ in row)
    return 100 * counts[True] / max(1, counts.total())
