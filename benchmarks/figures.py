"""What figures of the benchmarks have in common: colours, plain axes, names, and a PNG file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

from regard.record.storage import write_whole

# Colours that no kind of colour blindness mixes up (Okabe and Ito), and marks for grey printers.
BLUE, ORANGE, BLACK = ("#0072b2", "o"), ("#d55e00", "s"), ("#222222", "^")
GREY = "#777777"
DOTS_PER_INCH = 200


def make_plain(axes: Any) -> None:
    """Leave of a field its axes and a grid of heights behind what is drawn."""
    axes.tick_params(axis="y", labelsize=7, length=2)
    axes.grid(axis="y", color="#e3e3e3", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def name_ends(axes: Any, ends: Iterable[tuple[float, str, str]], apart: float) -> None:
    """Write each name beside the right edge, moved up as far as it takes to be read.

    An end is the height of what it names, a share of the field's, its name and its colour; names
    are `apart` from each other, in shares as well.
    """
    place = float("-inf")
    for height, name, colour in sorted(ends):
        place = max(place + apart, height)
        axes.text(
            1.02, place, name, transform=axes.transAxes, fontsize=7.5, color=colour, va="center"
        )


def draw_or_say(path: Path, draw: Callable[[Path], None]) -> None:
    """Draw a figure and say where it is, or what keeps it from being drawn: tables need none."""
    try:
        draw(path)
    except (ModuleNotFoundError, OSError) as error:
        print(f"({error})", file=sys.stderr)
    else:
        print(f"The figure: {path}", file=sys.stderr)


def write_png(path: Path, figure: Any) -> None:
    """Write a figure of matplotlib, and make the folder that it is to lie in."""
    content = BytesIO()
    figure.savefig(content, format="png", dpi=DOTS_PER_INCH, metadata={})
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content.getvalue())
