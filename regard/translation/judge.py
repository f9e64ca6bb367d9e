"""Judge translators by text whose translation is known: all that `regard evaluate` measures.

    found = regard.evaluate("runs/mine")
    print(found.texts.bleu.value, found.perplexity.perplexity)

How each measure is computed is in `evaluate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from regard.attention import sites
from regard.record.alignment import AlignmentScore, LineOfLinks, check_convention, parse_lines
from regard.translation.device import precision_name
from regard.translation.durable import write_text
from regard.translation.evaluate import (
    Perplexity,
    TextScores,
    alignment_json,
    check_scorable,
    perplexity,
    score_alignment,
    score_texts,
)
from regard.translation.lines import check_same_count, read_lines
from regard.translation.load import load
from regard.translation.run import open_run, write_scores
from regard.translation.translator import Translator


@dataclass(frozen=True)
class KnownText:
    """Sources, what is right for each, and where known the gold links of their words."""

    sources: list[str]
    targets: list[str]
    gold: list[LineOfLinks] | None = None


@dataclass(frozen=True)
class Evaluation:
    """What translators are worth on a text; None (or no outputs) what was not measured.

    `lines` were given; `too_long` are the numbers, from 1, of those that are no part of the
    perplexity and have no links, because a side has more than `search.LONGEST_GIVEN` pieces.
    `search_precision` is "float32" or "bfloat16"; perplexity and links are always worked out in
    float32.
    """

    lines: int
    beam: int
    search_precision: str
    rows: str
    outputs: tuple[str, ...] = ()
    texts: TextScores | None = None
    perplexity: Perplexity | None = None
    links: AlignmentScore | None = None
    too_long: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As JSON values, without the outputs."""
        values: dict[str, Any] = {}
        if self.texts:
            values |= self.texts.to_json()
            values |= {"beam": self.beam, "search_precision": self.search_precision}
        if self.perplexity:
            values |= self.perplexity.to_json()
        if self.links:
            values |= {**alignment_json(self.links), "rows": self.rows}
        return values


def evaluate_run(
    runs: Path | str | Sequence[Path | str],
    source: Path | str | None = None,
    target: Path | str | None = None,
    *,
    gold: Path | str | None = None,
    gold_base: int = 0,
    tokenised: bool = False,
    rows: str | None = None,
    beam: int | None = None,
    output: Path | str | None = None,
    device: str = "auto",
    precision: str = "auto",
) -> Evaluation:
    """Measure a run: BLEU, chrF2, TER, perplexity and, with gold links, the alignment error rate.

    Several runs are measured as the ensemble that they are together. `source` and `target` are
    files; without them, the run's own test part is taken, and what is found is kept in its
    `scores.json` (several runs must have the same test part, and nothing is kept). `gold` is a file
    of links whose first word has the number `gold_base`; `rows` says which row of attention is a
    word's (`rows_of_words`; None: the one that links guided, or "predicted"). Of `tokenised` text
    only the links are measured, as it is not what the model writes, and nothing is kept. `output`
    is where the translations go.

    Raises ValueError, before anything is translated, for files that do not belong together, and
    for what cannot be measured.
    """
    if (source is None) != (target is None):
        raise ValueError("evaluate needs both SOURCE and TARGET, or neither")
    if tokenised and gold is None:
        raise ValueError("tokenised text measures links alone: name their file (--gold LINKS)")
    if tokenised and output is not None:
        raise ValueError("of tokenised text no translation is made: leave the output out")
    if rows is not None:
        check_convention(rows)
    folders = [Path(run) for run in ([runs] if isinstance(runs, Path | str) else runs)]
    if not folders:
        raise ValueError("name the folder of a run, or of several that translate together")
    own = source is None
    if source is None or target is None:
        source, target = _test_part(folders)
    text = read_known(source, target, gold, gold_base)
    translator = load(*folders, device=device, precision=precision)
    if gold is not None and not sites(translator.model):
        raise ValueError(
            f"{folders[0]}: has no attention (model.attention = none), so it links no words"
        )
    if rows is not None:
        translator = replace(translator, reader=replace(translator.reader, rows=rows))
    if beam is not None:
        translator = replace(translator, settings=replace(translator.settings, beam=beam))
    found = judge_links(translator, text, tokenised=True) if tokenised else judge(translator, text)
    if output is not None:
        write_text(Path(output), "".join(line + "\n" for line in found.outputs))
    if own and not tokenised and len(folders) == 1:  # links alone would overwrite all others
        write_scores(open_run(folders[0]), {"test": found.to_json()})
    return found


def read_known(
    source: Path | str, target: Path | str, gold: Path | str | None = None, gold_base: int = 0
) -> KnownText:
    """All that a judgement reads; ValueError for files that do not belong together."""
    sources, targets = read_lines(Path(source)), read_lines(Path(target))
    check_scorable(sources, targets, source, target)
    if gold is None:
        return KnownText(sources, targets)
    truth = parse_lines(read_lines(Path(gold)), gold_base, name=str(gold))
    check_same_count(truth, sources, gold, source)
    return KnownText(sources, targets, truth)


def judge(translator: Translator, text: KnownText) -> Evaluation:
    """Measure all that the text allows: the links only where it has gold ones.

    Raises ValueError where every line is too long for a perplexity.
    """
    tokens = (translator.source_tokens, translator.target_tokens)
    foreseen = perplexity(translator.model, tokens, text.sources, text.targets)
    outputs = [one.text for one in translator.translate(text.sources)]
    found = Evaluation(
        lines=len(text.sources),
        beam=translator.settings.beam,
        search_precision=precision_name(translator.precision),
        rows=translator.reader.rows,
        outputs=tuple(outputs),
        texts=score_texts(outputs, text.targets),
        perplexity=foreseen,
        too_long=foreseen.left_out,
    )
    if text.gold is None:
        return found
    return replace(found, links=judge_links(translator, text).links)


def judge_links(translator: Translator, text: KnownText, *, tokenised: bool = False) -> Evaluation:
    """Measure the links alone; ValueError for a text without gold links."""
    if text.gold is None:
        raise ValueError("the text has no gold links to judge by")
    pairs = translator.align_stream(text.sources, text.targets, tokenised=tokenised)
    links, too_long = [], []
    for number, pair in enumerate(pairs, start=1):
        links.append(pair.alignment)
        if pair.too_long:
            too_long.append(number)
    return Evaluation(
        lines=len(text.sources),
        beam=translator.settings.beam,
        search_precision=precision_name(translator.precision),
        rows=translator.reader.rows,
        links=score_alignment(links, text.gold),
        too_long=tuple(too_long),
    )


def _test_part(runs: Sequence[Path]) -> tuple[Path, Path]:
    """The files of the first run's test part; ValueError if it has none, or another differs."""
    parts: list[tuple[Path, Path]] = []
    for run in map(open_run, runs):
        source, target = run.part("test", "source"), run.part("test", "target")
        if not source.is_file() or not source.stat().st_size:
            raise ValueError(f"{run.folder}: has no test part; name SOURCE and TARGET")
        parts.append((source, target))
        for own, other in zip(parts[-1], parts[0], strict=True):
            if own.read_bytes() != other.read_bytes():
                raise ValueError(
                    f"{run.folder}: its test part is not that of {runs[0]}; name SOURCE and TARGET"
                )
    return parts[0]
