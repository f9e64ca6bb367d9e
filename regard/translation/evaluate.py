"""How good outputs are: BLEU, chrF and TER by sacreBLEU, perplexity, alignment error rate.

A score without its signature is not a score: each keeps the one that sacreBLEU gives it. BLEU (Post
2018), chrF (Popović 2015) and alignment scores are in percent; so is TER (Snover 2006), where less
is better and 100 is no bound.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from regard.record.alignment import (
    AlignmentScore,
    LineOfLinks,
    Links,
    alignment_error_rate,
    parse_lines,
)
from regard.translation.batches import to_batch
from regard.translation.lines import check_same_count, read_lines
from regard.translation.model import UNK, TranslationModel
from regard.translation.normal_form import normalise
from regard.translation.search import (
    FORCED_PIECES,
    LONGEST_GIVEN,
    at_rest,
    device_of,
    in_batches,
)
from regard.translation.tokens import Tokens

METRICS = ("bleu", "chrf", "ter")
TOKENISERS = ("13a", "none", "intl", "zh", "char")


@dataclass(frozen=True)
class Bleu:
    """A BLEU in percent; the precisions (percent) and penalty (0 ... 1) it is made of; and how."""

    value: float
    precisions: tuple[float, ...]
    brevity_penalty: float
    signature: str


@dataclass(frozen=True)
class Score:
    """Another metric's value in percent, and how it was computed."""

    value: float
    signature: str


@dataclass(frozen=True)
class TextScores:
    """What outputs are worth against their references; None what was not asked for."""

    lines: int
    bleu: Bleu | None = None
    chrf: Score | None = None
    ter: Score | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `signature` is BLEU's."""
        values: dict[str, Any] = {"lines": self.lines}
        if self.bleu:
            values |= {"bleu": self.bleu.value, "signature": self.bleu.signature}
            values |= {"brevity_penalty": self.bleu.brevity_penalty}
        if self.chrf:
            values |= {"chrf": self.chrf.value, "chrf_signature": self.chrf.signature}
        if self.ter:
            values |= {"ter": self.ter.value, "ter_signature": self.ter.signature}
        return values


@dataclass(frozen=True)
class Perplexity:
    """How well a model foresees given targets, unsmoothed.

    `pieces` counts the pieces and `</s>` of every line; `characters` those that the model was
    scored on (without control characters, composed as NFC) and one for each line's end, so that
    `nats_per_character` compares vocabularies, unless some `unknown` pieces hide what they stand
    for. `lines` were scored; `left_out` are the numbers, from 1, of those that were too long.
    """

    nats: float
    pieces: int
    characters: int
    unknown: int
    lines: int
    left_out: tuple[int, ...] = ()

    @property
    def nats_per_piece(self) -> float:
        """The mean cross-entropy of a piece."""
        return self.nats / self.pieces

    @property
    def perplexity(self) -> float:
        """Among how many equally likely pieces the model would be as unsure (inf above 1e308)."""
        return math.exp(self.nats_per_piece) if self.nats_per_piece < 700 else math.inf

    @property
    def nats_per_character(self) -> float:
        """The mean cross-entropy of a character."""
        return self.nats / self.characters

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "perplexity": self.perplexity,
            "nats_per_piece": self.nats_per_piece,
            "nats_per_character": self.nats_per_character,
            "pieces": self.pieces,
            "characters": self.characters,
            "unknown_pieces": self.unknown,
            "lines_left_out": len(self.left_out),
        }


def check_scorable(
    first: Sequence[object], second: Sequence[object], first_name: object, second_name: object
) -> None:
    """Raise ValueError for no lines, or for lines that cannot belong to each other one by one."""
    check_same_count(first, second, first_name, second_name)
    if not first:
        raise ValueError(f"{first_name} and {second_name} have no lines: nothing to score")


def bleu(outputs: Sequence[str], references: Sequence[str], *, tokenize: str = "13a") -> Bleu:
    """Corpus BLEU of plain text, one reference a line.

    Raises ValueError for no lines, different numbers of lines, an unknown tokeniser.
    """
    _check(outputs, references, tokenize)
    metric = BLEU(tokenize=tokenize, force=True)  # force: no advice on the log
    score = metric.corpus_score(outputs, [references])
    signature = str(metric.get_signature())
    return Bleu(score.score, tuple(score.precisions), score.bp, signature)


def score_texts(
    outputs: Sequence[str],
    references: Sequence[str],
    *,
    tokenize: str = "13a",
    metrics: Collection[str] = METRICS,
) -> TextScores:
    """BLEU, chrF2 and TER of plain text, one reference a line; `tokenize` is BLEU's.

    `metrics` chooses among them: TER takes most of the time, some 10 s for 1,000 long lines. Raises
    ValueError for no lines, different numbers of lines, an unknown tokeniser or metric.
    """
    _check(outputs, references, tokenize)
    if unknown := set(metrics) - set(METRICS):
        raise ValueError(f"no metric {min(unknown)!r} (there are: {', '.join(METRICS)})")
    return TextScores(
        lines=len(outputs),
        bleu=bleu(outputs, references, tokenize=tokenize) if "bleu" in metrics else None,
        chrf=_score(CHRF(), outputs, references) if "chrf" in metrics else None,
        ter=_score(TER(), outputs, references) if "ter" in metrics else None,
    )


def _score(metric: CHRF | TER, outputs: Sequence[str], references: Sequence[str]) -> Score:
    value = metric.corpus_score(outputs, [references]).score
    return Score(value, str(metric.get_signature()))


def score_files(
    output: Path,
    reference: Path,
    *,
    tokenize: str = "13a",
    metrics: Collection[str] = METRICS,
) -> TextScores:
    """`score_texts` of a file against another, line by line.

    Raises ValueError for files that cannot be read as UTF-8 or differ in their numbers of lines.
    """
    outputs, references = read_lines(output), read_lines(reference)
    check_scorable(outputs, references, output, reference)
    return score_texts(outputs, references, tokenize=tokenize, metrics=metrics)


def perplexity(
    model: TranslationModel,
    tokens: tuple[Tokens, Tokens],
    sources: Sequence[str],
    targets: Sequence[str],
) -> Perplexity:
    """What a model thinks of given translations; `tokens` are those of source and target.

    A pair of more than `LONGEST_GIVEN` pieces on a side is left out. Raises ValueError for no
    lines, different numbers of lines, or if nothing is left.
    """
    check_scorable(sources, targets, "the source", "the target")
    source_ids, target_ids = tokens[0].encode_ids(sources), tokens[1].encode_ids(targets)
    lengths = [max(len(s), len(t)) + 1 for s, t in zip(source_ids, target_ids, strict=True)]
    short = [i for i, length in enumerate(lengths) if length <= LONGEST_GIVEN + 1]
    if not short:
        raise ValueError(
            f"every line has more than {LONGEST_GIVEN:,} pieces on a side, too many to be scored "
            "as they are given: cut them into sentences"
        )
    nats, pieces = 0.0, 0
    with at_rest(model):
        for places in in_batches([lengths[i] for i in short], pieces=FORCED_PIECES):
            batch = [short[place] for place in places]
            rows = to_batch([source_ids[i] for i in batch], [target_ids[i] for i in batch])
            loss = model.loss(rows.to(device_of(model)))
            nats += float(loss.nats)
            pieces += loss.tokens
    return Perplexity(
        nats=nats,
        pieces=pieces,
        characters=sum(len(normalise(targets[i], tokens[1].lowercase)) + 1 for i in short),
        unknown=sum(target_ids[i].count(UNK) for i in short),
        lines=len(short),
        left_out=tuple(sorted(set(range(1, len(targets) + 1)) - {i + 1 for i in short})),
    )


def score_alignment(outputs: Sequence[Links], gold: Sequence[LineOfLinks]) -> AlignmentScore:
    """The alignment error rate of links against gold, sentence by sentence."""
    sure, possible = [line.sure for line in gold], [line.possible for line in gold]
    return alignment_error_rate(outputs, sure, possible)


def score_links(
    output: Path, gold: Path, *, gold_base: int = 0, swap: bool = False
) -> AlignmentScore:
    """The alignment error rate of a file of links against a gold file.

    `gold_base` is the number of the gold's first word; `swap` reads the output as target-source.
    Raises ValueError for files that are not links or differ in their numbers of lines.
    """
    outputs, golds = read_lines(output), read_lines(gold)
    check_scorable(outputs, golds, output, gold)
    links = [line.possible for line in parse_lines(outputs, swap=swap, name=str(output))]
    return score_alignment(links, parse_lines(golds, gold_base, name=str(gold)))


def alignment_json(score: AlignmentScore) -> dict[str, Any]:
    """An alignment's score as JSON values: aer, precision, recall (percent), links."""
    return asdict(score)


def _check(outputs: Sequence[str], references: Sequence[str], tokenize: str) -> None:
    if tokenize not in TOKENISERS:
        known = ", ".join(TOKENISERS)
        raise ValueError(f"no tokeniser {tokenize!r} for BLEU (there are: {known})")
    check_scorable(outputs, references, "the output", "the reference")
