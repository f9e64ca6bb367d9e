"""The ladder: its measures, its texts, legs that are stopped and go on, and its tables."""

from __future__ import annotations

import sys
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

from benchmarks.copies import digest_of, keep_copy, read_facts  # noqa: E402
from benchmarks.ladder.__main__ import (  # noqa: E402
    open_asked,
    overview,
    read_arguments,
    to_run,
)
from benchmarks.ladder.figure import write_lengths  # noqa: E402
from benchmarks.ladder.leg import circumstances, do  # noqa: E402
from benchmarks.ladder.lengths import by_length  # noqa: E402
from benchmarks.ladder.measuring import accuracy_percent  # noqa: E402
from benchmarks.ladder.rows import ROWS, Row  # noqa: E402
from benchmarks.ladder.state import (  # noqa: E402
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
from benchmarks.legs import result_path  # noqa: E402
from regard.translation.batches import to_batch  # noqa: E402
from regard.translation.load import load  # noqa: E402
from regard.translation.model import EOS  # noqa: E402
from regard.translation.phrasebook import held_out, pairs  # noqa: E402
from regard.translation.progress import Silence  # noqa: E402

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


def test_other_gold_than_before_is_refused_and_a_folder_without_its_digest_gets_it(
    tmp_path: Path,
) -> None:
    for ending, line in (("es", "la casa"), ("en", "the house"), ("gold", "0-0 1-1")):
        (tmp_path / f"en-es.dev.{ending}").write_text(f"{line}\n")
    gold = tmp_path / "gold"
    copy_gold(gold, tmp_path)
    noted = (gold / "text.json").read_text()
    (gold / "text.json").unlink()  # as earlier commits left it
    copy_gold(gold, tmp_path)
    assert (gold / "text.json").read_text() == noted
    before = {path.name: path.read_bytes() for path in gold.iterdir()}
    (tmp_path / "en-es.dev.gold").write_text("0-1 1-1\n")
    with pytest.raises(ValueError, match=r"gold: holds another text than .*; name the one"):
        copy_gold(gold, tmp_path)
    (gold / "text.json").unlink()
    with pytest.raises(ValueError, match="gold: holds another text than"):
        copy_gold(gold, tmp_path)
    del before["text.json"]
    assert {path.name: path.read_bytes() for path in gold.iterdir()} == before


def test_a_copy_that_was_stopped_is_made_again(tmp_path: Path) -> None:
    keep_copy(tmp_path, {"a": "one\n", "b": "two\n"}, {}, "first")
    for name in ("b", "text.json"):
        (tmp_path / name).unlink()
    keep_copy(tmp_path, {"a": "three\n", "b": "four\n"}, {"lines": 1}, "second")
    assert [(tmp_path / name).read_text() for name in ("a", "b")] == ["three\n", "four\n"]
    assert read_facts(tmp_path) == {
        "digest": digest_of({"b": "four\n", "a": "three\n"}),
        "lines": 1,
    }


def test_a_folder_holds_one_ladder_that_git_does_not_see(tmp_path: Path) -> None:
    begin_ladder(tmp_path, SETTINGS)
    assert begin_ladder(tmp_path, SETTINGS).settings == SETTINGS
    with pytest.raises(ValueError, match="began with threads = 1, not 2"):
        begin_ladder(tmp_path, replace(SETTINGS, threads=2))
    assert (tmp_path / ".gitignore").read_text() == "# made by benchmarks/ladder\n*\n"


def test_a_folder_that_holds_anything_else_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.pyc\n")
    with pytest.raises(ValueError, match=r"holds \.gitignore and was not begun by"):
        begin_ladder(tmp_path, SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == [".gitignore"]
    assert (tmp_path / ".gitignore").read_text() == "*.pyc\n"
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ValueError, match="file: cannot be written"):
        begin_ladder(file, SETTINGS)


def test_a_folder_that_was_stopped_before_it_had_settings_is_begun(tmp_path: Path) -> None:
    begin_ladder(tmp_path, SETTINGS)
    (tmp_path / "ladder.json").unlink()
    (tmp_path / ".ladder.json.123.partial").touch()
    begin_ladder(tmp_path, SETTINGS)
    assert (tmp_path / "ladder.json").exists()


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
    with pytest.raises(ValueError, match=r"ensemble needs general-seed2, .* its seed too"):
        to_run(ladder, chosen_legs(["general", "ensemble"], [1]), named=True)
    first = to_run(ladder, chosen_legs(None, [1]), named=False)
    assert {leg.seed for leg in first} == {1}
    assert "ensemble" not in [leg.name for leg in first]
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
    model, tokens = translator.model, (translator.source_tokens, translator.target_tokens)
    sources, targets = ["la casa", "el perro come"], ["the house", "the dog eats"]
    with torch.no_grad():  # so that some of it is right, and some wrong
        model.get_parameter("output.bias")[EOS] += 50
    right, pieces = 0, 0
    for source, target in zip(sources, targets, strict=True):
        [source_ids], [target_ids] = (
            each.encode_ids([line]) for each, line in zip(tokens, (source, target), strict=True)
        )
        with torch.no_grad():
            [said] = model(to_batch([source_ids], [target_ids])).argmax(dim=-1).tolist()
        right += sum(map(int.__eq__, said, [*target_ids, EOS]))
        pieces += len(target_ids) + 1
    assert 0 < right < pieces
    assert accuracy_percent(translator, sources, targets) == pytest.approx(100 * right / pieces)


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
    threads = torch.get_num_threads()  # 1, unless OMP_NUM_THREADS is set
    assert f"Rows: {'1 thread' if threads == 1 else f'{threads} threads'}, 1 at once." in found
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
    result_path(ladder.folder, "speed-local-p").unlink()
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
    assert panels(begin_ladder(tmp_path / "new", SETTINGS)) == []
