"""From text files to a run that can be trained: read, set parts aside, learn the pieces, tokenise.

Each step is a function of the recipe and the text, so one that was interrupted is done again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from regard.translation.byte_pairs import train_byte_pairs
from regard.translation.corpus import prepare as prepare_corpus
from regard.translation.durable import write_text
from regard.translation.linked_pairs import LinkedPairs, check_lines
from regard.translation.pairs import CorpusError, Pair, Pairs, read_pairs
from regard.translation.recipe import DataRecipe, TokensRecipe
from regard.translation.run import Run
from regard.translation.split import split_pairs
from regard.translation.tokens import Tokens
from regard.translation.whole_words import count_words

Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Parts:
    """The text of a recipe: what is trained on, and what is only looked at."""

    train: Iterable[Pair]
    dev: Iterable[Pair]
    test: Iterable[Pair]


def read_parts(data: DataRecipe, say: Say, pairs: Pairs | None = None) -> Parts:
    """Read the files of a recipe, say what was found, and set aside what was not given.

    `pairs` are those of the recipe's text, where somebody has opened it already. Where the recipe
    names a dev part, nothing is set aside: the text is divided already. Links are those of the part
    to train on alone. Raises `CorpusError` as `read_pairs`, `split_pairs` and `check_lines` do, and
    when nothing is left to train on.
    """
    if pairs is None:
        pairs = _files(data.source, data.target)
    reading = pairs.reading or pairs.read_through()
    for line in reading.report():
        say(line)
    if data.links:
        check_lines(Path(data.links), data.source, reading.lines)
    test = _files(data.test_source, data.test_target) if data.test_source else None
    if data.dev_source:
        dev = _files(data.dev_source, data.dev_target)
        return Parts(_with_links(pairs, data), dev, test or ())
    split = split_pairs(pairs, test=None if test is None else 0)
    report = split.report
    say(
        f"set aside, sharing no sentence with the rest: {report.dev:,} for dev, "
        f"{report.test:,} for test; pairs to train on: {report.train:,}"
    )
    if not report.train:
        raise CorpusError(f"{data.source}: no pair is left to train on")
    return Parts(
        _with_links(split.part(pairs, "train"), data),
        split.part(pairs, "dev"),
        test or split.part(pairs, "test"),
    )


def prepare_run(run: Run, parts: Parts, say: Say) -> None:
    """Write what training needs into a run: parts, vocabularies and the tokenised text.

    A store of the same text and pieces in a neighbouring run is shared. Raises `CorpusError` and
    `RunError` for text that cannot be used and folders that cannot be written.
    """
    # Before the first file: a vocabulary that cannot be learned is refused.
    source_tokens, target_tokens = learn_tokens(run.recipe.tokens, parts.train)
    dev, test = list(parts.dev), list(parts.test)
    write_text(run.part("dev", "source"), "".join(pair.source + "\n" for pair in dev))
    write_text(run.part("dev", "target"), "".join(pair.target + "\n" for pair in dev))
    write_text(run.part("test", "source"), "".join(pair.source + "\n" for pair in test))
    write_text(run.part("test", "target"), "".join(pair.target + "\n" for pair in test))
    source_tokens.save(run.tokens("source"))
    target_tokens.save(run.tokens("target"))
    say(f"vocabulary: {source_tokens.size:,} source and {target_tokens.size:,} target pieces")
    corpus = prepare_corpus(
        run.corpus,
        parts.train,
        source_tokens,
        target_tokens,
        max_pieces=run.recipe.data.max_pieces,
        shared_with=_neighbours(run),
    )
    if corpus.over_long:
        limit = run.recipe.data.max_pieces
        say(f"{corpus.over_long:,} left out: a side has more than {limit} pieces")
    say(f"tokenised: {corpus.source_pieces:,} source and {corpus.target_pieces:,} target pieces")
    if corpus.links is not None:
        say(f"to guide attention by: {len(corpus.links.ids) // 2:,} links between them")


def learn_tokens(recipe: TokensRecipe, pairs: Iterable[Pair]) -> tuple[Tokens, Tokens]:
    """The vocabularies of source and target; one for both if they are shared."""
    if recipe.shared:
        both = _learn(recipe, (text for pair in pairs for text in (pair.source, pair.target)))
        return both, both
    return (
        _learn(recipe, (pair.source for pair in pairs)),
        _learn(recipe, (pair.target for pair in pairs)),
    )


def _files(source: str, target: str) -> Pairs:
    return read_pairs(Path(source), Path(target) if target else None)


def _with_links(pairs: Iterable[Pair], data: DataRecipe) -> Iterable[Pair]:
    if not data.links:
        return pairs
    return LinkedPairs(pairs, Path(data.links), data.links_tokenised)


def _learn(recipe: TokensRecipe, texts: Iterator[str]) -> Tokens:
    if recipe.kind == "words":
        return count_words(texts, limit=recipe.size, lowercase=recipe.lowercase)
    return train_byte_pairs(texts, size=recipe.size, lowercase=recipe.lowercase)


def _neighbours(run: Run) -> list[Path]:
    """The stores of other runs beside this one."""
    with contextlib.suppress(OSError):
        return sorted(run.folder.resolve().parent.glob("*/corpus"))
    return []
