"""Splits: no sentence in two parts, by checks that share no code with the splitting."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from regard.translation.pairs import CorpusError, Pair, read_pairs
from regard.translation.split import (
    LARGEST_COMPONENT,
    normal_sentence,
    part_size,
    split_files,
    split_pairs,
)


def pairs_of(*texts: tuple[str, str]) -> list[Pair]:
    return [Pair(source, target, line) for line, (source, target) in enumerate(texts, start=1)]


def letters_and_digits(text: str) -> str:
    """The rule of the reference data, written once more."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum()) or folded


def leaks(*parts: Iterable[tuple[str, str]]) -> int:
    """How many sentences, of either side, are in more than one part."""
    seen: dict[tuple[int, str], set[int]] = {}
    for number, part in enumerate(parts):
        for pair in part:
            for side, text in enumerate(pair):
                seen.setdefault((side, letters_and_digits(text)), set()).add(number)
    return sum(len(numbers) > 1 for numbers in seen.values())


def family_text(families: int, seed: int = 0) -> list[Pair]:
    """Families of one to six pairs, in which every pair shares a side with another."""
    chance = random.Random(seed)
    texts: list[tuple[str, str]] = []
    for family in range(families):
        source, target = f"Fuente {family}", f"Goal {family}"
        texts.append((source, target))
        for member in range(chance.choice([0, 0, 0, 1, 2, 5])):
            if chance.random() < 0.5:
                source = f"¡fuente {family}, {member}!"
            else:
                target = f"GOAL {family}: {member}?"
            texts.append((source, target))
    chance.shuffle(texts)
    return pairs_of(*texts)


def parts_of(pairs: list[Pair], **wanted: int | float) -> dict[str, list[tuple[str, str]]]:
    split = split_pairs(pairs, **wanted)  # type: ignore[arg-type]
    return {
        name: [(pair.source, pair.target) for pair in split.part(pairs, name)]
        for name in ("train", "dev", "test")
    }


def test_no_sentence_is_in_two_parts() -> None:
    for seed in range(5):
        pairs = family_text(300, seed)
        parts = parts_of(pairs, dev=40, test=60, seed=seed)
        assert leaks(*parts.values()) == 0
        assert (len(parts["dev"]), len(parts["test"])) == (40, 60)
        assert leaks(
            [(p.source, p.target) for p in pairs[::2]], [(p.source, p.target) for p in pairs[1::2]]
        )


def test_dev_and_test_have_one_reference_for_each_source() -> None:
    pairs = family_text(300)
    split = split_pairs(pairs, dev=40, test=60)
    for name in ("dev", "test"):
        sources = [letters_and_digits(pair.source) for pair in split.part(pairs, name)]
        assert len(sources) == len(set(sources))
    first: dict[str, Pair] = {}
    for pair in pairs:
        first.setdefault(letters_and_digits(pair.source), pair)
    assert all(first[letters_and_digits(pair.source)] is pair for pair in split.part(pairs, "test"))
    report = split.report
    assert report.repeated_sources > 0
    assert report.train + report.dev + report.test + report.repeated_sources == len(pairs)


def test_every_pair_of_the_training_part_is_kept() -> None:
    pairs = pairs_of(*[("uno", "one")] * 3, *[(f"s{n}", f"t{n}") for n in range(17)])
    split = split_pairs(pairs, dev=0, test=1, seed=4)
    assert split.report.train + split.report.test + split.report.repeated_sources == 20
    assert split.report.duplicates == 2
    assert split.report.components == 18


def test_a_chain_is_one_component_however_long() -> None:
    chain = [(f"s{n // 2}", f"t{(n + 1) // 2}") for n in range(4001)]
    random.Random(1).shuffle(chain)
    report = split_pairs(pairs_of(*chain), dev=0, test=0).report
    assert (report.components, report.largest_component) == (1, 4001)


def test_components_agree_with_a_walk_over_the_graph() -> None:
    chance = random.Random(2)
    texts = [(f"s{chance.randrange(500)}", f"t{chance.randrange(500)}") for _ in range(420)]
    neighbours: dict[str, set[str]] = {}
    for source, target in texts:
        neighbours.setdefault(source, set()).add(target)
        neighbours.setdefault(target, set()).add(source)
    left, walks = set(neighbours), 0
    while left:
        walks += 1
        todo = [left.pop()]
        while todo:
            found = neighbours[todo.pop()] & left
            left -= found
            todo += found
    assert split_pairs(pairs_of(*texts), dev=0, test=0).report.components == walks


def test_the_same_word_in_two_languages_joins_nothing() -> None:
    report = split_pairs(pairs_of(("no", "yes"), ("si", "no"), ("ja", "si")), dev=0, test=0).report
    assert report.components == 3


def test_large_components_are_trained_on() -> None:
    family = [(f"no {n}", "No.") for n in range(LARGEST_COMPONENT + 1)]
    others = [(f"s{n}", f"t{n}") for n in range(LARGEST_COMPONENT + 1)]
    split = split_pairs(pairs_of(*family, *others), dev=10, test=10)
    assert split.report.in_large_components == LARGEST_COMPONENT + 1
    assert set(split.parts[: len(family)]) == {0}
    assert (split.report.dev, split.report.test) == (10, 10)


def test_adding_lines_moves_few_of_the_others() -> None:
    pairs = family_text(400)
    before = split_pairs(pairs, dev=0.05, test=0.1).parts
    more = [*pairs, *pairs_of(*[(f"nuevo {n}", f"new {n}") for n in range(len(pairs) // 10)])]
    after = split_pairs(more, dev=0.05, test=0.1).parts[: len(pairs)]
    moved = (before != after).sum() / (before != 0).sum()
    assert moved < 0.25
    assert (before != split_pairs(pairs, dev=0.05, test=0.1, seed=2).parts).sum() > 0.2 * len(pairs)


def test_another_process_makes_the_same_split() -> None:
    code = (
        "from regard.translation.split import split_pairs;"
        "from regard.translation.pairs import Pair;"
        "print(split_pairs([Pair(f's{n // 3}', f't{n}', n) for n in range(90)], dev=8, test=9)"
        ".parts.tolist())"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    pairs = [Pair(f"s{n // 3}", f"t{n}", n) for n in range(90)]
    assert answer.stdout.strip() == str(split_pairs(pairs, dev=8, test=9).parts.tolist())


def test_shares_and_defaults_give_sizes() -> None:
    pairs = pairs_of(*[(f"s{n}", f"t{n}") for n in range(250)])
    report = split_pairs(pairs, dev=0.04, test=25).report
    assert (report.dev, report.test, report.train) == (10, 25, 215)
    assert split_pairs(pairs).report.dev == part_size(250) == 12
    assert split_pairs(pairs, dev=0.001, test=0).report.dev == 1
    assert [part_size(n) for n in (100, 1000, 20_000, 115_000, 10**7)] == [5, 50, 500, 1150, 2000]


def test_what_cannot_be_divided_is_refused_or_told() -> None:
    pairs = pairs_of(*[(f"s{n}", f"t{n}") for n in range(11)])
    with pytest.raises(CorpusError, match="more than half of the 11 pairs"):
        split_pairs(pairs, dev=3, test=3)
    for wrong in (-1, 1.5, float("nan"), float("inf")):
        with pytest.raises(CorpusError, match="a share below 1"):
            split_pairs(pairs, dev=wrong, test=1)
    family = pairs_of(*[(f"s{n}", "same") for n in range(30)], ("one", "apart"))
    report = split_pairs(family, dev=1, test=3).report
    assert (report.dev, report.test) == (0, 1)
    assert "dev has 0 of the 1 pairs asked for" in str(report)
    assert "test has 1 of the 3 pairs asked for" in str(report)


def test_sentences_are_the_same_but_for_case_punctuation_and_form() -> None:
    same = ["¡Sí!", "si\u0301", " SÍ... ", "sí"]
    assert {normal_sentence(text) for text in same} == {"sí"}
    assert normal_sentence("ﬁn 2") == normal_sentence("FIN, ２")
    assert normal_sentence("a_b") == normal_sentence("ab")
    assert normal_sentence("?!") != normal_sentence("...") != ""


def write(folder: Path, name: str, lines: list[str]) -> Path:
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    pairs = family_text(90)
    return (
        write(tmp_path, "mine.v2.es", ["", *(pair.source for pair in pairs)]),
        write(tmp_path, "mine.v2.en", ["", *(pair.target for pair in pairs)]),
    )


def test_files_are_divided_into_files(files: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "new" / "parts"
    report = split_files(*files, out, dev=10, test=14)
    names = [f"{part}.{ending}" for part in ("dev", "test", "train") for ending in ("en", "es")]
    assert sorted(path.name for path in out.iterdir()) == names
    parts = {
        part: list(zip(lines_of(out / f"{part}.es"), lines_of(out / f"{part}.en"), strict=True))
        for part in ("train", "dev", "test")
    }
    assert leaks(*parts.values()) == 0
    assert [len(part) for part in parts.values()] == [report.train, report.dev, report.test]
    assert (report.dev, report.test) == (10, 14)
    given = set(zip(*map(lines_of, files), strict=True))
    assert {pair for part in parts.values() for pair in part} < given


def test_a_tsv_file_is_divided_into_tsv_files(tmp_path: Path) -> None:
    path = write(tmp_path, "a.tsv", [f"s{n}\tt{n}\tsomebody" for n in range(40)])
    split_files(path, None, tmp_path / "out", dev=3, test=4)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "dev.tsv",
        "test.tsv",
        "train.tsv",
    ]
    assert all(
        re.fullmatch(r"s\d+\tt\d+", line) for line in lines_of(tmp_path / "out" / "train.tsv")
    )


def test_names_without_two_endings_become_source_and_target(tmp_path: Path) -> None:
    source = write(tmp_path, "es.txt", [f"s{n}" for n in range(40)])
    target = write(tmp_path, "en.txt", [f"t{n}" for n in range(40)])
    split_files(source, target, tmp_path / "out", dev=3, test=4)
    assert len(lines_of(tmp_path / "out" / "test.source")) == 4


def test_no_file_is_overwritten(files: tuple[Path, Path], tmp_path: Path) -> None:
    mine = write(tmp_path, "dev.en", ["mine"])
    with pytest.raises(CorpusError, match=r"dev\.en: is there already"):
        split_files(*files, tmp_path, dev=10, test=14)
    assert lines_of(mine) == ["mine"]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_part_that_must_stay_empty_is_refused_and_nothing_written(tmp_path: Path) -> None:
    source = write(tmp_path, "a.es", [f"s{n}" for n in range(40)])
    target = write(tmp_path, "a.en", ["same"] * 40)
    with pytest.raises(CorpusError, match="no dev part can be set aside"):
        split_files(source, target, tmp_path / "out", dev=3, test=4)
    assert not (tmp_path / "out").exists()


def test_a_disk_that_fails_leaves_no_files(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("regard.translation.split.sync_file", full)
    with pytest.raises(ValueError, match="the disk is full"):
        split_files(*files, tmp_path / "out", dev=10, test=14)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_among_the_names_leaves_no_part_without_the_others(
    files: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: BaseException,
) -> None:
    named: list[Path] = []
    rename = Path.rename

    def fails_at_the_fourth(self: Path, target: Path) -> Path:
        if len(named) == 3:
            assert len(list((tmp_path / "out").iterdir())) == 6
            raise failure
        named.append(target)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails_at_the_fourth)
    with pytest.raises((ValueError, KeyboardInterrupt)):
        split_files(*files, tmp_path / "out", dev=10, test=14)
    assert len(named) == 3
    assert list((tmp_path / "out").iterdir()) == []


def test_text_that_changes_meanwhile_is_noticed() -> None:
    pairs = family_text(50)
    split = split_pairs(pairs, dev=3, test=3)
    for other in (pairs[:-1], pairs + pairs[:1]):
        with pytest.raises(CorpusError, match="changed while it was being split"):
            list(split.part(other, "train"))
    assert len(split.part(pairs, "dev")) == 3


@pytest.mark.real
def test_a_split_of_real_text_has_no_leak(shared: Path) -> None:
    folder = shared / "data" / "spa-eng"
    pairs = list(read_pairs(folder / "train.es", folder / "train.en"))[::3]
    parts = parts_of(pairs, dev=0.01, test=0.02)
    assert leaks(*parts.values()) == 0
    assert abs(len(parts["test"]) - 0.02 * len(pairs)) < 1
    at_random = np.random.default_rng(0).permutation(len(pairs))[: len(parts["test"])]
    rest = [(p.source, p.target) for n, p in enumerate(pairs) if n not in set(at_random.tolist())]
    assert leaks(rest, [(pairs[n].source, pairs[n].target) for n in at_random]) > 20
