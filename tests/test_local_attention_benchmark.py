"""What a look costs: the work that is timed, the memory that is noted, theory, and the figure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.append(str(REPOSITORY))  # benchmarks are no installed package

from benchmarks.local_attention import __main__ as program  # noqa: E402
from benchmarks.local_attention.__main__ import MakeWork, main, measure, tables  # noqa: E402
from benchmarks.local_attention.figure import rate, time_curves, write_costs  # noqa: E402
from benchmarks.local_attention.measuring import (  # noqa: E402
    Allocation,
    bytes_per_word,
    most_held,
)
from benchmarks.local_attention.results import SCOPES, Results, Settings, read_results  # noqa: E402
from benchmarks.local_attention.theory import multiplications, numbers_held  # noqa: E402
from benchmarks.local_attention.work import (  # noqa: E402
    Work,
    combine,
    look,
    searching,
    training,
    training_fed,
    writing,
)
from regard.attention import LuongAttention  # noqa: E402

SETTINGS = Settings(lengths=(7, 12), size=6, radius=2, sentences=3)


@pytest.fixture(scope="module")
def results() -> Results:
    """All measures on sizes that take no time."""
    return measure(SETTINGS, seconds_each=0)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("steps", [4, 1])
def test_a_look_and_what_follows_are_the_whole_layer(scope: str, steps: int) -> None:
    layer = LuongAttention(6, score="general", scope=scope, radius=2)
    query, keys = torch.randn(steps, 3, 6).transpose(0, 1), torch.randn(3, 9, 6)
    source = layer.prepare(keys, torch.ones(3, 9, dtype=torch.bool))
    for read in (source, source.for_steps()) if steps == 1 else (source,):
        context = look(layer, query, read, torch.arange(steps))
        expected = layer(query, read, torch.arange(steps)).attentional
        assert torch.equal(combine(layer, context, query), expected)


def test_no_matrix_is_copied_for_a_query_that_does_not_lie_in_a_row() -> None:
    layer = LuongAttention(6, score="general").requires_grad_(False)
    source = layer.prepare(torch.randn(7, 2, 6), torch.ones(7, 2, dtype=torch.bool))
    with torch.profiler.profile(record_shapes=True) as seen:
        look(layer, torch.randn(6, 7).mT[:, None], source, torch.tensor([1]))
    shapes = [shape for event in seen.events() or [] for shape in event.input_shapes]
    assert [7, 1, 6] in shapes, "queries were seen"
    assert [7, 6, 6] not in shapes


def test_writing_and_searching_are_worked_out_without_gradients_as_a_search_does_it() -> None:
    layer = LuongAttention(6, score="general")
    for work in (writing(layer, 12, 3), searching(layer, 12, 3)):
        [result] = work.passes[0]()
        assert not result.requires_grad
        assert not result.is_inference()


def test_work_is_over_the_words_it_says() -> None:
    layer = LuongAttention(6, score="general", scope="local-p", radius=2)
    step = writing(layer, 12, 3)
    [context] = step.passes[0]()
    assert (context.shape, step.words, len(step.passes)) == ((3, 1, 6), 3, 20)
    assert not context.requires_grad
    whole = training(layer, 12, 3)
    shapes = [tuple(result.shape) for result in whole.passes[0]()]
    assert shapes == [(1, 12, 6), (1, 12, 6), (1, 12, 6), (6, 6), (6, 6), (6,)]
    assert whole.words == 12


@pytest.mark.parametrize("scope", SCOPES)
def test_training_with_input_feeding_looks_step_by_step_and_finds_the_same_gradients(
    scope: str,
) -> None:
    layer = LuongAttention(6, score="general", scope=scope, radius=2)
    torch.manual_seed(3)
    work = training_fed(layer, 24, 3)
    assert (len(work.passes), work.words) == (1, 20 * 3)
    found = work.passes[0]()
    contexts, of_keys, of_queries = found[:20], found[20], found[21:41]
    assert {tuple(one.shape) for one in (*contexts, *of_queries)} == {(3, 1, 6)}
    assert of_keys.shape == (3, 24, 6)
    torch.manual_seed(3)  # the numbers that it drew
    keys = torch.randn(3, 24, 6).requires_grad_()
    queries = torch.stack([torch.randn(3, 1, 6) for _ in range(20)], dim=2)[:, 0]
    of_contexts = torch.randn(20, 3, 1, 6)[:, :, 0].transpose(0, 1)
    source = layer.prepare(keys, torch.ones(3, 24, dtype=torch.bool))
    at_once = look(layer, queries, source, torch.arange(2, 22))
    torch.testing.assert_close(torch.cat(list(contexts), dim=1), at_once)
    [expected] = torch.autograd.grad(at_once, [keys], of_contexts)
    torch.testing.assert_close(of_keys, expected)
    again = work.passes[0]()
    assert all(torch.equal(one, other) for one, other in zip(found, again, strict=True))


def test_the_most_that_is_held_at_a_time_is_without_results() -> None:
    asked = [
        Allocation(1, 100),
        Allocation(1, -100),
        Allocation(2, 30),
        Allocation(1, 50),  # at the same address again, and kept: a result
        Allocation(3, 40),
        Allocation(2, -30),
        Allocation(3, -40),
    ]
    assert most_held(asked, {1}) == 100
    assert most_held(asked[2:], {1}) == 70
    assert most_held(asked[2:], set()) == 120


def test_memory_is_what_the_allocator_hands_out() -> None:
    numbers = torch.zeros(1000)

    def once() -> list[torch.Tensor]:
        between = numbers + 1  # 4,000 bytes
        both = torch.cat([between, between])  # 8,000
        return [both.sum()]

    assert 12_000 <= bytes_per_word(Work([once], 1)) < 12_100
    assert bytes_per_word(Work([lambda: [numbers + 1]], 10)) < 10  # the number 1


def test_multiplications_are_those_of_the_equations() -> None:
    # h W_a is 3 x 3; a key is matched with 3 and added with 3. A window of D = 1 has three keys.
    assert multiplications("writing", "everything", 5, 3, 1) == 9 + 5 * 6
    assert multiplications("writing", "local-m", 5, 3, 1) == 9 + 3 * 6
    assert multiplications("writing", "local-p", 5, 3, 1) == 9 + 3 * 6 + 9 + 3  # W_p and v_p
    assert multiplications("training", "local-m", 5, 3, 1) == 3 * (9 + 3 * 6)


def test_numbers_held_are_those_of_the_equations() -> None:
    assert numbers_held("writing", "everything", 5, 4, 1) == 4 + 5 + 5
    assert numbers_held("writing", "local-p", 5, 4, 1) == 4 + 3 + 3 + 3
    assert numbers_held("training", "everything", 5, 4, 1) == 4 + 4 + 5 + 5 + 5
    assert numbers_held("training", "local-p", 5, 4, 1) == 4 + 4 + 3 + 3 + 3 + 3 + 4


@pytest.mark.parametrize("make", [writing, training])
@pytest.mark.parametrize("scope", SCOPES)
def test_memory_is_more_than_theory_and_that_of_a_window_does_not_grow(
    make: MakeWork, scope: str
) -> None:
    layer = LuongAttention(32, score="general", scope=scope, radius=3)
    found = {length: bytes_per_word(make(layer, length, 4)) for length in (100, 400)}
    for length, count in found.items():
        assert count > 4 * numbers_held(make.__name__, scope, length, 32, 3)
    if scope == "everything":
        assert found[400] > 2 * found[100]
    else:
        assert found[400] < 1.1 * found[100]


def test_every_work_in_every_scope_is_measured(results: Results) -> None:
    for work in ("writing", "training", "training, input feeding", "searching"):
        for scope in SCOPES:
            row = results.row(work, scope)
            assert len(row.seconds_per_word) == 2
            assert min(row.seconds_per_word) > 0
            assert (row.bytes_per_word is None) == (work == "searching")
    text = tables(results)
    assert text.count("| writing | local-m |") == 2
    assert text.count("| searching | local-m |") == 1
    assert text.count("| training | W_c and tanh |") == 2


def test_theory_meets_global_attention_at_the_longest_source(results: Results) -> None:
    measured, expected = time_curves(results, "writing")["everything"]
    assert expected[-1] == pytest.approx(measured[-1])
    assert expected[0] == pytest.approx(expected[-1] * (36 + 7 * 12) / (36 + 12 * 12))
    seconds = results.row("writing", "everything").seconds_per_word[-1]
    assert rate(results, "writing") == pytest.approx((36 + 12 * 12) / seconds)


def test_the_figure_is_drawn_again_from_what_was_printed(
    results: Results, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, figure = tmp_path / "costs.json", tmp_path / "costs.png"
    file.write_text(results.to_json(), encoding="utf-8")
    assert read_results(file) == results
    write_costs(figure, results)
    first = figure.read_bytes()
    assert first.startswith(b"\x89PNG")
    main(["--from", str(file), "--json", "--figure", str(figure)])
    assert capsys.readouterr().out == results.to_json()
    assert figure.read_bytes() == first


def test_who_stops_it_is_not_told_that_it_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(settings: Settings) -> Results:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "measure", stopped)
    with pytest.raises(SystemExit) as end:
        main([])
    assert end.value.code == 130
    assert capsys.readouterr().err == "Stopped. Nothing is kept of what was measured.\n"


def test_what_is_missing_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--from", str(tmp_path / "missing.json")])
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert said.endswith("missing.json: cannot be read: No such file or directory\n")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SystemExit) as end:
        main(["--figure", str(tmp_path / "figure.png")])
    assert end.value.code == 2
    assert "needs matplotlib, which is not installed: pip install" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"settings": {"lengths": [1], "width": 2}}'])
def test_a_file_that_holds_no_results_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text(text)
    with pytest.raises(ValueError, match="not the JSON of this benchmark"):
        read_results(file)
