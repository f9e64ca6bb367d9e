"""From text files to a translator, in one call or step by step: what Python and the doors call.

    train_translator    text -> a translator, its run kept in a folder
        begin_run       text and recipe -> a run folder that is ready to be trained
        train_run       a run folder -> trained, from its first update or from where it stopped
            settle_length_alpha    its length normalisation chosen on dev, if nobody has set it

Settings are written `section.key=value`. What goes on is told to a display; without one nothing is.
"""

from __future__ import annotations

import contextlib
import math
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from regard.translation.choice import TextAmount, choose
from regard.translation.corpus import Corpus
from regard.translation.dev import dev_lines, dev_part
from regard.translation.device import choose_device
from regard.translation.durable import LOCK, locked
from regard.translation.load import load
from regard.translation.pairs import Pairs, read_pairs
from regard.translation.preparation import prepare_run, read_parts
from regard.translation.progress import Display, Silence, open_display
from regard.translation.recipe import Recipe
from regard.translation.recipe_file import change, override, read_recipe
from regard.translation.run import (
    MARK_NAME,
    Run,
    change_limits,
    create_run,
    make_folder,
    names_setting,
    new_model,
    open_run,
    settle_alpha,
)
from regard.translation.toml import format_value
from regard.translation.train import Outcome, train
from regard.translation.translator import Translator
from regard.translation.tune import choose_alpha

ALPHA_SENTENCES = 500  # or up to twice as many
LINKS_WEIGHT = 1.0  # of the links' loss, where nobody says


def train_translator(
    source: Path | str | None = None,
    target: Path | str | None = None,
    *,
    out: Path | str,
    recipe: Recipe | Path | str | None = None,
    settings: Iterable[str] = (),
    seconds: float | None = None,
    links: Path | str | None = None,
    device: str = "auto",
    quiet: bool = False,
) -> Translator:
    """Train a translator from two text files; everything about it is kept in the folder `out`.

    The arguments are those of `begin_run` and `train_run`. Progress goes to standard error unless
    `quiet`. Ctrl-C saves and raises KeyboardInterrupt; `train_run(out)` then goes on. Raises
    ValueError, in one line, as those do.
    """
    began = time.monotonic()
    choose_device(device)
    with open_display(quiet=quiet) as display:
        begin_run(
            out,
            source,
            target,
            recipe=recipe,
            settings=settings,
            seconds=seconds,
            links=links,
            device=device,
            display=display,
        )
        outcome = train_run(out, device=device, display=display, began=began)
    if outcome.reason == "interrupted":
        raise KeyboardInterrupt
    return load(out, device=device)


def begin_run(
    out: Path | str,
    source: Path | str | None = None,
    target: Path | str | None = None,
    *,
    recipe: Recipe | Path | str | None = None,
    settings: Iterable[str] = (),
    seconds: float | None = None,
    links: Path | str | None = None,
    device: str = "auto",
    display: Display | None = None,
) -> Run:
    """Make a new or empty folder into a run: parts set aside, vocabulary learned, text tokenised.

    `source` and `target` are text files, line by line translations of each other, or `source` alone
    is a TSV file; they replace all the text of a recipe, its dev and test parts and its links too.
    Without a `recipe` one is chosen from the amount of text and the `seconds` there are to train in
    on the `device`; with one the seconds become its only limit beside patience. `links` is a file
    of word links of the text that guide attention (`training.guided_alignment`). `settings` are put
    over all that.
    `search.length_alpha` is left to dev where neither recipe nor settings say it. Raises ValueError
    for text and settings that cannot be used, and then leaves nothing behind; Ctrl-C leaves a run
    that `train_run` can prepare once more.
    """
    display, settings = display or Silence(), _list_of(settings)
    limit = _only_limit(seconds)
    with _undone_if_refused(Path(out)):  # first: reading a text may take long
        text = _open_text(source, target)
        if recipe is None:
            chosen, asked = _choose_recipe(text, seconds, device, display), settings
            if settings:
                display.say(f"But as asked for: {', '.join(settings)}")
        else:
            chosen = recipe if isinstance(recipe, Recipe) else read_recipe(Path(recipe))
            asked = [*limit, *settings]
        alpha_is_open = not (
            "length_alpha" in chosen.search.model_fields_set
            or names_setting(settings, "search.length_alpha")
        )
        chosen = change(chosen, [*_settings_of(text), *_guided_by(links, chosen), *asked])
        if not chosen.data.source:
            raise ValueError("the recipe names no text (data.source): name two files beside it")
        parts = read_parts(chosen.data, display.say, text)
        run = create_run(Path(out), chosen, alpha_is_open=alpha_is_open)
        prepare_run(run, parts, display.say)
    return run


def train_run(
    folder: Path | str,
    *,
    settings: Iterable[str] = (),
    seconds: float | None = None,
    device: str = "auto",
    display: Display | None = None,
    began: float | None = None,
) -> Outcome:
    """Train a run that was begun, from its first update or from where it stopped.

    `settings` may change its limits and how it translates; `seconds`, the time in all, becomes its
    only limit beside patience, unless it has that time already. They are kept once the training
    begins. Time counts from `began` (of `time.monotonic()`; None: from now). A preparation that was
    interrupted is done again. The first Ctrl-C saves and returns, with the reason "interrupted";
    otherwise the length normalisation is settled at the end. Raises ValueError, in one line, for
    what cannot be trained, and then leaves a prepared run as it was.
    """
    began = time.monotonic() if began is None else began
    display, chosen_device = display or Silence(), choose_device(device)
    settings, limit = _list_of(settings), _only_limit(seconds)
    run = open_run(Path(folder))
    same_time = seconds == run.recipe.training.seconds  # which changes nothing, so not the plan
    run = change_limits(run, settings if same_time else [*limit, *settings])
    if run.missing():
        with locked(run.folder):
            display.say(f"{folder}: preparation was interrupted; it is done again")
            prepare_run(run, read_parts(run.recipe.data, display.say), display.say)
    model, source_tokens, target_tokens = new_model(run)
    corpus = Corpus.open(run.corpus)
    dev, dev_bleu = dev_part(run, source_tokens, target_tokens)
    outcome = train(
        run,
        model,
        corpus,
        dev,
        dev_bleu=dev_bleu,
        device=chosen_device,
        already_spent_seconds=time.monotonic() - began,
        display=display,
    )
    if outcome.reason != "interrupted":
        settle_length_alpha(folder, device=device, display=display)
    return outcome


def settle_length_alpha(
    folder: Path | str, *, device: str = "auto", display: Display | None = None
) -> Run:
    """Choose the length normalisation of a trained run on its dev part, unless it is set already.

    `--set`, a recipe, an edit of the run's recipe.toml and an earlier choice have set it. With a
    beam of 1, or without a dev part, there is nothing to choose. Returns the run as it is now.
    """
    run, display = open_run(Path(folder)), display or Silence()
    if not run.alpha_is_open or run.recipe.search.beam == 1:
        return run
    sources, references = dev_lines(run)
    if not sources:
        return run
    step = max(1, len(sources) // ALPHA_SENTENCES)  # from all over the part: files are often sorted
    sources, references = sources[::step], references[::step]
    chosen = choose_alpha(load(run.folder, device=device), sources, references)
    settled = settle_alpha(run, chosen.alpha)
    if settled.recipe.search.length_alpha != chosen.alpha:
        return settled  # somebody has set it meanwhile
    display.say(
        f"length_alpha {chosen.alpha:g}, chosen on dev: "
        f"BLEU {chosen.bleu_by_alpha[chosen.alpha]:.2f} with a beam of "
        f"{run.recipe.search.beam} ({len(sources)} sentences)"
    )
    return settled


def _list_of(settings: Iterable[str]) -> list[str]:
    """The settings, each of which is written as one should be and exists."""
    if isinstance(settings, str):
        raise ValueError(f"settings = {settings!r}: must be a list of texts, [{settings!r}]")
    settings = list(settings)
    override({}, settings)
    return settings


def _open_text(source: Path | str | None, target: Path | str | None) -> Pairs | None:
    if source is None and target is not None:
        raise ValueError("target is given, so source is needed too")
    if source is None:
        return None
    return read_pairs(Path(source), None if target is None else Path(target))


def _choose_recipe(
    text: Pairs | None, seconds: float | None, device: str, display: Display
) -> Recipe:
    if text is None:
        raise ValueError("no text: name two files, or a recipe that names them (data.source)")
    reading = text.read_through()
    if not reading.pairs:
        raise ValueError("the text has no pair with words on both sides")
    amount = TextAmount(
        reading.pairs,
        reading.source_characters / reading.pairs,
        reading.target_characters / reading.pairs,
    )
    choice = choose(amount, seconds=seconds, device=choose_device(device).type)
    for reason in choice.reasons:
        display.say(reason)
    return choice.recipe


def _only_limit(seconds: float | None) -> list[str]:
    """Settings that make a time the only limit beside patience; none for no time."""
    if seconds is None:
        return []
    if not isinstance(seconds, int | float) or not 0 < seconds < math.inf:
        raise ValueError(
            f"seconds = {seconds!r}: must be a number of seconds, more than 0 (ten minutes: 600)"
        )
    return [f"training.seconds={seconds}", "training.updates=0", "training.epochs=0"]


def _settings_of(text: Pairs | None) -> list[str]:
    """Settings that name a text, and no dev and test parts or links; none for no text.

    Paths become absolute: a run may go on from another folder.
    """
    if text is None:
        return []
    paths = {"source": text.source, "target": text.target}
    others = [f"{part}_{side}" for part in ("dev", "test") for side in ("source", "target")]
    others.append("links")
    return [
        f"data.{key}={format_value('' if path is None else str(path.absolute()))}"
        for key, path in {**paths, **dict.fromkeys(others)}.items()
    ]


def _guided_by(links: Path | str | None, recipe: Recipe) -> list[str]:
    """Settings that name a file of links, and a weight where the recipe has none."""
    if links is None:
        return []
    weight = recipe.training.guided_alignment or LINKS_WEIGHT
    named = format_value(str(Path(links).absolute()))
    return [f"data.links={named}", f"training.guided_alignment={weight}"]


@contextmanager
def _undone_if_refused(folder: Path) -> Iterator[None]:
    """Make a folder and be the only one to fill it; an error removes all that was put there.

    Ctrl-C does so, too, as long as there is no run in it.
    """
    made = make_folder(folder)
    try:
        with locked(folder):
            before = set(folder.iterdir())
            try:
                yield
            except BaseException as error:
                begun = (folder / MARK_NAME).exists()
                if not (begun and isinstance(error, KeyboardInterrupt)):
                    _remove(set(folder.iterdir()) - before)
                    if set(folder.iterdir()) == {folder / LOCK}:
                        _remove([folder / LOCK])
                raise
    except BaseException:
        for each in made:
            with contextlib.suppress(OSError):  # where there is something in it
                each.rmdir()
        raise


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
