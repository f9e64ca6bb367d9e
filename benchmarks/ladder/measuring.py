"""What a trained row is worth: all that the tables say of its quality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.ladder.lengths import BY_LENGTH, by_length
from benchmarks.ladder.looks import looks_of
from benchmarks.ladder.text import Text
from benchmarks.ladder.unknown import with_unknown_words
from benchmarks.race.scores import scores
from regard.attention import sites
from regard.record.alignment import ROW_CONVENTIONS, LineOfLinks
from regard.translation.batches import to_batch
from regard.translation.evaluate import alignment_json, perplexity
from regard.translation.judge import KnownText, judge, judge_links, read_known
from regard.translation.load import load
from regard.translation.phrasebook import held_out
from regard.translation.search import FORCED_PIECES, at_rest, in_batches
from regard.translation.translator import Translator

PHRASEBOOK_SENTENCES, PHRASEBOOK_SEED = 300, 1


def quality(translator: Translator, text: Text) -> dict[str, Any]:
    """BLEU, chrF and perplexity of the test part, BLEU by length, and how dev is foreseen."""
    test = KnownText(text.lines("test", "source"), text.lines("test", "target"))
    found = judge(translator, test)
    dev = text.lines("dev", "source"), text.lines("dev", "target")
    tokens = translator.source_tokens, translator.target_tokens
    return {
        "parameters": sum(each.numel() for each in translator.model.parameters()),
        "test": found.to_json(),
        "by_length": by_length(
            test.sources, found.outputs, test.targets, BY_LENGTH[text.folder.name]
        ),
        "dev": {
            "nats_per_piece": perplexity(translator.model, tokens, *dev).nats_per_piece,
            "accuracy_percent": accuracy_percent(translator, *dev),
        },
    }


def measured(
    run: Path, text: Text, gold: Path | None, sentences: int = PHRASEBOOK_SENTENCES
) -> dict[str, Any]:
    """Everything about one run; `sentences` of the phrasebook."""
    translator = load(run, device="cpu")
    found = quality(translator, text)
    test = text.lines("test", "source"), text.lines("test", "target")
    found["looks"] = asdict(looks_of(translator, *test))
    if text.folder.name == "short" and sites(translator.model):
        found["aer"] = alignment_errors(translator, gold, sentences)
    return found


def together(
    runs: Sequence[Path], text: Text, gold: Path | None, sentences: int = PHRASEBOOK_SENTENCES
) -> dict[str, Any]:
    """Everything about several runs that translate together; `sentences` of the phrasebook."""
    translator = load(*runs, device="cpu")
    return {**quality(translator, text), "aer": alignment_errors(translator, gold, sentences)}


def alignment_errors(translator: Translator, gold: Path | None, sentences: int) -> dict[str, Any]:
    """AER on what the phrasebook holds out, and on the gold links given, by both conventions."""
    examples = held_out(sentences, PHRASEBOOK_SEED)
    links = [LineOfLinks(example.links, example.links) for example in examples]
    texts = {
        "phrasebook": (
            KnownText([one.source for one in examples], [one.target for one in examples], links),
            False,
        )
    }
    if gold is not None:
        known = read_known(gold / "dev.source", gold / "dev.target", gold / "dev.links")
        texts["gold"] = known, True
    found: dict[str, Any] = {}
    for name, (text, tokenised) in texts.items():
        found[name] = {}
        for rows in ROW_CONVENTIONS:
            reading = replace(translator, reader=replace(translator.reader, rows=rows))
            score = judge_links(reading, text, tokenised=tokenised).links
            assert score is not None
            found[name][rows] = alignment_json(score)
    return found


def accuracy_percent(
    translator: Translator, sources: Sequence[str], targets: Sequence[str]
) -> float:
    """The share of target pieces, `</s>` included, that a model puts first, given those before."""
    source_ids = translator.source_tokens.encode_ids(sources)
    target_ids = translator.target_tokens.encode_ids(targets)
    lengths = [max(len(s), len(t)) + 1 for s, t in zip(source_ids, target_ids, strict=True)]
    right = pieces = 0
    with at_rest(translator.model):
        for rows in in_batches(lengths, pieces=FORCED_PIECES):
            batch = to_batch([source_ids[i] for i in rows], [target_ids[i] for i in rows])
            said = translator.model(batch).argmax(dim=-1) == batch.labels
            right += int(said[batch.label_mask].sum())
            pieces += int(batch.label_mask.sum())
    return 100 * right / pieces


def of_unknown_words(run: Path, text: Text) -> dict[str, Any]:
    """BLEU before and after unknown words are replaced."""
    return {"unknown": with_unknown_words(load(run, device="cpu"), text)}


def as_the_tutorial(run: Path, text: Text) -> dict[str, Any]:
    """BLEU as TensorFlow's tutorial would have it: greedily, and as regard translates."""
    translator = load(run, device="cpu")
    greedy = replace(
        translator, settings=replace(translator.settings, beam=1), replace_unknown=False
    )
    references = text.lines("test", "target")
    found = {}
    for name, each in (("greedy", greedy), ("beam", translator)):
        outputs = [one.text for one in each.translate(text.lines("test", "source"))]
        found[name] = scores(outputs, references)
    return {"tutorial": found}


EXTRA: dict[str, Callable[[Path, Text], dict[str, Any]]] = {
    "words": of_unknown_words,
    "tutorial": as_the_tutorial,
}
"""What some rows are measured by besides, by the table that they are in."""
