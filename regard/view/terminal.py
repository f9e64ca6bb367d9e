"""A map of attention in the terminal: a grid of words, or a list when the grid is too wide."""

# Shapes: R rows (query words) · C columns (key words)

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from rich.cells import cell_len

from regard.record.attention import AttentionRecord
from regard.record.word_map import WordMap, word_map
from regard.record.words import Word, printable

MINIMUM_WIDTH = 24
_LONGEST_LABEL = 14
_CELL = 5
_BAR = 8
_SHADES = ((0.75, "█"), (0.5, "▓"), (0.25, "▒"), (0.1, "░"))
_EIGHTHS = " ▏▎▍▌▋▊▉█"
# Blues and an orange of the 256 colours that every terminal has. They stand out on black and on
# white alike, and no reader needs to tell red from green. Each with a text to be read on it.
_COLOURS = (
    (0.75, "1;38;5;16;48;5;208"),
    (0.5, "38;5;231;48;5;25"),
    (0.25, "38;5;16;48;5;74"),
    (0.1, "38;5;16;48;5;146"),
)
_BOLD, _DIM = "1", "2"

Paint = Callable[[str, str], str]
"""Text and the codes of its colours -> what is printed."""


def draw_record(
    record: AttentionRecord,
    site: str | None = None,
    *,
    head: int | None = None,
    source_words: Sequence[Word] | None = None,
    target_words: Sequence[Word] | None = None,
    width: int = 80,
    colour: bool = False,
) -> str:
    """Draw one map of a record, as `draw` does; the arguments before `width` are `word_map`'s."""
    one = word_map(record, site, head=head, source_words=source_words, target_words=target_words)
    return draw(one, width=width, colour=colour)


def draw(one: WordMap, *, width: int = 80, colour: bool = False) -> str:
    """Draw where each word looked, in percent, on lines of at most `width` columns.

    Rows are query words and columns key words; where that is too wide, a list says for each query
    word what it looked at most. With `colour`, codes of 256 colours; without, shades. Control
    characters in words are shown escaped. Raises ValueError for a width below 24.
    """
    if width < MINIMUM_WIDTH:
        raise ValueError(f"a map needs {MINIMUM_WIDTH} columns or more, not {width}")
    rows = [_fit(printable(word.text), _LONGEST_LABEL) for word in one.query_words]
    columns = [_fit(printable(word.text), _LONGEST_LABEL) for word in one.key_words]
    paint = _coloured if colour else _plain
    label = max((cell_len(row) for row in rows), default=0)
    widths = [max(cell_len(column), _CELL) for column in columns]
    if label + 2 + sum(widths) + len(widths) <= width:
        lines = _grid(one, rows, columns, label, widths, paint)
    else:
        lines = _list(one, rows, columns, label, width, paint)
    title = _fit(f"{printable(one.site)} · {one.heads}", width)
    notes = [_fit(note, width) for note in _notes(one)]
    return "\n".join([paint(title, _BOLD), "", *lines, "", *(paint(n, _DIM) for n in notes)])


def _grid(
    one: WordMap,
    rows: list[str],
    columns: list[str],
    label: int,
    widths: list[int],
    paint: Paint,
) -> list[str]:
    names = " ".join(_centred(name, w) for name, w in zip(columns, widths, strict=True))
    lines = [" " * (label + 2) + paint(names.rstrip(), _BOLD)]
    for number, row in enumerate(rows):
        first, last = _visible(one, number)
        line = [_right(row, label), " "]
        for place, width in enumerate(widths):
            inside = first <= place <= last
            # The window's edges stand in the gaps between cells, where there is a window.
            edge = " "
            if one.window is not None and first <= last:
                edge = "[" if place == first else "]" if place == last + 1 else " "
            line.append(paint(edge, _DIM) if edge != " " else edge)
            line.append(_cell(float(one.weights[number, place]), width, inside, paint))
        if one.window is not None and first <= last == len(widths) - 1:
            line.append(paint("]", _DIM))
        lines.append("".join(line).rstrip())
    return lines


def _visible(one: WordMap, row: int) -> tuple[int, int]:
    """The first and the last key word that a row could see a part of."""
    if one.window is None:
        return 0, len(one.key_words) - 1
    low, high = one.window[row]
    if not low < high:  # also where they are nan, in a row without tokens
        return 0, -1
    return int(np.floor(low + 0.5 + 1e-9)), int(np.ceil(high - 0.5 - 1e-9))


def _cell(weight: float, width: int, inside: bool, paint: Paint) -> str:
    percent = round(100 * weight)
    if percent == 0:
        return _centred(paint("·", _DIM), width, cells=1) if inside else " " * width
    if paint is _plain:
        shade = next((shade for least, shade in _SHADES if weight >= least), " ")
        return _centred(f"{shade * (_CELL - 3)}{percent:3}", width)
    return paint(_centred(str(percent), width), _colour_of(weight))


def _list(
    one: WordMap, rows: list[str], columns: list[str], label: int, width: int, paint: Paint
) -> list[str]:
    lines = []
    for number, row in enumerate(rows):
        weights = one.weights[number]
        line = f"{_right(row, label)} "
        used = label + 1
        if len(columns) and used + 1 + _BAR <= width:
            line += paint(_bar(float(weights.max())), _bar_colour(float(weights.max())))
            used += _BAR
        for place in np.argsort(-weights, kind="stable"):
            percent = round(100 * float(weights[place]))
            item = f"{columns[place]} {percent}"
            if (
                (percent < 5 and used > label + 1 + _BAR)
                or percent == 0
                or used + 2 + cell_len(item) > width
            ):
                break
            line += "  " + paint(item, _BOLD if percent >= 50 else _DIM if percent < 10 else "")
            used += 2 + cell_len(item)
        lines.append(line.rstrip())
    return lines


def _bar(weight: float) -> str:
    """A bar of eight columns, in steps of an eighth of a column."""
    eighths = round(8 * _BAR * min(weight, 1.0))
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(_BAR)


def _notes(one: WordMap) -> list[str]:
    notes = ["each row: where the model looked for that word, in percent"]
    if one.window is not None:
        notes.append("[ ]: the window that it could see")
    sums = one.weights.sum(axis=1)
    if ((sums > 0) & (sums < 0.95)).any():
        notes.append("rows may sum to less than 100")
    return notes


def _plain(text: str, code: str) -> str:
    return text


def _coloured(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if code else text


def _colour_of(weight: float) -> str:
    return next((code for least, code in _COLOURS if weight >= least), _DIM)


def _bar_colour(weight: float) -> str:
    """The background of a cell of this weight, as the colour of a bar."""
    code = _colour_of(weight)
    return f"38;5;{code.rpartition(';')[2]}" if ";" in code else code


def _right(text: str, width: int) -> str:
    return " " * (width - cell_len(text)) + text


def _centred(text: str, width: int, cells: int | None = None) -> str:
    """`text` in the middle of `width` columns; `cells` is its own width where codes are in it."""
    space = width - (cell_len(text) if cells is None else cells)
    return " " * (space // 2) + text + " " * (space - space // 2)


def _fit(text: str, width: int) -> str:
    """The text, or its beginning and an ellipsis where it takes more than `width` columns."""
    if len(text) <= width * 8 and cell_len(text) <= width:
        return text
    end = width * 8
    while cell_len(text[:end]) > width - 1:
        end -= 1
    return text[:end].rstrip("\u200d ") + "…"
