"""The figure: BLEU by the length of the source, with attention and without."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import BLACK, BLUE, ORANGE, make_plain, write_png
from regard.view import sheet as paper

STYLES = (BLUE, ORANGE, BLACK)
PANEL_WIDTH, PANEL_HEIGHT = 3.4, 2.7  # inches
APART = 0.07  # of the curves in a bin, so that no bar hides another


@dataclass(frozen=True)
class Curve:
    """A row's BLEU in every bin: `seeds` has a list of bins for each seed."""

    name: str
    seeds: Sequence[Sequence[Mapping[str, Any]]]

    def values(self, place: int) -> list[float]:
        """The BLEU of one bin from every seed."""
        return [bins[place]["bleu"] for bins in self.seeds if bins[place]["bleu"] is not None]


@dataclass(frozen=True)
class Panel:
    """The curves of one text."""

    title: str
    curves: Sequence[Curve]

    @property
    def bins(self) -> Sequence[Mapping[str, Any]]:
        """What the bins are; those of all curves are the same."""
        return self.curves[0].seeds[0]


def write_lengths(path: Path, panels: Sequence[Panel]) -> None:
    """Draw panels side by side into a PNG file: the mean over seeds, and bars from least to most.

    Raises ModuleNotFoundError, with the line that installs it, where matplotlib is missing.
    """
    paper.need_matplotlib()
    import matplotlib as mpl

    with mpl.rc_context(paper.plain_style()):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(PANEL_WIDTH * len(panels), PANEL_HEIGHT), layout="constrained")
        fields = figure.subplots(1, len(panels), squeeze=False)[0]
        for axes, panel in zip(fields, panels, strict=True):
            _draw(axes, panel)
        fields[0].set_ylabel("BLEU", fontsize=8)
        write_png(path, figure)


def bin_name(one: Mapping[str, Any]) -> str:
    """The lengths of a bin: 4 to 5, 10 or more."""
    return f"{one['least']} or more" if one["most"] is None else f"{one['least']} to {one['most']}"


def _draw(axes: Any, panel: Panel) -> None:
    for number, (curve, (colour, mark)) in enumerate(zip(panel.curves, STYLES, strict=False)):
        found = [(place, curve.values(place)) for place in range(len(panel.bins))]
        found = [(place, values) for place, values in found if values]
        means = [statistics.mean(values) for _, values in found]
        below = [mean - min(values) for mean, (_, values) in zip(means, found, strict=True)]
        above = [max(values) - mean for mean, (_, values) in zip(means, found, strict=True)]
        axes.errorbar(
            [place + APART * (number - 1) for place, _ in found],
            means,
            yerr=[below, above],
            color=colour,
            marker=mark,
            markersize=4,
            linewidth=1.3,
            elinewidth=1.0,
            capsize=2.5,
            label=curve.name,
        )
    labels = [f"{bin_name(one)}\n({one['sentences']:,})" for one in panel.bins]
    axes.set_xticks(range(len(labels)), labels, fontsize=6.5)
    make_plain(axes)
    axes.tick_params(axis="x", length=0)
    axes.set_ylim(bottom=0)
    axes.set_title(panel.title, fontsize=8.5, color=paper.INK)
    axes.set_xlabel("words of the source (sentences)", fontsize=8)
    axes.legend(fontsize=7, frameon=False, loc="lower left")
