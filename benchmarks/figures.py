"""What the figures of the benchmarks have in common: colours, plain axes, and a PNG file."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from regard.record.storage import write_whole

# Colours that no kind of colour blindness mixes up (Okabe and Ito), and marks for grey printers.
BLUE, ORANGE, BLACK = ("#0072b2", "o"), ("#d55e00", "s"), ("#222222", "^")
DOTS_PER_INCH = 200


def make_plain(axes: Any) -> None:
    """Leave of a field its axes and a grid of heights behind what is drawn."""
    axes.tick_params(axis="y", labelsize=7, length=2)
    axes.grid(axis="y", color="#e3e3e3", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def write_png(path: Path, figure: Any) -> None:
    """Write a figure of matplotlib, and make the folder that it is to lie in."""
    content = BytesIO()
    figure.savefig(content, format="png", dpi=DOTS_PER_INCH, metadata={})
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content.getvalue())
