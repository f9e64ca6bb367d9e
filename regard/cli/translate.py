"""The command that translates."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from regard.cli.application import AsJson, Device, Precision, RunFolder, app, check_folder
from regard.cli.output import write_line

if TYPE_CHECKING:
    from io import BufferedReader

    from regard.translation.result import Translation
    from regard.translation.sampling import SampleSettings
    from regard.translation.search import SearchSettings
    from regard.translation.translator import Translator


@app.command()
def translate(
    run: RunFolder,
    more: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]... [TEXT]...",
            help="More runs, to translate together; text to translate, else standard input.",
        ),
    ] = None,
    beam: Annotated[
        int | None,
        typer.Option(min=1, help="Hypotheses kept; 1: greedy. Default: the recipe's."),
    ] = None,
    alpha: Annotated[
        float | None,
        typer.Option(min=0, help="Length normalisation; 0: none. Default: the recipe's."),
    ] = None,
    max_length: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Longest translation of a sentence, in pieces."),
    ] = None,
    no_repeat: Annotated[
        int, typer.Option(min=0, metavar="N", help="No run of N pieces may come twice; 0: any may.")
    ] = 0,
    best: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="The N best translations, from a beam of N or more."),
    ] = 1,
    sample: Annotated[
        int, typer.Option(min=0, metavar="N", help="Draw N translations instead of searching.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 1,
    temperature: Annotated[float, typer.Option(help="Of the draws; below 1: safer.")] = 1.0,
    top_k: Annotated[
        int | None, typer.Option(min=1, metavar="K", help="Draw from the K most probable pieces.")
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
    precision: Precision = "auto",
) -> None:
    """Translate text, line by line; a blank line stays a blank line.

    regard translate runs/mine < new.es > new.en

    regard translate runs/mine "¿Dónde está el gato?" --show

    regard translate runs/one runs/two runs/three < new.es > new.en

    Several runs write together, by the mean of their probabilities: as a rule better than each, if
    about as good. They need one vocabulary: the same text, another training.seed.

    Text of any length is taken: a long line is cut at the ends of sentences, and joined again with
    one space between them, or none in Chinese and Japanese.

    With --best or --sample above 1 every translation is a line of its own: the number of the line
    that it translates (from 1), a tab, its score, a tab, the text. --sample N prints N of them, in
    the order drawn, equal ones too; --best at most N, all different, the best first.
    """
    from regard.cli.runs import runs_and_rest
    from regard.translation.load import load
    from regard.translation.sampling import SampleSettings
    from regard.translation.translator import READ_AHEAD

    if best > 1 and sample:
        raise ValueError("--best searches, --sample draws: leave one of them out")
    runs, words = runs_and_rest(run, more)
    text = words or None
    _check(text, {"--figure": figure, "--record": record})
    drawing = SampleSettings(max(1, sample), temperature, top_k, top_p)  # refused unused too
    translator = _knowing(load(*runs, device=device, precision=precision), run, dictionary)
    looks = _Looks(show, figure, record)
    _check_attention(translator, run, looks)
    settings = replace(
        _searching(translator.settings, beam=beam, best=best, alpha=alpha, max_length=max_length),
        no_repeat=no_repeat,
        record=as_json or show or figure is not None or record is not None,
    )
    translator = replace(translator, settings=settings)
    windows = _standard_input(READ_AHEAD) if text is None else [text]
    found = _translated(translator, windows, seed, drawing if sample else None)
    _write(found, translator, looks, as_json=as_json, numbered=max(best, sample) > 1)


@dataclass(frozen=True)
class _Looks:
    """What is asked for of where the words looked: a drawing, a figure, the record."""

    show: bool
    figure: Path | None
    record: Path | None


def _write(
    found: Iterable[Translation],
    translator: Translator,
    looks: _Looks,
    *,
    as_json: bool,
    numbered: bool,
) -> None:
    """Write translations as they come, and say what is to be said about them."""
    count = cut = 0
    for one in found:
        if unknown := translator.unknown_words(one.source):
            typer.echo(f"not in the vocabulary: {', '.join(unknown)}", err=True)
        if looks.figure is not None or looks.record is not None:
            _keep(one, looks.figure, looks.record)
        count, cut = count + 1, cut + one.cut
        _print(one, count if numbered else None, as_json=as_json, show=looks.show)
    if cut:
        typer.echo(
            f"{cut} of {count} ran into the length limit, and may lack their end: --max-length N",
            err=True,
        )


def _check(text: list[str] | None, files: dict[str, Path | None]) -> None:
    """Refuse what can be known to be wrong before a model is read."""
    from regard.translation.normal_form import is_blank

    for option, path in files.items():
        check_folder(option, path)
    if figure := files["--figure"]:
        from regard.view.figure import check_figure

        check_figure(figure)
    one_text = any(files.values())
    if text is None:
        if one_text:
            raise ValueError("--figure and --record show one text: give it as an argument")
        return
    if one_text and len(text) > 1:
        raise ValueError(f"--figure and --record show one text, not {len(text)}: quote it")
    if one_text and is_blank(text[0]):
        raise ValueError("a blank text has nothing to show: leave --figure and --record out")
    for words in text:
        if os.path.isfile(words):  # noqa: PTH113  no path at all, as a rule, and maybe too long
            raise ValueError(f"{words} is a file: regard translate RUN < {words}")
        if os.path.isdir(words):  # noqa: PTH112
            raise ValueError(
                f"{words} is a folder that holds no run (a text that is called like a folder can "
                "be given on standard input)"
            )


def _check_attention(translator: Translator, run: Path, looks: _Looks) -> None:
    """Refuse to show the attention of a model that has none."""
    from regard.attention import sites

    if not sites(translator.model) and (looks.show or looks.figure or looks.record):
        raise ValueError(f"{run}: has no attention (model.attention = none): nothing to show")


def _searching(
    own: SearchSettings, *, beam: int | None, best: int, alpha: float | None, max_length: int | None
) -> SearchSettings:
    """The settings of a search with what was asked for, and the recipe's for the rest."""
    return replace(
        own,
        beam=max(best, own.beam if beam is None else beam),
        best=best,
        length_alpha=own.length_alpha if alpha is None else alpha,
        max_length=own.max_length if max_length is None else max_length,
    )


def _knowing(translator: Translator, run: Path, dictionary: Path | None) -> Translator:
    """The translator with a dictionary for the words that it does not know."""
    from regard.translation.load import load_dictionary
    from regard.translation.whole_words import Words

    if dictionary is None:
        return translator
    if not isinstance(translator.target_tokens, Words):
        raise ValueError(
            f"--dictionary {dictionary}: {run} writes byte pairs, to which no word is unknown; "
            "leave it out"
        )
    return replace(translator, dictionary=load_dictionary(dictionary))


def _standard_input(longest: int) -> Iterator[list[str]]:
    """The lines of standard input, as many together as have arrived, up to `longest`."""
    from regard.translation.arriving import arriving_lines

    if sys.stdin.isatty():
        typer.echo("a line and Enter: its translation; Ctrl-D ends", err=True)
    return arriving_lines(cast("BufferedReader", sys.stdin.buffer), longest)


def _translated(
    translator: Translator,
    windows: Iterable[list[str]],
    seed: int,
    drawing: SampleSettings | None,
) -> Iterator[Translation]:
    """A translation a line, or with `drawing` a draw; a window is translated together."""
    for window in windows:
        if drawing is None:
            yield from translator.stream(window)
        else:
            for line in window:
                yield from translator.sample([line.rstrip("\r\n")], seed, drawing)


def _print(one: Translation, line: int | None, *, as_json: bool, show: bool) -> None:
    """Print a translation; with the number of its line, the alternatives and scores as well."""
    if as_json:
        write_line(json.dumps(one.to_json(), ensure_ascii=False))
        return
    if line is None:
        write_line(one.text)
    else:
        for choice in (one, *one.alternatives):
            write_line(f"{line}\t{choice.score:.3f}\t{choice.text}")
    if show and one.record.maps:  # a blank line has none
        write_line(_drawing(one))


def _drawing(one: Translation) -> str:
    """Where each word of a translation looked, as wide and as colourful as the terminal allows."""
    import shutil

    from regard.view.terminal import draw_record

    colour = sys.stdout.isatty()
    width = max(24, min(shutil.get_terminal_size((100, 24)).columns, 160))
    return draw_record(one.record, width=width, colour=colour) + "\n"


def _keep(one: Translation, figure: Path | None, record: Path | None) -> None:
    if not one.record.maps:
        raise ValueError(f"{one.source!r} has nothing to show: leave --figure and --record out")
    if record is not None:
        one.record.save(record)
    if figure is not None:
        from regard.record.word_map import word_map
        from regard.view.figure import write_figure

        write_figure(figure, [word_map(one.record)])
