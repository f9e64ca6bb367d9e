"""Maps of attention as a figure for a paper: PNG, SVG or PDF, with the words on the axes."""

# Shapes: R rows (query words) · C columns (key words)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from regard.record.storage import write_whole
from regard.record.word_map import WordMap
from regard.record.words import Word, printable
from regard.view import sheet as paper
from regard.view.sheet import Lettering, Sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")
LARGEST_WORDS = 200
# White to dark blue, by lightness alone; and an orange that no kind of colour blindness mixes up
# with it (Okabe and Ito).
_BLUES = ("#ffffff", "#c6dbef", "#6baed6", "#2171b5", "#08306b")
_UNSEEN, _GRID, _WINDOW = "#e9e9e9", "#e3e3e3", "#d55e00"
# Inches.
_MARGIN, _GAP, _SCALE_WIDTH, _NOTES_WIDTH = 0.08, 0.16, 0.42, 2.9
_SLANT = float(np.sqrt(0.5))  # labels lean by 45 degrees


def check_figure(path: Path | str) -> None:
    """Raise what `write_figure` would raise about this name, or for want of matplotlib."""
    _kind(Path(path))
    paper.need_matplotlib()


def write_figure(
    path: Path | str,
    maps: Sequence[WordMap],
    *,
    titles: Sequence[str] = (),
    caption: str = "",
    dots_per_inch: int = 200,
) -> None:
    """Draw maps side by side into a file, whole or not at all; its name ends in .png, .svg or .pdf.

    Raises ValueError for another ending, and as `draw_figure` does.
    """
    path = Path(path)
    kind = _kind(path)
    paper.need_matplotlib()
    import matplotlib as mpl

    # Text stays text, and the same maps give the same bytes.
    settings: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "regard",
        "pdf.fonttype": 42,
    }
    metadata = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    content = BytesIO()
    with mpl.rc_context(paper.plain_style() | settings):
        figure = draw_figure(maps, titles=titles, caption=caption)
        figure.savefig(content, format=kind, dpi=dots_per_inch, metadata=metadata)
    write_whole(path, content.getvalue())


def _kind(path: Path) -> str:
    """The format that a name ends in."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise ValueError(f"{path}: the name of a figure must end in .png, .svg or .pdf")
    return kind


def draw_figure(
    maps: Sequence[WordMap], *, titles: Sequence[str] = (), caption: str = ""
) -> Figure:
    """Draw maps side by side, all on one scale of colours, as a matplotlib figure.

    Rows are query words, columns key words. What lies outside the window of local attention is
    grey, its edges are a line, its centre p_t is a dot. `titles` has one for each map, or none.
    Raises ValueError for no map, another number of titles, no words, or more than 200 on an axis.
    """
    paper.need_matplotlib()
    import matplotlib as mpl

    if not maps:
        raise ValueError("a figure needs at least one map")
    if titles and len(titles) != len(maps):
        raise ValueError(f"{len(titles)} titles for {len(maps)} maps")
    for one in maps:
        counts = len(one.query_words), len(one.key_words)
        if not min(counts):
            raise ValueError(f"the map of {one.site} has no words")
        if max(counts) > LARGEST_WORDS:
            raise ValueError(
                f"a map of {max(counts)} words cannot be read as a figure (at most {LARGEST_WORDS})"
            )
    if not titles:
        titles = [one.site for one in maps] if len(maps) > 1 else [""]
    with mpl.rc_context(paper.plain_style()):
        return _draw(maps, [printable(title) for title in titles], printable(caption))


# --- the layout -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Panel:
    """One map and the room, in inches, of its body and of the labels round it."""

    one: WordMap
    title: str
    rows: list[str]
    columns: list[str]
    left: float
    above: float
    right: float
    width: float
    height: float
    fits: list[bool]  # whether a column's label fits above its cell without leaning


def _draw(maps: Sequence[WordMap], titles: list[str], caption: str) -> Figure:
    most = max(max(one.weights.shape) for one in maps)
    cell = float(np.clip(0.36 - 0.0038 * most, 0.14, 0.32))
    labels = [_labels(words) for one in maps for words in (one.query_words, one.key_words)]
    families = paper.families_for("".join([*titles, caption, *map("".join, labels)]))
    lettering = Lettering(float(np.clip(cell * 72 * 0.62, 6.5, 10)), families)
    small = Lettering(7.5, families)

    sheet = Sheet()
    panels = [
        _panel(one, title, cell, lettering, sheet) for one, title in zip(maps, titles, strict=True)
    ]
    top = _MARGIN + (0.24 if any(titles) else 0.0) + max(panel.above for panel in panels)
    body = max(panel.height for panel in panels)
    noted = any(one.window is not None or one.centre is not None for one in maps)
    width = sum(panel.left + panel.width + panel.right + _GAP for panel in panels) + _SCALE_WIDTH
    width = max(width, _NOTES_WIDTH if noted else 0)
    lines = paper.wrapped(caption, width, 8.0)
    below = (0.26 if noted else 0) + (0.14 * len(lines) + 0.08 if lines else 0)
    height = top + body + below + _MARGIN
    sheet.resize(width + 2 * _MARGIN, height)

    largest = max(float(one.weights.max()) for one in maps)
    scale = float(min(1, max(0.1, np.ceil(largest * 10 - 1e-6) / 10)))
    left = _MARGIN
    for panel in panels:
        axes = sheet.axes(left + panel.left, top, panel.width, panel.height)
        _draw_words(axes, panel, lettering)
        _draw_weights(axes, panel.one, scale)
        _draw_window(axes, panel.one)
        sheet.text(left + panel.left, _MARGIN + 0.12, panel.title, _heading(lettering))
        left += panel.left + panel.width + panel.right + _GAP
    _draw_scale(sheet, left, top, min(body, 1.2), scale, small)
    if noted:
        start = _MARGIN if width == _NOTES_WIDTH else _MARGIN + panels[0].left
        _draw_notes(sheet, maps, start, top + body + 0.16, small)
    for number, line in enumerate(reversed(lines)):
        place = height - _MARGIN - 0.14 * (number + 0.5)
        sheet.text(_MARGIN, place, line, Lettering(8.0, families))
    return sheet.figure


def _labels(words: Sequence[Word]) -> list[str]:
    return [paper.cut(printable(word.text)) for word in words]


def _heading(lettering: Lettering) -> Lettering:
    # Fonts found for letters that the default lacks seldom have a bold face.
    others = len(lettering.families) > len(paper.families_for(""))
    return Lettering(10.0, lettering.families, "normal" if others else "bold")


def _panel(one: WordMap, title: str, cell: float, lettering: Lettering, sheet: Sheet) -> _Panel:
    rows, columns = _labels(one.query_words), _labels(one.key_words)
    widths = [sheet.measure(text, lettering) for text in columns]
    # One leaning label makes all lean, but for letters that read upright as well as across.
    fits = [width <= 0.92 * cell for width in widths]
    if not all(fits):
        fits = [
            fit and paper.is_wide(text[:1] or " ") for fit, text in zip(fits, columns, strict=True)
        ]
    line, body = lettering.points / 72, len(columns) * cell
    above, right = line + 0.08, sheet.measure(title, _heading(lettering)) - body
    for place, (fit, width) in enumerate(zip(fits, widths, strict=True)):
        if not fit:
            above = max(above, (width + line) * _SLANT + 0.06)
            right = max(right, (place + 0.5) * cell + (width + line / 2) * _SLANT - body)
    left = max(sheet.measure(text, lettering) for text in rows) + 0.08
    height = len(rows) * cell
    return _Panel(one, title, rows, columns, left, above, max(right, 0.0), body, height, fits)


# --- what is drawn --------------------------------------------------------------------------------


def _draw_words(axes: Any, panel: _Panel, lettering: Lettering) -> None:
    axes.set_xlim(-0.5, len(panel.columns) - 0.5)
    axes.set_ylim(len(panel.rows) - 0.5, -0.5)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, pad=2.5)
    text: dict[str, Any] = {
        "fontsize": lettering.points,
        "family": lettering.families,
        "parse_math": False,
    }
    axes.set_xticks(np.arange(len(panel.columns)), panel.columns, **text)
    axes.set_yticks(np.arange(len(panel.rows)), panel.rows, **text)
    for label, fit in zip(axes.get_xticklabels(), panel.fits, strict=True):
        if not fit:
            label.set(rotation=45, ha="left", va="baseline", rotation_mode="anchor")


def _draw_weights(axes: Any, one: WordMap, scale: float) -> None:
    """A square for each weight that is not white, and a grid over all."""
    from matplotlib.collections import LineCollection, PolyCollection

    rows, columns = np.nonzero(one.weights > scale / 256)
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    squares = np.stack([columns, rows], axis=-1)[:, None] + corners
    colours = _colours()(one.weights[rows, columns] / scale)
    axes.add_collection(PolyCollection(list(squares), facecolors=colours, linewidths=0))
    high, wide = one.weights.shape
    across = [[(-0.5, row - 0.5), (wide - 0.5, row - 0.5)] for row in range(1, high)]
    down = [[(column - 0.5, -0.5), (column - 0.5, high - 0.5)] for column in range(1, wide)]
    axes.add_collection(LineCollection(across + down, colors=_GRID, linewidths=0.5))


def _colours() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("regard", _BLUES)


def _draw_window(axes: Any, one: WordMap) -> None:
    if one.window is not None:
        place, (low, high) = np.arange(len(one.window)), one.window.T
        known = np.isfinite(low)
        end = one.weights.shape[1] - 0.5
        grey = {"height": 1.0, "color": _UNSEEN, "linewidth": 0, "zorder": 2}
        axes.barh(place[known], low[known] + 0.5, left=-0.5, **grey)
        axes.barh(place[known], end - high[known], left=high[known], **grey)
        for edge in (low, high):
            # Down along the edge of one row, across to that of the next.
            down = np.repeat(np.arange(len(edge) + 1), 2)[1:-1] - 0.5
            axes.plot(
                np.repeat(edge, 2),
                down,
                color=_WINDOW,
                linewidth=1.1,
                clip_on=False,
                solid_capstyle="butt",
                solid_joinstyle="miter",
                zorder=3,
            )
    if one.centre is not None:
        dot = _dot()
        dot.set_data(one.centre, np.arange(len(one.centre)))
        axes.add_line(dot)


def _dot() -> Any:
    from matplotlib.lines import Line2D

    dot = Line2D([], [], linestyle="none", marker="o", markersize=3.8, color=_WINDOW)
    dot.set(markeredgecolor="white", markeredgewidth=0.7, clip_on=False, zorder=4)
    return dot


def _draw_scale(
    sheet: Sheet, left: float, top: float, height: float, scale: float, lettering: Lettering
) -> None:
    axes = sheet.axes(left, top, 0.09, height)
    steps = np.linspace(1, 0, 128)[:, None]
    axes.imshow(steps, aspect="auto", cmap=_colours(), extent=(0, 1, 0, scale))
    axes.yaxis.tick_right()
    axes.tick_params(length=0, pad=2)
    axes.set_xticks([])
    text = {"fontsize": lettering.points, "family": lettering.families}
    axes.set_yticks([0, scale], ["0", f"{scale:g}"], **text)
    sheet.text(left - 0.02, top - 0.1, "weight", lettering)


def _draw_notes(
    sheet: Sheet, maps: Sequence[WordMap], left: float, top: float, lettering: Lettering
) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = []
    if any(one.window is not None for one in maps):
        edge = Line2D([], [], color=_WINDOW, linewidth=1.1, label="edge of the window")
        handles += [edge, Patch(color=_UNSEEN, label="not seen")]
    if any(one.centre is not None for one in maps):
        dot = _dot()
        dot.set_label("centre")
        handles.append(dot)
    sheet.figure.legend(
        handles=handles,
        loc="center left",
        bbox_to_anchor=sheet.place(left, top),
        ncols=len(handles),
        frameon=False,
        borderpad=0,
        borderaxespad=0,
        handlelength=1.2,
        handletextpad=0.5,
        columnspacing=1.4,
        prop={"size": lettering.points, "family": lettering.families},
        labelcolor=paper.INK,
    )
