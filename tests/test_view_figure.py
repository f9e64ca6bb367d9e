from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from regard.record.word_map import WordMap
from regard.record.words import Word
from regard.view.figure import check_figure, draw_figure, write_figure

SCRIPTS = [
    "gato",
    "猫",
    "ไทย",
    "हिन्दी",
    "قطة",
    "나는",
    "👨\u200d👩\u200d👧",
    "é",
    "́",
    "$x_1$",
    "a\x1b[31m\n",
]


def a_map(
    rows: int = 4,
    columns: int = 3,
    *,
    words: list[str] | None = None,
    window: np.ndarray | None = None,
    centre: np.ndarray | None = None,
) -> WordMap:
    def named(letter: str, count: int) -> tuple[Word, ...]:
        texts = [f"{letter}{'word' * (k % 3)}{k}" for k in range(count)]
        return tuple(Word(text, k, k + 1) for k, text in enumerate(words or texts))

    rows, columns = (len(words), len(words)) if words else (rows, columns)
    generator = np.random.default_rng(rows)
    weights = generator.dirichlet(np.full(columns, 0.3), size=rows).astype(np.float32)
    weights[0, :] = np.eye(columns, dtype=np.float32)[0]
    return WordMap(
        "cross", "1 head", weights, named("t", rows), named("s", columns), window, centre
    )


def a_local_map() -> WordMap:
    window = np.array([[-0.5, 0.75], [0.5, 2.5], [np.nan, np.nan], [0.5, 2.5]])
    return a_map(window=window, centre=np.array([0.1, 1.5, np.nan, 2.0]))


def labels_of(axis: Axis) -> list[str]:
    return [label.get_text() for label in axis.get_ticklabels()]


def test_the_words_stand_on_the_axes_and_the_squares_have_the_colours_of_the_weights() -> None:
    one = a_map()
    figure = draw_figure([one])
    axes = figure.axes[0]

    assert labels_of(axes.yaxis) == ["t0", "tword1", "twordword2", "t3"]
    assert labels_of(axes.xaxis) == ["s0", "sword1", "swordword2"]
    assert axes.yaxis_inverted()
    (squares,) = [found for found in axes.collections if isinstance(found, PolyCollection)]
    rows, columns = np.nonzero(one.weights > 1 / 256)
    middles = [np.asarray(path.vertices)[:4].mean(axis=0).tolist() for path in squares.get_paths()]
    assert middles == [[column, row] for row, column in zip(rows, columns, strict=True)]
    # The darker the square, the larger the weight.
    lightness = np.asarray(squares.get_facecolor())[:, :3].sum(axis=1)
    order = np.argsort(one.weights[rows, columns])
    assert (np.diff(lightness[order]) <= 1e-9).all()


def test_the_window_and_the_centre_are_drawn_where_they_are() -> None:
    axes = draw_figure([a_local_map()]).axes[0]

    left, right, dots = [np.array(line.get_data()) for line in axes.get_lines()]
    nan = np.nan
    down = [-0.5, 0.5, 0.5, 1.5, 1.5, 2.5, 2.5, 3.5]
    assert np.array_equal(left, [[-0.5, -0.5, 0.5, 0.5, nan, nan, 0.5, 0.5], down], equal_nan=True)
    assert np.array_equal(right, [[0.75, 0.75, 2.5, 2.5, nan, nan, 2.5, 2.5], down], equal_nan=True)
    assert np.array_equal(dots, [[0.1, 1.5, nan, 2.0], [0, 1, 2, 3]], equal_nan=True)
    bars = [bar for bar in axes.patches if isinstance(bar, Rectangle)]
    grey = [bar.get_bbox().bounds for bar in bars if bar.get_width() > 0]
    assert (0.75, -0.5, 1.75, 1.0) in grey  # right of the first row
    assert (-0.5, 0.5, 1.0, 1.0) in grey  # left of the second
    assert len(grey) == 3
    assert "not seen" in texts_of(draw_figure([a_local_map()]))
    assert "not seen" not in texts_of(draw_figure([a_map()]))


def texts_of(figure: Figure) -> list[str]:
    legends = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    return [text.get_text() for text in figure.texts] + legends


def test_maps_stand_side_by_side_on_one_scale_with_their_titles() -> None:
    small = a_map(2, 5)
    weak = np.full((2, 5), 0.05, dtype=np.float32)
    faint = WordMap("x", "1 head", weak, small.query_words, small.key_words)
    figure = draw_figure([faint, a_map()], titles=["faint", "sharp"], caption="Two maps.")

    first, second, scale = figure.axes
    assert first.get_position().x1 < second.get_position().x0 < scale.get_position().x0
    assert first.get_position().y1 == pytest.approx(second.get_position().y1)
    assert {"faint", "sharp", "Two maps."} <= set(texts_of(figure))
    assert labels_of(scale.yaxis) == ["0", "1"]
    _, alone = draw_figure([faint]).axes
    assert labels_of(alone.yaxis) == ["0", "0.1"]


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 4), (12, 9), (5, 60), (60, 57)])
def test_nothing_is_cut_off_and_no_label_covers_the_next(rows: int, columns: int) -> None:
    window = np.stack([np.zeros(rows), np.full(rows, columns - 0.5)], axis=-1)
    one = a_map(rows, columns, window=window, centre=np.zeros(rows))
    figure = draw_figure([one], titles=["a title that is rather long"], caption="A caption. " * 12)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()

    whole = figure.bbox
    for axes in figure.axes:
        for label in [*axes.get_xticklabels(), *axes.get_yticklabels()]:
            box = label.get_window_extent(renderer)
            assert box.x0 >= 0
            assert box.y1 <= whole.y1
            assert box.x1 <= whole.x1
    for text in [*figure.texts, *figure.legends]:
        box = text.get_window_extent(renderer)
        assert (box.x0 >= 0, box.y0 >= 0, box.x1 <= whole.x1, box.y1 <= whole.y1) == (True,) * 4
    boxes = [label.get_window_extent(renderer) for label in figure.axes[0].get_yticklabels()]
    assert all(upper.y0 >= lower.y1 - 2 for upper, lower in pairwise(boxes))
    assert all(float(label.get_fontsize()) >= 6 for label in figure.axes[0].get_yticklabels())


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_words_of_any_script_are_written_without_a_warning(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"map.{ending}"

    write_figure(path, [a_map(words=SCRIPTS)], titles=["हिन्दी"], caption="猫" * 90)

    assert path.stat().st_size > 5000
    assert list(tmp_path.iterdir()) == [path]


def test_text_in_an_svg_is_text_and_control_characters_are_shown(tmp_path: Path) -> None:
    write_figure(tmp_path / "map.svg", [a_map(words=SCRIPTS)])

    root = ElementTree.parse(tmp_path / "map.svg").getroot()
    found = [node for node in root.iter() if node.tag.endswith("}text")]
    texts = {"".join(node.itertext()).strip() for node in found}
    assert {"gato", "猫", "나는", "قطة", "$x_1$", r"a\x1b[31m\n"} <= texts


def test_the_same_maps_give_the_same_file_whatever_the_user_has_set(tmp_path: Path) -> None:
    for ending in ("svg", "png", "pdf"):
        write_figure(tmp_path / f"a.{ending}", [a_local_map()])
        with rc_context({"font.size": 31, "axes.facecolor": "red", "lines.linewidth": 9}):
            write_figure(tmp_path / f"b.{ending}", [a_local_map()])
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_a_figure_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must end in \.png, \.svg or \.pdf"):
        write_figure(tmp_path / "map.jpeg", [a_map()])
    with pytest.raises(ValueError, match=r"must end in \.png, \.svg or \.pdf"):
        check_figure(tmp_path / "map")
    check_figure(tmp_path / "map.PNG")
    with pytest.raises(ValueError, match="at least one map"):
        draw_figure([])
    with pytest.raises(ValueError, match="1 titles for 2 maps"):
        draw_figure([a_map(), a_map()], titles=["one"])
    with pytest.raises(ValueError, match="201 words cannot be read"):
        draw_figure([a_map(201, 3)])
    with pytest.raises(ValueError, match="has no words"):
        draw_figure([WordMap("x", "", np.zeros((0, 2), np.float32), (), a_map().key_words[:2])])
    assert list(tmp_path.iterdir()) == []


def test_drawing_touches_no_global_state_of_pyplot() -> None:
    before = set(sys.modules)
    draw_figure([a_map()])

    assert "matplotlib.pyplot" not in set(sys.modules) - before


def test_without_matplotlib_the_line_that_installs_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(ModuleNotFoundError, match=r'pip install "regard\[figure\]"'):
        draw_figure([a_map()])
    with pytest.raises(ModuleNotFoundError, match=r'pip install "regard\[figure\]"'):
        write_figure(tmp_path / "map.png", [a_map()])
    with pytest.raises(ModuleNotFoundError, match=r'pip install "regard\[figure\]"'):
        check_figure(tmp_path / "map.png")


def test_the_grid_is_as_fine_as_the_words() -> None:
    axes = draw_figure([a_map(5, 7)]).axes[0]

    (grid,) = [found for found in axes.collections if isinstance(found, LineCollection)]
    assert len(grid.get_segments()) == (5 - 1) + (7 - 1)
