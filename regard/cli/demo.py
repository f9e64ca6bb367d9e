"""The first look: three small translators, told apart by where they may look."""

from __future__ import annotations

import itertools
import json
import shutil
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regard.cli.application import AsJson, Device, app
from regard.cli.output import write_line

if TYPE_CHECKING:
    from regard.record.word_map import WordMap
    from regard.translation.phrasebook import Example
    from regard.translation.progress import Display
    from regard.translation.recipe import Recipe
    from regard.translation.translator import Translator

SENTENCES = 40_000
HELD_OUT = 300
RADIUS = 2
EXAMPLE = "Las niñas altas no me dieron las llaves nuevas que compré ayer."
KINDS = {
    "global": ("looks at the whole source", ["model.attention=general"]),
    "local-p": (
        f"looks through a window of {2 * RADIUS + 1} words that it places itself",
        ["model.attention=general", "model.scope=local-p", f"model.radius={RADIUS}"],
    ),
    "none": (
        "cannot look: one state must hold the sentence",
        ["model.attention=none"],
    ),
}


@dataclass(frozen=True)
class Trained:
    """A run of the demo, and what its training took."""

    folder: Path
    updates: int
    seconds: float


@dataclass(frozen=True)
class Result:
    """One translator of the demo, measured on sentences that it never saw; scores in percent."""

    name: str
    what: str
    bleu: float
    signature: str
    aer: float | None
    parameters: int
    updates: int
    seconds: float


@app.command()
def demo(
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where it all goes. Default: regard-demo, or -2, -3."),
    ] = None,
    seconds: Annotated[
        float, typer.Option(metavar="N", help="Seconds of training for each of the three.")
    ] = 38,
    seed: Annotated[int, typer.Option(help="Of the sentences and the first weights.")] = 1,
    as_json: AsJson = False,
    device: Device = "auto",
) -> None:
    """Train three small translators on a built-in phrasebook, and see where they look.

    regard demo

    Spanish to English, on sentences that a grammar makes up: a first look, not a translator for
    use. With attention, with a squint (local-p), and without: the same text, size and time.
    """
    from regard.translation.device import choose_device
    from regard.translation.phrasebook import held_out, unknown_words
    from regard.translation.progress import open_display

    choose_device(device)
    if seconds <= 0:
        raise ValueError(f"--seconds {seconds:g}: is no time to train in")
    out = free_folder() if out is None else out
    if out.exists():
        raise ValueError(f"{out}: is there already; delete it, or name another folder")
    text = out / "text"
    text.mkdir(parents=True)
    examples = held_out(HELD_OUT, seed)
    with open_display(quiet=as_json) as display:
        display.say(f"{SENTENCES:,} sentence pairs made up by the phrasebook's grammar, such as")
        write_text_files(text, seed, display)
        results, translators = [], {}
        for name, (what, settings) in KINDS.items():
            display.say(f"\n{name}: {what}")
            trained = train_one(out / name, text, settings, seconds, device, display)
            results.append(measure(name, trained, examples, device))
            translators[name] = _load(out / name, device)
    if as_json:
        write_line(json.dumps([asdict(result) for result in results]))
        return
    write_line(table(results))
    sentence = EXAMPLE if not unknown_words(EXAMPLE) else examples[0].source
    show(sentence, translators, out)
    write_line(what_next(out))


def free_folder() -> Path:
    """The first of regard-demo, regard-demo-2 ... that does not exist."""
    names = itertools.chain(["regard-demo"], (f"regard-demo-{n}" for n in itertools.count(2)))
    return next(path for path in map(Path, names) if not path.exists())


def write_text_files(folder: Path, seed: int, display: Display) -> None:
    """Write the demo's training text, and a few of its pairs on the screen."""
    from regard.translation.phrasebook import pairs

    chosen = list(itertools.islice(pairs(seed), SENTENCES))
    for name, side in (("train.es", "source"), ("train.en", "target")):
        lines = "".join(getattr(example, side) + "\n" for example in chosen)
        (folder / name).write_text(lines, encoding="utf-8")
    for example in chosen[:3]:
        display.say(f"    {example.source}  ->  {example.target}")


def recipe_for(seconds: float, settings: list[str]) -> Recipe:
    """The demo's recipe: whole words, so that every row and column of a picture is a word.

    Without the warm-up local-p may never find out where to look (docs/why.md).
    """
    from regard.translation.recipe import Recipe
    from regard.translation.recipe_file import change

    return change(
        Recipe(),
        [
            "tokens.kind=words",
            "tokens.size=4000",
            "model.embedding=128",
            "model.hidden=192",
            "model.dropout=0.1",
            "model.input_feeding=false",
            "training.learning_rate=0.008",
            "training.warmup=100",
            "training.batch=64",
            "training.label_smoothing=0.0",
            "training.stop_by=loss",
            f"training.seconds={float(seconds)}",
            *settings,
        ],
    )


def train_one(
    folder: Path, text: Path, settings: list[str], seconds: float, device: str, display: Display
) -> Trained:
    """Train one of the three."""
    from regard.translation.workflow import begin_run, train_run

    began = time.monotonic()
    files = (text / "train.es", text / "train.en")
    begin_run(folder, *files, recipe=recipe_for(seconds, settings))
    outcome = train_run(folder, device=device, display=display, began=began)
    if outcome.reason == "interrupted":
        raise KeyboardInterrupt
    return Trained(folder, outcome.update, outcome.seconds)


def measure(name: str, trained: Trained, examples: list[Example], device: str) -> Result:
    """How well one of the three does on held-out sentences."""
    from regard.attention import sites
    from regard.record.alignment import LineOfLinks
    from regard.translation.evaluate import bleu, score_alignment

    translator = _load(trained.folder, device)
    sources = [example.source for example in examples]
    targets = [example.target for example in examples]
    quality = bleu([one.text for one in translator.translate(sources)], targets)
    aer = None
    if sites(translator.model):
        links = [one.alignment for one in translator.align_stream(sources, targets)]
        gold = [LineOfLinks(example.links, example.links) for example in examples]
        aer = score_alignment(links, gold).aer
    return Result(
        name=name,
        what=KINDS[name][0],
        bleu=quality.value,
        signature=quality.signature,
        aer=aer,
        parameters=sum(weight.numel() for weight in translator.model.parameters()),
        updates=trained.updates,
        seconds=trained.seconds,
    )


def table(results: list[Result]) -> str:
    """The three side by side."""
    lines = [
        "",
        f"On {HELD_OUT} sentences that none of them saw:",
        "",
        f"{'attention':<12}{'BLEU':>7}{'AER':>8}{'updates':>10}{'seconds':>9}   ",
    ]
    for one in results:
        aer = "-" if one.aer is None else f"{one.aer:.1f}"
        lines.append(
            f"{one.name:<12}{one.bleu:>7.1f}{aer:>8}{one.updates:>10,}{one.seconds:>9.0f}"
            f"   {one.what}"
        )
    lines += [
        "",
        "BLEU: how near to the right English, 100 at best. AER: how many links between words are",
        "wrong or missing when each word is linked to the one it looked at most, 0 at best.",
        f"({results[0].signature})",
    ]
    return "\n".join(lines)


def show(sentence: str, translators: dict[str, Translator], out: Path) -> None:
    """One sentence, translated by all three; where global attention looked; the figure."""
    from regard.record.word_map import word_map
    from regard.view.figure import write_figure
    from regard.view.terminal import draw

    write_line(f"\n{sentence}")
    maps: dict[str, WordMap] = {}
    for name, translator in translators.items():
        translation = translator.translate(sentence)
        write_line(f"    {name:<8} {translation.text}")
        if translation.record.maps:
            maps[name] = word_map(translation.record)
    width = max(40, min(shutil.get_terminal_size((100, 24)).columns, 140))
    write_line("\n" + draw(maps["global"], width=width, colour=sys.stdout.isatty()))
    figure = out / "attention.png"
    try:
        write_figure(figure, list(maps.values()), titles=list(maps))
    except ModuleNotFoundError as error:
        write_line(f"\n({error})")
        return
    write_line(f"\nThe same as a figure, beside the squint of local-p: {figure}")


def what_next(out: Path) -> str:
    """What to try after the demo."""
    return f"""
Try next:
    regard translate {out / "global"} "Mi hermana no lo compró." --show
    regard translate {out / "local-p"} "Mi hermana no lo compró." --show --figure squint.svg
    regard train mine.es mine.en --out runs/mine       (your own text: two files, line by line)

This was a first look: the phrasebook knows a few hundred words, and so do these translators."""


def _load(folder: Path, device: str) -> Translator:
    from regard.translation.load import load

    return load(folder, device=device)
