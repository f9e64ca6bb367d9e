"""A sheet on which a figure is laid out: lengths in inches from the top left, and its fonts.

matplotlib comes with the extra `figure`, so it is imported where it is used.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

INK, FRAME = "#222222", "#999999"
_DEFAULT_FONT, _LAST_RESORT = "DejaVu Sans", "Last Resort High-Efficiency"
_LONGEST_LABEL = 24
_OURS = ("axes.", "figure.", "font.", "lines.", "mathtext.", "patch.", "text.", "xtick.", "ytick.")


def need_matplotlib() -> None:
    """Raise ModuleNotFoundError, with the line that installs it, where matplotlib is missing."""
    try:
        import_module("matplotlib")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            'a figure needs matplotlib, which is not installed: pip install "regard[figure]"',
            name=error.name,
        ) from None


@dataclass(frozen=True)
class Lettering:
    """The size of letters, in points, and the fonts to look for each of them in."""

    points: float
    families: list[str]
    weight: str = "normal"


class Sheet:
    """A figure on which things are measured before and placed after its size is known."""

    def __init__(self) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.figure = Figure()
        self._renderer = FigureCanvasAgg(self.figure).get_renderer()
        self._width = self._height = 1.0

    def measure(self, text: str, lettering: Lettering) -> float:
        """The width of a text, in inches."""
        if not text.strip():
            return 0.0
        drawn = self._write(0.0, 0.0, text, lettering)
        width = drawn.get_window_extent(self._renderer).width / self.figure.dpi
        drawn.remove()
        return float(width)

    def resize(self, width: float, height: float) -> None:
        """Set the size; only then can anything be placed."""
        self._width, self._height = width, height
        self.figure.set_size_inches(width, height)

    def place(self, left: float, top: float) -> tuple[float, float]:
        """The point in matplotlib's coordinates of the figure."""
        return left / self._width, 1 - top / self._height

    def axes(self, left: float, top: float, width: float, height: float) -> Any:
        """A field to draw in, with a thin frame."""
        x, y = self.place(left, top + height)
        axes = self.figure.add_axes((x, y, width / self._width, height / self._height))
        axes.tick_params(length=0, colors=INK)
        for spine in axes.spines.values():
            spine.set(linewidth=0.6, color=FRAME)
        return axes

    def text(self, left: float, top: float, text: str, lettering: Lettering) -> None:
        """A line of text that begins at `left`, its middle at `top`."""
        self._write(*self.place(left, top), text, lettering)

    def _write(self, x: float, y: float, text: str, lettering: Lettering) -> Any:
        return self.figure.text(
            x,
            y,
            text,
            size=lettering.points,
            family=lettering.families,
            weight=lettering.weight,
            color=INK,
            va="center",
            parse_math=False,
        )


def plain_style() -> dict[Any, Any]:
    """matplotlib's own settings, so that a user's style file does not change a figure."""
    import matplotlib as mpl

    return {key: value for key, value in mpl.rcParamsDefault.items() if key.startswith(_OURS)}


def cut(text: str) -> str:
    """A label of at most 24 characters."""
    return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…"


def wrapped(text: str, width: float, points: float) -> list[str]:
    """Lines that fit `width` inches, by the width of an average letter."""
    wide = sum(is_wide(character) for character in text) > len(text) / 2
    return textwrap.wrap(text, max(12, int(width * 72 / points / (1.2 if wide else 0.56))))


def is_wide(character: str) -> bool:
    """Whether a letter is as wide as it is high, as those of Chinese, Japanese and Korean are."""
    return 0x2E80 <= ord(character) <= 0xA4CF or 0xAC00 <= ord(character) <= 0xD7A3


def families_for(text: str) -> list[str]:
    """Fonts that together have the letters of `text`: the default, then others of this machine.

    What none has is drawn as a box by matplotlib's font of last resort; in SVG it stays text.
    """
    from matplotlib.font_manager import findfont, fontManager

    families = [_DEFAULT_FONT]
    missing = {ord(character) for character in text} - _characters(findfont(_DEFAULT_FONT))
    for entry in sorted(fontManager.ttflist, key=lambda entry: entry.name):
        if not missing:
            break
        if entry.style != "normal" or entry.name in (_LAST_RESORT, *families):
            continue
        found = missing & _characters(entry.fname)
        if found:
            families.append(entry.name)
            missing -= found
    if missing and any(entry.name == _LAST_RESORT for entry in fontManager.ttflist):
        families.append(_LAST_RESORT)
    return [*families, "sans-serif"]


@lru_cache(maxsize=256)
def _characters(path: str) -> frozenset[int]:
    """The code points that a font has."""
    from matplotlib.font_manager import get_font

    try:
        return frozenset(get_font(path).get_charmap())
    except (OSError, RuntimeError):  # a font file that cannot be read is a font without letters
        return frozenset()
