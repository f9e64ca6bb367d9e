"""The comparison of aligners: its texts, what eflomal teaches, its tables, and going on."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.append(str(REPOSITORY))  # benchmarks are no installed package

from benchmarks.alignment import __main__ as program  # noqa: E402
from benchmarks.alignment import runs  # noqa: E402
from benchmarks.alignment import text as texts  # noqa: E402
from benchmarks.alignment.eflomal_peer import (  # noqa: E402
    RUNS,
    align,
    join_links,
    read_links,
    teach,
)
from benchmarks.alignment.runs import MODELS, Lesson, links_of, looks_of, recipe_of  # noqa: E402
from benchmarks.alignment.state import LEGS, Settings, open_comparison  # noqa: E402
from benchmarks.alignment.tables import scores  # noqa: E402
from benchmarks.alignment.text import Text, make_phrasebook, make_tatoeba  # noqa: E402
from benchmarks.race.child import RaceError  # noqa: E402
from regard.record.words import split_words  # noqa: E402

# Links word n to word n, as far as both sentences go.
STAND_IN = """
class Aligner:
    def align(self, source, target, links_filename_fwd, links_filename_rev):
        lines = [
            " ".join(f"{n}-{n}" for n in range(min(len(one.split()), len(other.split()))))
            for one, other in zip(source, target, strict=True)
        ]
        for name in (links_filename_fwd, links_filename_rev):
            with open(name, "w") as file:
                file.writelines(f"{line}\\n" for line in lines)
"""


@pytest.fixture
def eflomal(tmp_path: Path) -> Path:
    """An environment with a stand-in for eflomal."""
    library = tmp_path / "library"
    (library / "eflomal-9.dist-info").mkdir(parents=True)
    (library / "eflomal-9.dist-info" / "METADATA").write_text("Name: eflomal\nVersion: 9\n")
    (library / "eflomal.py").write_text(STAND_IN)
    python = tmp_path / "environment" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nPYTHONPATH={library} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return tmp_path / "environment"


@pytest.fixture
def phrasebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Text:
    """Forty pairs of the phrasebook, and twelve and five that are held out."""
    monkeypatch.setattr(texts, "HELD_OUT", 12)
    monkeypatch.setattr(texts, "DEV", 5)
    text = Text("phrasebook", tmp_path / "phrasebook")
    make_phrasebook(text, 40)
    return text


def test_gold_sentences_are_no_training_text(phrasebook: Text) -> None:
    counts = [len(phrasebook.lines(part, "es")) for part in ("train", "gold", "dev")]
    assert counts == [40, 12, 5]
    for language in texts.LANGUAGES:
        apart = {*phrasebook.lines("gold", language), *phrasebook.lines("dev", language)}
        assert not apart & set(phrasebook.lines("train", language))
    words = [phrasebook.words("gold", language) for language in texts.LANGUAGES]
    for line, source, target in zip(phrasebook.gold(), *words, strict=True):
        assert line.sure
        assert max(first for first, _ in line.sure) < len(source)
        assert max(second for _, second in line.sure) < len(target)


def test_gold_that_comes_tokenised_is_counted_by_its_spaces(tmp_path: Path) -> None:
    for part in ("train", "dev"):
        for language in texts.LANGUAGES:
            (tmp_path / f"{part}.{language}").write_text("One, two.\nThree.\nFour.\n")
    for language in texts.LANGUAGES:
        (tmp_path / f"en-es.dev.{language}").write_text("do n't , Tom\n")
    gold = tmp_path / "es-en.dev.gold"
    gold.write_text("0-0 3-3\n")
    text = Text("tatoeba", tmp_path / "text")
    make_tatoeba(text, tmp_path, tmp_path, 2)
    assert text.words("gold", "en") == [["do", "n't", ",", "tom"]]
    assert text.words("train", "es") == [["one", ",", "two", "."], ["three", "."]]
    gold.write_text("0-0\n\n")
    with pytest.raises(ValueError, match=r"gold has 2 lines, but .* has 1"):
        make_tatoeba(Text("tatoeba", tmp_path / "other"), tmp_path, tmp_path, 0)


def test_other_text_and_gold_than_before_are_refused(tmp_path: Path) -> None:
    settings = Settings(threads=1, epochs=2, pairs=0, phrasebook_pairs=4, seed=5)
    comparison = open_comparison(tmp_path / "folder", settings)
    data = tmp_path / "data"
    data.mkdir()
    for name in ("train", "dev", "en-es.dev"):
        for language in texts.LANGUAGES:
            (data / f"{name}.{language}").write_text("One .\n")
    (data / "es-en.dev.gold").write_text("0-0\n")
    given = program.read_arguments(["--data", str(data), "--gold", str(data)])
    with pytest.raises(ValueError, match="legs need --data FOLDER and --gold FOLDER"):
        program.make_text(comparison, "tatoeba", program.read_arguments([]))
    program.make_text(comparison, "tatoeba", given)
    program.make_text(comparison, "tatoeba", given)
    program.make_text(comparison, "tatoeba", program.read_arguments([]))
    for name in ("train.es", "es-en.dev.gold"):
        before = (data / name).read_text()
        (data / name).write_text("1-1\n")
        with pytest.raises(ValueError, match="tatoeba: holds another text than"):
            program.make_text(comparison, "tatoeba", given)
        (data / name).write_text(before)
    assert comparison.text("tatoeba").lines("train", "es") == ["One ."]


def test_links_of_joined_pairs_count_the_words_before_them() -> None:
    pairs = [("uno, dos", "one"), ("tres", "three !"), ("", "x"), ("cinco", "five")]
    links = [frozenset({(0, 0), (2, 0)}), frozenset({(0, 1)}), frozenset(), frozenset({(0, 0)})]
    assert join_links(pairs, links) == {(0, 0), (2, 0), (3, 2), (4, 4)}


def test_every_pair_is_joined_once_and_links_are_taught_both_ways(
    phrasebook: Text, tmp_path: Path
) -> None:
    first_words = [frozenset({(0, 0)})] * 40
    teach(phrasebook, first_words, tmp_path)
    joined = [
        (tmp_path / f"joined.{language}").read_text().splitlines() for language in ("es", "en")
    ]
    assert 10 <= len(joined[0]) == len(joined[1]) < 40
    words = sorted(word.text for line in joined[0] for word in split_words(line))
    train = phrasebook.lines("train", "es")
    assert words == sorted(word.text for line in train for word in split_words(line))
    found, back = (read_links(tmp_path / f"joined.{name}") for name in ("es-en", "en-es"))
    assert sum(map(len, found)) == sum(map(len, back)) == 40
    starts = {split_words(line)[0].text for line in train}
    for line, links in zip(joined[0], found, strict=True):
        assert {split_words(line)[source].text for source, _ in links} <= starts
    assert [{(t, s) for s, t in links} for links in found] == list(map(set, back))


def test_eflomal_reads_the_gold_sentences_too_and_its_links_of_them_are_kept(
    phrasebook: Text, eflomal: Path, tmp_path: Path
) -> None:
    found = align(phrasebook, eflomal, tmp_path / "links", threads=1)
    assert found["version"] == "eflomal 9"
    assert len(found["seconds"]) == RUNS
    lengths = [
        min(map(len, words))
        for words in zip(*(phrasebook.words("gold", name) for name in ("es", "en")), strict=True)
    ]
    for number in range(RUNS):
        for direction in ("forward", "backward"):
            links = read_links(tmp_path / "links" / f"gold.{number}.{direction}")
            assert list(map(len, links)) == lengths
    assert len(read_links(tmp_path / "links" / "train.es-en")) == 40
    with pytest.raises(RaceError, match=r"has no bin/python; name the folder of a virtual"):
        align(phrasebook, tmp_path / "nowhere", tmp_path / "links", threads=1)


def test_both_directions_are_scored_spanish_english_and_joined() -> None:
    forward, backward = [frozenset({(0, 0), (1, 1)})], [frozenset({(0, 0), (2, 1)})]
    truth = [frozenset({(0, 0), (1, 1), (2, 1)})]
    found = scores((forward, backward), truth)
    assert found[0] == found[1]
    of_one = (found[0].aer, found[0].precision, found[0].recall)
    assert of_one == pytest.approx((20, 100, 200 / 3))
    intersection, union = found[2:4]
    assert (intersection.aer, union.aer) == (pytest.approx(50), pytest.approx(0))


def test_the_recipes_can_be_read_and_only_the_taught_have_links(
    phrasebook: Text, tmp_path: Path
) -> None:
    for name in ("phrasebook", "tatoeba"):
        for model in MODELS.values():
            text = Text(name, phrasebook.folder)
            lesson = Lesson(model, "en-es", text, tmp_path, epochs=3, seed=2)
            recipe = recipe_of(lesson)
            assert recipe.training.epochs == 3
            assert recipe.training.seconds == 0
            assert bool(recipe.data.links) == bool(recipe.training.guided_alignment) == model.links
            assert recipe.data.source.endswith(".en")


def test_a_comparison_goes_on_and_prints_what_is_finished(
    eflomal: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(texts, "HELD_OUT", 12)
    monkeypatch.setattr(texts, "DEV", 5)
    folder = tmp_path / "comparison"
    small = ["--epochs", "1", "--phrasebook-pairs", "64", "--threads", "1"]

    def call(*words: str) -> str:
        arguments = ["alignment", "--folder", str(folder), "--eflomal", str(eflomal), *small]
        monkeypatch.setattr(sys, "argv", [*arguments, *words])
        program.main()
        return capsys.readouterr().out

    with pytest.raises(SystemExit) as end:
        call("--legs", "phrasebook-guided-es-en")
    assert end.value.code == 2
    assert "is taught by phrasebook-eflomal: add it to --legs" in capsys.readouterr().err
    monkeypatch.setattr(runs, "bleu", None)  # an aligner does not translate
    said = call("--legs", "phrasebook-eflomal", "phrasebook-aligner-es-en")
    assert "| eflomal, mean of 3 runs |" in said
    assert "aligner, input rows" not in said  # one direction is not finished
    assert "| phrasebook, aligner, es-en |" in said
    monkeypatch.setattr(program, "align", None)  # what is finished is not run again
    said = call("--legs", "phrasebook-eflomal", "phrasebook-aligner-en-es")
    for row in ("predicted rows", "predicted rows, agreeing", "input rows", "input rows, agreeing"):
        assert f"| aligner, {row} |" in said
    assert call("--legs") == said
    looks = looks_of(folder / "looks" / "phrasebook-aligner-es-en", "input")
    text = Text("phrasebook", folder / "text" / "phrasebook")
    shapes = [
        (len(target), len(source))
        for source, target in zip(text.words("gold", "es"), text.words("gold", "en"), strict=True)
    ]
    assert [one.shape for one in looks] == shapes
    assert all((one.sum(axis=1) <= 1 + 1e-5).all() for one in looks)
    alone = links_of(folder / "looks" / "phrasebook-aligner-es-en", "input")
    for weights, links in zip(looks, alone, strict=True):
        best = np.asarray(weights).argmax(axis=1)
        assert all(best[target] == source for source, target in links)


def test_a_teacher_runs_before_its_pupils_however_they_are_named(tmp_path: Path) -> None:
    settings = Settings(threads=1, epochs=2, pairs=0, phrasebook_pairs=4, seed=5)
    comparison = open_comparison(tmp_path / "folder", settings)
    names = ["phrasebook-guided-en-es", "phrasebook-eflomal", "phrasebook-plain-es-en"]
    found = [leg.name for leg in program.to_run(comparison, names)]
    assert found == ["phrasebook-eflomal", "phrasebook-plain-es-en", "phrasebook-guided-en-es"]


def test_another_comparison_in_the_folder_and_unknown_legs_are_refused(tmp_path: Path) -> None:
    settings = Settings(threads=1, epochs=2, pairs=3, phrasebook_pairs=4, seed=5)
    open_comparison(tmp_path / "a", settings)
    open_comparison(tmp_path / "a", settings)
    other = Settings(threads=1, epochs=3, pairs=3, phrasebook_pairs=4, seed=5)
    with pytest.raises(ValueError, match=r"began with epochs = 2, not 3; give what it began with"):
        open_comparison(tmp_path / "a", other)
    with pytest.raises(SystemExit):
        program.read_arguments(["--legs", "nothing"])
    assert len(LEGS) == 14
