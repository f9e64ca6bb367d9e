"""The command that translates."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regard.cli.application import AsJson, Device, RunFolder, app

if TYPE_CHECKING:
    from regard.translation.translated import Translation
    from regard.translation.translator import Translator

SEARCH, SAMPLE, SHOW = "How to search", "How to draw instead", "What to show"


@app.command()
def translate(
    run: RunFolder,
    text: Annotated[
        list[str] | None, typer.Argument(help="Text to translate; without it, standard input.")
    ] = None,
    beam: Annotated[
        int | None, typer.Option(help="Hypotheses kept; 1: greedy. Default: the recipe's.")
    ] = None,
    alpha: Annotated[
        float | None, typer.Option(help="Length normalisation; 0: none. Default: the recipe's.")
    ] = None,
    max_length: Annotated[
        int | None, typer.Option(metavar="N", help="Longest translation of a sentence, in pieces.")
    ] = None,
    no_repeat: Annotated[
        int, typer.Option(metavar="N", help="No run of N pieces may come twice; 0: any may.")
    ] = 0,
    best: Annotated[int, typer.Option(metavar="N", help="The N best translations.")] = 1,
    sample: Annotated[
        int, typer.Option(metavar="N", help="Draw N translations instead of searching.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 1,
    temperature: Annotated[float, typer.Option(help="Of the draws; below 1: safer.")] = 1.0,
    top_k: Annotated[
        int | None, typer.Option(metavar="K", help="Draw from the K most probable pieces.")
    ] = None,
    top_p: Annotated[
        float, typer.Option(metavar="P", help="Draw from the most probable share P.")
    ] = 1.0,
    dictionary: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="word<TAB>translation, for words the model never saw."),
    ] = None,
    as_json: AsJson = False,
    show: Annotated[bool, typer.Option("--show", help="Draw where each word looked.")] = False,
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw it into a .png, .svg or .pdf (one text)."),
    ] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the attention (one text).")
    ] = None,
    device: Device = "auto",
) -> None:
    """Translate text, line by line; a blank line stays a blank line.

    regard translate runs/mine < new.es > new.en

    regard translate runs/mine "¿Dónde está el gato?" --show

    Text of any length is taken: a long line is cut at the ends of sentences, and joined again.
    """
    from regard.translation.sampling import SampleSettings
    from regard.translation.translator import load, load_dictionary

    translator = load(run, device=device)
    settings = replace(
        translator.settings,
        beam=max(best, translator.settings.beam if beam is None else beam),
        best=best,
        length_alpha=translator.settings.length_alpha if alpha is None else alpha,
        max_length=translator.settings.max_length if max_length is None else max_length,
        no_repeat=no_repeat,
        record=as_json or show or figure is not None or record is not None,
    )
    words = load_dictionary(dictionary) if dictionary else {}
    translator = replace(translator, settings=settings, dictionary=words)
    if text is None and (figure or record):
        raise ValueError("--figure and --record show one text: give it as an argument")
    if text is not None and len(text) > 1 and (figure or record):
        raise ValueError(f"--figure and --record show one text, not {len(text)}: quote it")
    found: Iterable[Translation]
    if sample:
        drawing = SampleSettings(sample, temperature, top_k, top_p)
        found = _drawn(translator, _lines() if text is None else text, seed, drawing)
    else:
        ahead = 1 if sys.stdin.isatty() or text is not None else 1024
        found = translator.stream(_lines() if text is None else text, ahead=ahead)
    for one in found:
        _name_unknown_words(translator, one.source)
        _print(one, as_json=as_json, show=show, choices=best > 1 or sample > 1)
        if figure is not None or record is not None:
            _keep(one, figure, record)


def _name_unknown_words(translator: Translator, text: str) -> None:
    """Say which words a model of whole words never saw: it can only copy them."""
    from regard.translation.model import UNK
    from regard.translation.tokens import Words

    if isinstance(translator.source_tokens, Words):
        pieces = translator.source_tokens.encode(text)
        unknown = dict.fromkeys(text[one.start : one.end] for one in pieces if one.id == UNK)
        if unknown:
            typer.echo(f"not in the vocabulary: {', '.join(unknown)}", err=True)


def _lines() -> Iterator[str]:
    """The lines of standard input.

    Raises ValueError naming the line that is not UTF-8.
    """
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"standard input, line {number}: is not UTF-8; convert the text first"
            ) from error


def _drawn(
    translator: Translator, lines: Iterable[str], seed: int, drawing: object
) -> Iterator[Translation]:
    from regard.translation.sampling import SampleSettings

    assert isinstance(drawing, SampleSettings)
    for line in lines:
        yield from translator.sample([line.rstrip("\r\n")], seed, drawing)


def _print(one: Translation, *, as_json: bool, show: bool, choices: bool) -> None:
    if as_json:
        typer.echo(json.dumps(one.to_json(), ensure_ascii=False))
        return
    typer.echo(one.text)
    if choices:
        for other in one.alternatives:
            typer.echo(f"\t{other.score:.3f}\t{other.text}")
    if show:
        typer.echo(_drawing(one))


def _drawing(one: Translation) -> str:
    """Where each word of a translation looked, as wide and as colourful as the terminal allows."""
    import shutil

    from regard.view.terminal import draw_record

    if not one.record.maps:
        return "(no attention to show: this model has none)"
    colour = sys.stdout.isatty()
    width = max(24, min(shutil.get_terminal_size((100, 24)).columns, 160))
    return draw_record(one.record, width=width, colour=colour) + "\n"


def _keep(one: Translation, figure: Path | None, record: Path | None) -> None:
    if not one.record.maps:
        raise ValueError("this model has no attention to show (attention = none)")
    if record is not None:
        one.record.save(record)
    if figure is not None:
        from regard.record.word_map import word_map
        from regard.view.figure import write_figure

        write_figure(figure, [word_map(one.record)])
