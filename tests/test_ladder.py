"""The ladder: its rows, what a look costs, legs that are stopped and go on, and its tables."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.append(str(REPOSITORY))  # benchmarks are no installed package

from benchmarks.ladder.__main__ import (  # noqa: E402
    open_asked,
    overview,
    read_arguments,
    to_run,
)
from benchmarks.ladder.cost import multiplications  # noqa: E402
from benchmarks.ladder.figure import write_lengths  # noqa: E402
from benchmarks.ladder.jobs import Jobs  # noqa: E402
from benchmarks.ladder.leg import circumstances, do  # noqa: E402
from benchmarks.ladder.lengths import by_length  # noqa: E402
from benchmarks.ladder.looks import Looks, share_of_windows  # noqa: E402
from benchmarks.ladder.measuring import accuracy_percent  # noqa: E402
from benchmarks.ladder.rows import ROWS, Row, compared_in_speed  # noqa: E402
from benchmarks.ladder.speed import Turn, summary  # noqa: E402
from benchmarks.ladder.state import (  # noqa: E402
    LEGS,
    Ladder,
    Leg,
    Settings,
    begin_ladder,
    chosen_legs,
)
from benchmarks.ladder.tables import panels, report  # noqa: E402
from benchmarks.ladder.text import Size, copy_gold, make_text  # noqa: E402
from benchmarks.ladder.training import prepare, train_row  # noqa: E402
from benchmarks.ladder.unknown import dictionary_of, unknown_percent  # noqa: E402
from regard.translation.choice import TextAmount, choose  # noqa: E402
from regard.translation.phrasebook import held_out, pairs  # noqa: E402
from regard.translation.progress import Silence  # noqa: E402
from regard.translation.recipe import ModelRecipe  # noqa: E402
from regard.translation.translator import load  # noqa: E402

TINY = (
    "model.embedding=8",
    "model.hidden=6",
    "tokens.size=300",
    "search.beam=2",
    "search.max_length=8",
    "search.length_alpha=0.6",  # or it is chosen on dev, which takes longest of all
)
SETTINGS = Settings(threads=1, pairs=40, sentences=6, epochs=1)


def tiny(name: str) -> Row:
    """A row of the ladder that learns in no time."""
    return replace(ROWS[name], settings=(*ROWS[name].settings, *TINY))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sentences that the phrasebook made up, as the ladder's --data."""
    folder = tmp_path_factory.mktemp("data")
    new = held_out(20, 5)
    parts = {"train": list(islice(pairs(5), 80)), "dev": new[:8], "test": new[8:]}
    for part, examples in parts.items():
        for ending, side in (("es", "source"), ("en", "target")):
            lines = "".join(f"{getattr(one, side)}\n" for one in examples)
            (folder / f"{part}.{ending}").write_text(lines, encoding="utf-8")
    return folder


def asked(data: Path, folder: Path, *more: str) -> Ladder:
    """The ladder of a command for a trial."""
    words = ["--data", str(data), "--folder", str(folder), "--threads", "1", "--pairs", "40"]
    return open_asked(read_arguments([*words, "--sentences", "6", "--epochs", "1", *more]))


# ------------------------------------------------------------------------------ the rows


def test_the_schedule_is_the_one_that_regard_chooses_for_ten_minutes() -> None:
    chosen = choose(TextAmount(115_452, 34.0, 31.6), seconds=600.0, threads=2).recipe
    recipe = ROWS["general"].recipe(seed=1)
    assert recipe.tokens == chosen.tokens
    limits = ("seconds", "epochs", "seed", "patience")
    assert recipe.training.model_dump(exclude=set(limits)) == chosen.training.model_dump(
        exclude=set(limits)
    )
    assert (recipe.model.hidden, recipe.model.dropout) == (
        chosen.model.hidden,
        chosen.model.dropout,
    )
    assert (recipe.training.epochs, recipe.training.seconds, recipe.training.patience) == (5, 0, 0)


def test_rows_without_attention_come_step_by_step_to_what_rows_with_attention_have() -> None:
    def what(name: str) -> tuple[bool, float]:
        model = ROWS[name].recipe(seed=1).model
        return model.reverse_source, model.dropout

    steps = [what(name) for name in ("base", "reversed", "none")]
    assert steps == [(False, 0.0), (True, 0.0), (True, 0.2)]
    for row in ROWS.values():
        model = row.recipe(seed=1).model
        if row.table == "ladder" and model.attention != "none":
            assert (model.reverse_source, model.dropout) == (not model.bidirectional, 0.2)
            assert model.bidirectional is row.name.startswith("both-ways")
    fed = {name for name, row in ROWS.items() if row.recipe(1).model.input_feeding}
    assert fed == {"general-fed", "local-p-fed", "both-ways-fed", "headline"}


def test_fair_rows_have_three_seeds() -> None:
    many = {name for name, row in ROWS.items() if row.seeds == (1, 2, 3)}
    assert many == {"none", "location", "general", "local-m", "local-p"} | {
        f"longer-{name}" for name in ("none", "general", "local-m", "local-p")
    }


def test_legs_run_the_timing_first_then_a_seed_of_every_row_and_the_ensemble_last() -> None:
    names = [leg.name for leg in chosen_legs(None, None)]
    assert names[0] == "speed-none"
    assert names.index("tutorial-seed1") < names.index("none-seed2") < names.index("none-seed3")
    assert names[-1] == "ensemble"
    assert LEGS["ensemble"].needs == ("general-seed1", "general-seed2", "general-seed3")
    assert "headline-seed1" not in names
    assert [leg.name for leg in chosen_legs(["headline"], None)] == ["headline-seed1"]
    assert [leg.name for leg in chosen_legs(["general", "dot"], [1, 3])] == [
        "dot-seed1",
        "general-seed1",
        "general-seed3",
    ]


def test_every_model_with_attention_is_timed_and_none_against_itself() -> None:
    timed = [row.name for row in compared_in_speed()]
    assert {"none", "dot", "local-p-fed", "both-ways-fed", "longer-local-m"} < set(timed)
    assert not {"base", "reversed", "longer-none", "words", "headline"} & set(timed)


# ------------------------------------------------------------------------------ what a look costs

LOOKS = Looks(source_pieces=10.0, source_per_target=0.5, seen_percent=100.0)


def count(**model: Any) -> tuple[float, float, float, float, float]:
    """The multiplications of a model of 4 units: score, scope, context, W_c, feeding."""
    model = {"input_feeding": False, "radius": 1, "max_length": 7, **model}
    found = multiplications(ModelRecipe(hidden=4, embedding=4, **model), LOOKS)
    assert found is not None
    assert found.total == sum(vars(found).values())
    return (found.score, found.scope, found.context, found.combine, found.feeding)


def test_multiplications_can_be_worked_out_by_hand() -> None:
    # 10 keys of 4 units; W_a 4 x 4; half a source piece for a target piece; W_c 4 x 8.
    assert count(attention="dot") == (40, 0, 40, 32, 0)
    assert count(attention="general") == (16 + 40, 0, 40, 32, 0)
    assert count(attention="concat") == (16 + 8 + 40, 0, 40, 32, 0)
    assert count(attention="additive") == count(attention="concat")
    assert count(attention="location") == (7 * 4, 0, 40, 32, 0)
    # 3 slots; W_p 4 x 4 and v_p 4; h~ in four gates of 4 x 4.
    assert count(attention="general", scope="local-m") == (16 + 12, 0, 12, 32, 0)
    assert count(attention="dot", scope="local-p") == (12, 20, 12, 32, 0)
    assert count(attention="dot", input_feeding=True) == (40, 0, 40, 32, 64)


def test_nothing_is_multiplied_without_attention() -> None:
    model = ModelRecipe(attention="none", input_feeding=False)
    assert multiplications(model, LOOKS) is None


def test_the_share_that_a_window_holds_is_cut_at_the_sentence() -> None:
    # D = 1 in a source of 5: keys 0 and 1; 1 to 3 (floor of 2.9); 3 and 4, twice.
    centre = np.array([0.0, 2.9, 4.0, 5.0], dtype=np.float32)
    assert share_of_windows(centre, 5, 1) == pytest.approx((2 + 3 + 2 + 2) / 4 / 5)


def test_the_cost_is_the_middle_difference_of_turns_side_by_side() -> None:
    # 10 pieces a turn; microseconds a piece with and without: (5, 3), (9, 3), (14, 11).
    turns = [
        (Turn(10, 50e-6), Turn(10, 30e-6)),
        (Turn(10, 90e-6), Turn(10, 30e-6)),
        (Turn(10, 140e-6), Turn(10, 110e-6)),
    ]
    found = summary(turns)
    assert found["cost_microseconds"] == pytest.approx(3)
    assert found["cost_quartiles"] == pytest.approx([2.5, 4.5])
    assert (found["microseconds_with"], found["microseconds_without"]) == pytest.approx((9, 3))


# ------------------------------------------------------------------------------ measures


def test_a_sentence_is_in_one_bin_by_the_words_of_its_source() -> None:
    sources = ["uno", "uno dos", "uno dos tres", "a b c d e f"]
    right = ["one word and more", "two words and more", "three words and more", "many words here"]
    bins = by_length(sources, right, [*right[:3], "nothing of that"], (2, 3))
    assert [(one["least"], one["most"], one["sentences"]) for one in bins] == [
        (1, 2, 2),
        (3, 3, 1),
        (4, None, 1),
    ]
    assert bins[0]["bleu"] == pytest.approx(100)
    assert bins[2]["bleu"] < 10
    assert by_length(["uno"], ["one"], ["one"], (2,))[1]["bleu"] is None


class Linked:
    """What `dictionary_of` reads of a pair."""

    def __init__(self, source: str, target: str, *links: tuple[int, int]) -> None:
        self.source_words = [type("Word", (), {"text": word}) for word in source.split()]
        self.target_words = [type("Word", (), {"text": word}) for word in target.split()]
        self.alignment = frozenset(links)


def test_a_dictionary_has_what_a_word_was_linked_to_most_often_if_often_enough() -> None:
    text: Any = [
        Linked("la casa", "the house", (0, 0), (1, 1)),
        Linked("la casa", "the home", (0, 0), (1, 1)),
        Linked("la casa roja", "the red house", (0, 0), (1, 2), (2, 1)),
    ]
    assert dictionary_of(text, least=2) == {"la": "the", "casa": "house"}


def test_the_share_of_unknown_words() -> None:
    assert unknown_percent([[1, 7], [7, 8, 9]]) == 20
    assert unknown_percent([]) == 0


# ------------------------------------------------------------------------------ texts


def test_a_text_is_taken_evenly_and_a_second_look_finds_it_the_same(tmp_path: Path) -> None:
    files = {}
    for part, count in (("train", 10), ("dev", 3), ("test", 2)):
        for side in ("source", "target"):
            files[part, side] = tmp_path / f"{part}.{side[0]}"
            files[part, side].write_text("".join(f"{side} {number}\n" for number in range(count)))
    text = make_text(tmp_path / "text", files, Size(pairs=4, sentences=0), str.upper)
    assert text.lines("train", "source") == [f"SOURCE {number}" for number in (0, 2, 5, 7)]
    assert text.lines("test", "target") == ["TARGET 0", "TARGET 1"]
    facts = text.facts()
    assert facts is not None
    assert (facts.pairs, facts.source_characters) == (4, 8)
    make_text(tmp_path / "text", files, Size(pairs=4, sentences=0), str.upper)
    with pytest.raises(ValueError, match="holds another text"):
        make_text(tmp_path / "text", files, Size(pairs=4, sentences=0))


def test_gold_links_are_turned_round(tmp_path: Path) -> None:
    for ending, line in (("es", "la casa blanca"), ("en", "the white house"), ("gold", "0-0 1-2")):
        (tmp_path / f"en-es.dev.{ending}").write_text(f"{line}\n")
    copy_gold(tmp_path / "gold", tmp_path)
    assert (tmp_path / "gold" / "dev.links").read_text() == "0-0 2-1\n"
    assert (tmp_path / "gold" / "dev.source").read_text() == "la casa blanca\n"


def test_a_folder_holds_one_ladder_that_git_does_not_see(tmp_path: Path) -> None:
    begin_ladder(tmp_path, SETTINGS)
    assert begin_ladder(tmp_path, SETTINGS).settings == SETTINGS
    with pytest.raises(ValueError, match="began with threads = 1, not 2"):
        begin_ladder(tmp_path, replace(SETTINGS, threads=2))
    assert (tmp_path / ".gitignore").read_text() == "*\n"


def test_an_unknown_row_is_refused_with_those_there_are(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read_arguments(["--data", str(data), "--rows", "globel"])
    assert "no row globel; there are: speed, base" in capsys.readouterr().err


def test_a_leg_whose_text_or_runs_are_missing_says_so(data: Path, tmp_path: Path) -> None:
    ladder = asked(data, tmp_path)
    with pytest.raises(ValueError, match="longer-none-seed1 reads the longer text: give --longer"):
        to_run(ladder, chosen_legs(["longer-none"], None), named=True)
    with pytest.raises(ValueError, match="ensemble needs general-seed1"):
        to_run(ladder, chosen_legs(["ensemble"], None), named=True)
    everything = to_run(ladder, chosen_legs(None, None), named=False)
    assert not [leg.name for leg in everything if leg.model.text == "longer"]
    assert everything[-1].name == "ensemble"


# ------------------------------------------------------------------------------ legs


@pytest.fixture(scope="module")
def ladder(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Ladder:
    """A ladder with four finished legs: two seeds with attention, none, and words."""
    ladder = asked(data, tmp_path_factory.mktemp("ladder"))
    for name, seed in (("local-p", 1), ("local-p", 2), ("none", 1), ("words", 1)):
        leg = Leg("row", name, tiny(name), seed)
        found = {**do(ladder, leg, Silence()), **circumstances(1), "commits": ["abc1234"]}
        ladder.keep(leg.name, found)
    return ladder


def result_of(ladder: Ladder, leg: str) -> dict[str, Any]:
    result = ladder.result(leg)
    assert result is not None
    return result


def test_a_leg_trains_and_measures_a_row(ladder: Ladder) -> None:
    found = result_of(ladder, "local-p-seed1")
    assert (found["updates"], found["ended_by"]) == (1, "updates")  # 40 pairs, one batch, one pass
    assert found["test"]["lines"] == 6
    assert sum(one["sentences"] for one in found["by_length"]) == 6
    assert 0 < found["looks"]["seen_percent"] < 100
    assert set(found["aer"]["phrasebook"]) == {"predicted", "input"}
    assert "gold" not in found["aer"]
    plain = result_of(ladder, "none-seed1")
    assert plain["looks"]["seen_percent"] is None
    assert "aer" not in plain
    assert plain["looks"]["source_pieces"] == found["looks"]["source_pieces"]


def test_the_row_of_words_is_scored_three_ways(ladder: Ladder) -> None:
    unknown = result_of(ladder, "words-seed1")["unknown"]
    assert set(unknown["bleu"]) == {"left", "copied", "looked_up"}
    assert unknown["source_percent"] > 0


def test_a_trained_row_is_the_same_bits_again(ladder: Ladder, tmp_path: Path) -> None:
    row, text = tiny("none"), ladder.text("short")
    train_row(tmp_path / "again", text, row, 1, 1, Silence())
    first, again = (
        load_file(folder / "best.safetensors")
        for folder in (ladder.run("none-seed1"), tmp_path / "again")
    )
    assert first.keys() == again.keys()
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_accuracy_counts_the_pieces_put_first(ladder: Ladder) -> None:
    translator = load(ladder.run("none-seed1"), device="cpu")
    sources, targets = ["la casa", "el perro come"], ["the house", "the dog eats"]
    found = accuracy_percent(translator, sources, targets)
    pieces = sum(map(len, translator.target_tokens.encode_ids(targets))) + len(targets)
    assert 0 <= found <= 100
    assert found * pieces / 100 == pytest.approx(round(found * pieces / 100))


def test_a_leg_goes_on_after_it_was_killed(ladder: Ladder, tmp_path: Path) -> None:
    row, text = tiny("none"), ladder.text("short")
    half_made = tmp_path / "half-made"  # killed before it was a run
    half_made.mkdir()
    (half_made / "tokens.source.json").write_text("{")
    prepare(half_made, text, row.all_settings(1, 1), Silence())
    begun = train_row(half_made, text, row, 1, 1, Silence())
    finished = train_row(half_made, text, row, 1, 1, Silence())
    assert finished["updates"] == begun["updates"] == 1
    with pytest.raises(ValueError, match=r"begun with other settings in \[training\]"):
        train_row(half_made, text, row, 2, 1, Silence())


# ------------------------------------------------------------------------------ processes


class Told:
    """Runs legs as commands of Python, in a folder."""

    def __init__(self, folder: Path, count: int, codes: dict[str, str]) -> None:
        self.said: list[str] = []
        self.jobs = Jobs(
            count=count,
            threads=1,
            command=lambda leg: [sys.executable, "-c", codes[leg.name]],
            log=lambda leg: folder / f"{leg.name}.log",
            say=self.said.append,
            left=lambda running, waiting: f"{len(waiting)} waiting",
        )


def legs_of(*names: str, kind: Any = "row") -> list[Leg]:
    return [Leg(kind, name, ROWS[name], 1) for name in names]


def test_two_legs_run_side_by_side_and_one_that_is_timed_alone(tmp_path: Path) -> None:
    # Each row waits for the other's file: one after the other they would never end.
    meets = (
        "import pathlib, sys, time\nhere, there = {0!r}, {1!r}\npathlib.Path(here).touch()\n"
        "while not pathlib.Path(there).exists(): time.sleep(0.01)"
    )
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    alone = "import os; print('threads', os.environ['OMP_NUM_THREADS'])"
    codes = {
        "base-seed1": meets.format(one, other),
        "dot-seed1": meets.format(other, one),
        "speed-dot": alone,
    }
    told = Told(tmp_path, 2, codes)
    assert told.jobs.run([*legs_of("base", "dot"), *legs_of("dot", kind="speed")]) == []
    assert (tmp_path / "speed-dot.log").read_text() == "threads 2\n"  # those of both
    begun = told.said.index(next(line for line in told.said if line.startswith("speed-dot begins")))
    assert sum("is done" in line for line in told.said[:begun]) == 2


def test_a_leg_that_fails_says_why_and_the_others_go_on(tmp_path: Path) -> None:
    codes = {
        "general-seed1": "raise SystemExit('no such text')",
        "dot-seed1": "print('fine')",
        "ensemble": "print('never')",
    }
    told = Told(tmp_path, 1, codes)
    ensemble = Leg("ensemble", "ensemble", ROWS["general"], needs=("general-seed1",))
    failed = told.jobs.run([*legs_of("general", "dot"), ensemble])
    assert failed == ["general-seed1", "ensemble"]
    assert any("general-seed1 FAILED: no such text" in line for line in told.said)
    assert (tmp_path / "dot-seed1.log").read_text() == "fine\n"


def test_who_stops_a_ladder_lets_its_legs_save(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time\n"
        "def save(number, frame):\n    print('saved', flush=True); sys.exit(130)\n"
        "signal.signal(signal.SIGTERM, save)\nprint('at work', flush=True)\ntime.sleep(60)"
    )
    told, log = Told(tmp_path, 1, {"base-seed1": code}), tmp_path / "base-seed1.log"

    def press() -> None:
        wait_for(lambda: log.exists() and log.read_text() != "")
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Thread(target=press).start()
        with pytest.raises(KeyboardInterrupt):
            told.jobs.run(legs_of("base"))
    finally:
        signal.signal(signal.SIGINT, before)
    assert log.read_text() == "at work\nsaved\n"


ORPHAN = """
import os, sys, time
from benchmarks.ladder.jobs import end_with_parent, hear_signals
hear_signals()
end_with_parent()
print(os.getpid(), flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    print("saved", flush=True)
"""


def test_a_leg_ends_when_the_ladder_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    starts = (
        "import subprocess, sys\n"
        f"subprocess.run([sys.executable, '-c', {ORPHAN!r}], stdout=open({str(log)!r}, 'w'))"
    )
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    process = subprocess.Popen([sys.executable, "-c", starts], env=environment)
    wait_for(lambda: log.exists() and log.read_text() != "")
    process.kill()
    process.wait()
    wait_for(lambda: log.read_text().endswith("saved\n"))


def wait_for(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


# ------------------------------------------------------------------------------ tables


def cells(text: str, start: str) -> list[list[str]]:
    """The cells of the table rows that begin with a word."""
    lines = [line for line in text.splitlines() if line.startswith(f"| {start} |")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_tables_show_what_is_finished(ladder: Ladder) -> None:
    found = report(ladder)
    results = [result_of(ladder, f"local-p-seed{seed}") for seed in (1, 2)]
    quality, cost, lengths = cells(found, "local-p, general")
    chrf = [result["test"]["chrf"] for result in results]
    assert quality[1] == "2"
    assert quality[4] == f"{np.mean(chrf):.1f} ({min(chrf):.1f} to {max(chrf):.1f})"
    assert cost[1] == f"{results[0]['parameters']:,}"
    assert len(lengths) == 6
    assert cells(found, "none, source reversed, dropout 0.2")[0][5:] == ["", ""]
    assert "nrefs:1|case:mixed|eff:no|tok:13a" in found
    assert "### Unknown words" in found
    assert "### The same on longer sentences" not in found
    command = "--threads 1 --pairs 40 --sentences 6 --epochs 1 --rows NAME --seeds N"
    assert f"python benchmarks/ladder --data FOLDER --folder OUT {command}" in found
    assert "- `--rows local-p --seeds 1 2`: local-p, general (commit abc1234)" in found


def test_a_ladder_with_nothing_finished_says_so(tmp_path: Path) -> None:
    assert report(begin_ladder(tmp_path, SETTINGS)) == "No leg is finished yet.\n"


def test_what_a_timed_leg_measured_stands_beside_its_row(ladder: Ladder, tmp_path: Path) -> None:
    timing = {
        "row": "local-p",
        "microseconds_with": 120.0,
        "microseconds_without": 100.0,
        "cost_microseconds": 19.5,
        "cost_quartiles": [18.0, 21.0],
        **circumstances(1),
    }
    ladder.keep("speed-local-p", timing)
    found = report(ladder)
    ladder.result_path("speed-local-p").unlink()
    assert cells(found, "local-p, general")[1][-1] == "19.5"
    assert "| local-p | 120.0 | 100.0 | 19.5 (18.0 to 21.0) |" in found


def test_the_overview_counts_legs(ladder: Ladder) -> None:
    lines = {line.split()[0]: line.split() for line in overview(ladder).splitlines()}
    assert lines["local-p"][1] == "2/3"
    assert lines["base"][1] == "0/1"
    assert overview(ladder).count("(needs --longer)") == 4
    assert "(only when named)" in overview(ladder)


def test_the_figure_is_drawn_once_attention_can_be_compared(ladder: Ladder, tmp_path: Path) -> None:
    [panel] = panels(ladder)
    assert [curve.name for curve in panel.curves] == ["local-p, general", "none"]
    write_lengths(tmp_path / "figure.png", [panel])
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert panels(begin_ladder(tmp_path, SETTINGS)) == []
