"""The figure: time and memory per target word by the length of the source, beside theory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import BLACK, BLUE, GREY, ORANGE, make_plain, name_ends, write_png
from benchmarks.local_attention.results import SCOPES, Results
from benchmarks.local_attention.theory import (
    BYTES_OF_A_NUMBER,
    multiplications,
    numbers_held,
)
from regard.view import sheet as paper

STYLES = {"everything": BLUE, "local-m": BLACK, "local-p": ORANGE}
NAMES = {"everything": "global", "local-m": "local-m", "local-p": "local-p"}
PANEL_WIDTH, PANEL_HEIGHT = 3.4, 2.5  # inches
APART = 0.07  # of a panel's height, between names at the ends of curves


def write_costs(path: Path, results: Results) -> None:
    """Draw time above memory, writing beside training, into a PNG file.

    Raises ModuleNotFoundError, with the line that installs it, where matplotlib is missing.
    """
    paper.need_matplotlib()
    import matplotlib as mpl

    with mpl.rc_context(paper.plain_style()):
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine as Space

        figure = Figure(
            figsize=(2 * PANEL_WIDTH, 2 * PANEL_HEIGHT), layout=Space(hspace=APART, wspace=APART)
        )
        fields = figure.subplots(2, 2, sharex=True, sharey="row")
        settings = results.settings
        titles = {
            "writing": f"Writing: a word at a time, {settings.sentences} sentences",
            "training": "Training: all words at once, with gradients",
        }
        for (work, title), times, memory in zip(titles.items(), *fields, strict=True):
            times.set_title(title, fontsize=8.5, color=paper.INK)
            per_second = rate(results, work) / 1e9
            _note(times, f"dashed: multiplications, {per_second:.2g} billion a second")
            _note(memory, "dashed: numbers that must be held, 4 bytes each")
            memory.set_xlabel("words of the source", fontsize=8)
        for row, curves_of in zip(fields, (time_curves, memory_curves), strict=True):
            curves = [curves_of(results, work) for work in titles]
            for axes, each in zip(row, curves, strict=True):
                _draw(axes, results.settings.lengths, each)
            _fit(row[0], curves)
            for axes, each in zip(row, curves, strict=True):
                _name(axes, each)
                _compare(axes, results.settings.lengths[-1], each)
        fields[0][0].set_ylabel("microseconds per target word", fontsize=8)
        fields[1][0].set_ylabel("KiB per target word", fontsize=8)
        write_png(path, figure)


Curves = dict[str, tuple[Sequence[float], Sequence[float]]]
"""By scope, what was measured and what theory says, for every length."""


def rate(results: Results, work: str) -> float:
    """Multiplications a second of global attention at the longest source: all that is fitted."""
    settings = results.settings
    seconds = results.row(work, "everything").seconds_per_word[-1]
    done = multiplications(work, "everything", settings.lengths[-1], settings.size, settings.radius)
    return done / seconds


def time_curves(results: Results, work: str) -> Curves:
    """Microseconds."""
    settings, per_second = results.settings, rate(results, work)
    return {
        scope: (
            [seconds * 1e6 for seconds in results.row(work, scope).seconds_per_word],
            [
                multiplications(work, scope, length, settings.size, settings.radius)
                / per_second
                * 1e6
                for length in settings.lengths
            ],
        )
        for scope in SCOPES
    }


def memory_curves(results: Results, work: str) -> Curves:
    """KiB."""
    settings = results.settings
    return {
        scope: (
            [count / 1024 for count in results.row(work, scope).bytes_per_word or ()],
            [
                numbers_held(work, scope, length, settings.size, settings.radius)
                * BYTES_OF_A_NUMBER
                / 1024
                for length in settings.lengths
            ],
        )
        for scope in SCOPES
    }


def _draw(axes: Any, lengths: Sequence[int], curves: Curves) -> None:
    for scope, (measured, expected) in curves.items():
        colour, mark = STYLES[scope]
        axes.plot(lengths, expected, color=colour, linewidth=0.8, dashes=(4, 2.5), zorder=1.5)
        axes.plot(
            lengths, measured, color=colour, marker=mark, markersize=4, linewidth=1.3, zorder=2.5
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(lengths[0] / 1.25, lengths[-1] * 1.25)
    axes.set_xticks(lengths, [f"{length:,}" for length in lengths], fontsize=7)
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    make_plain(axes)
    axes.tick_params(axis="x", length=2)


def _fit(axes: Any, panels: Sequence[Curves]) -> None:
    """Room for all curves of a row of panels, which share their scale, and for a line of text."""
    values = [
        value for curves in panels for pair in curves.values() for curve in pair for value in curve
    ]
    axes.set_ylim(min(values) / 1.5, max(values) * 2.5)


def _name(axes: Any, curves: Curves) -> None:
    """The name of each curve at its end."""
    low, high = (math.log(limit) for limit in axes.get_ylim())
    ends = [
        ((math.log(measured[-1]) - low) / (high - low), NAMES[scope], STYLES[scope][0])
        for scope, (measured, _) in curves.items()
    ]
    name_ends(axes, ends, APART)


def _compare(axes: Any, length: int, curves: Curves) -> None:
    """An arrow at the longest source from the dearer local attention to global, and both ratios."""
    ends = {scope: curve[0][-1] for scope, curve in curves.items()}
    whole = ends.pop("everything")
    dearer = max(ends.values())
    axes.annotate(
        "",
        xy=(length, dearer),
        xytext=(length, whole),
        arrowprops={
            "arrowstyle": "<->",
            "color": GREY,
            "linewidth": 0.8,
            "shrinkA": 3,
            "shrinkB": 3,
        },
    )
    for line, (scope, end) in enumerate(sorted(ends.items(), key=lambda one: one[1])):
        axes.annotate(
            f"{ratio:.0f} ×" if (ratio := whole / end) >= 20 else f"{ratio:.1f} ×",
            xy=(length, whole**0.42 * dearer**0.58),
            xytext=(-5, -10 * line),
            textcoords="offset points",
            fontsize=8,
            color=STYLES[scope][0],
            ha="right",
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )


def _note(axes: Any, text: str) -> None:
    axes.text(0.02, 0.98, text, transform=axes.transAxes, fontsize=6.5, color=GREY, va="top")
