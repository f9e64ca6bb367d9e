"""The figure: BLEU by minutes of training, and what each system is worth when its time is up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.figures import BLUE, ORANGE, make_plain, write_png
from regard.view import sheet as paper

COLOURS = {"regard": BLUE[0], "eole": ORANGE[0]}
SOLID, DASHED = (1, 0), (4, 2)  # the model that both toolkits have is dashed
COMMON_MODEL = "2 x 512"
GREY = "#777777"
# TensorFlow's tutorial, ten minutes on a machine of the same kind: BLEU in its own form.
TUTORIAL, TUTORIAL_MINUTES = 40.45, 10.0
WIDTH, HEIGHT = 4.6, 3.2  # inches
APART = 2.2  # BLEU between two names at the ends of curves


def write_minutes(path: Path, quality: Mapping[str, dict[str, Any]]) -> bool:
    """Draw the curves of the quality legs into a PNG file; False where there is none.

    Lines are dev, greedy, with case; marks the test part in the tutorial's form, which alone can
    be compared with it. Raises ModuleNotFoundError, with the line that installs it, where
    matplotlib is missing.
    """
    if not quality:
        return False
    paper.need_matplotlib()
    import matplotlib as mpl

    with mpl.rc_context(paper.plain_style()):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        axes = figure.subplots()
        ends = [(TUTORIAL, "TensorFlow's tutorial", GREY)]
        for found in quality.values():
            toolkit = found["toolkit"]
            colour, common = COLOURS[toolkit], found["model"] == COMMON_MODEL
            minutes = [point["minutes"] for point in found["curve"]]
            axes.plot(
                minutes,
                [point["dev_bleu"] for point in found["curve"]],
                color=colour,
                linewidth=1.3,
                dashes=DASHED if common else SOLID,
            )
            end = found["tutorial_bleu"]
            axes.plot(TUTORIAL_MINUTES, end, color=colour, marker="o", markersize=5, clip_on=False)
            ends.append((end, f"{toolkit}, {found['model']}", colour))
        axes.plot(TUTORIAL_MINUTES, TUTORIAL, color=GREY, marker="s", markersize=5, clip_on=False)
        axes.set_xlim(0, TUTORIAL_MINUTES)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("minutes of training", fontsize=8)
        axes.set_ylabel("BLEU", fontsize=8)
        axes.tick_params(axis="x", labelsize=7, length=2)
        make_plain(axes)
        _name(axes, ends)
        axes.set_title(
            "lines: dev, greedy; marks: test, in the tutorial's form",
            fontsize=7.5,
            color=paper.INK,
        )
        write_png(path, figure)
    return True


def _name(axes: Any, ends: list[tuple[float, str, str]]) -> None:
    """Each system's name beside its mark, moved as far as it takes to be read."""
    place = float("-inf")
    for bleu, name, colour in sorted(ends):
        place = max(place + APART, bleu)
        axes.annotate(
            f"{name} {bleu:.1f}",
            xy=(TUTORIAL_MINUTES, place),
            xytext=(8, 0),
            textcoords="offset points",
            fontsize=7,
            color=colour,
            va="center",
            annotation_clip=False,
        )
