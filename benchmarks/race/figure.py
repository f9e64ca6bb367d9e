"""The figure: BLEU by minutes of training, and what each system is worth when its time is up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.figures import BLUE, GREY, ORANGE, make_plain, name_ends, write_png
from benchmarks.race.scores import TUTORIAL_BLEU, TUTORIAL_MINUTES
from regard.view import sheet as paper

COLOURS = {"regard": BLUE[0], "eole": ORANGE[0]}
SOLID, DASHED = (1, 0), (4, 2)
BOTH_HAVE = "2 x 512"  # the model that both toolkits train, and whose curves are dashed
WIDTH, HEIGHT = 4.6, 3.2  # inches
APART = 0.045  # of the field's height, between two names


def write_minutes(path: Path, quality: Mapping[str, dict[str, Any]]) -> None:
    """Draw the curves of the quality legs, of which there must be one, into a PNG file.

    Lines are dev, greedy, with case; marks the test part in the tutorial's form, which alone can
    be compared with it. Raises ModuleNotFoundError, with the line that installs it, where
    matplotlib is missing.
    """
    paper.need_matplotlib()
    import matplotlib as mpl

    with mpl.rc_context(paper.plain_style()):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        axes = figure.subplots()
        ends = [(TUTORIAL_BLEU, "TensorFlow's tutorial", GREY)]
        for found in quality.values():
            colour = COLOURS[found["toolkit"]]
            axes.plot(
                [point["minutes"] for point in found["curve"]],
                [point["dev_bleu"] for point in found["curve"]],
                color=colour,
                linewidth=1.3,
                dashes=DASHED if found["model"] == BOTH_HAVE else SOLID,
            )
            end = found["tutorial_bleu"]
            _mark(axes, found["seconds"] / 60, end, colour, "o")
            ends.append((end, f"{found['toolkit']}, {found['model']}", colour))
        _mark(axes, TUTORIAL_MINUTES, TUTORIAL_BLEU, GREY, "s")
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("minutes of training", fontsize=8)
        axes.set_ylabel("BLEU", fontsize=8)
        axes.tick_params(axis="x", labelsize=7, length=2)
        make_plain(axes)
        highest = axes.get_ylim()[1]
        named = [(bleu / highest, f"{name} {bleu:.1f}", colour) for bleu, name, colour in ends]
        name_ends(axes, named, APART)
        axes.set_title(
            "lines: dev, greedy; marks: test, in the tutorial's form",
            fontsize=7.5,
            color=paper.INK,
        )
        write_png(path, figure)


def _mark(axes: Any, minutes: float, bleu: float, colour: str, mark: str) -> None:
    axes.plot(minutes, bleu, color=colour, marker=mark, markersize=5)
