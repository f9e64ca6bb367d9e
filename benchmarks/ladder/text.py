"""The texts of a ladder: copied into its folder once, so that all rows read the same lines.

FOLDER/text/NAME/{train,dev,test}.{source,target}
                 text.json                         what they are; written last
       gold/dev.{source,target,links}, text.json   word links, where they are given
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.copies import as_lines, keep_copy, read_facts
from benchmarks.race.scores import tutorial_form
from regard.record.alignment import format_links, parse_lines
from regard.translation.lines import check_same_count, read_lines

PARTS = ("train", "dev", "test")
SIDES = ("source", "target")
GOLD = "en-es.dev"
GOLD_ENDINGS = {"source": "es", "target": "en"}
LONGER_NAMES = {"train": "train", "dev": "val", "test": "test_2016_flickr"}
LONGER_ENDINGS = {"source": "de", "target": "en"}


@dataclass(frozen=True)
class Facts:
    """What a text is: its digest, the pairs of its training part, and their mean characters."""

    digest: str
    pairs: int
    source_characters: float
    target_characters: float


@dataclass(frozen=True)
class Text:
    """A text in a ladder's folder."""

    folder: Path

    def path(self, part: str, side: str) -> Path:
        """The file of one side ("source" or "target") of a part."""
        return self.folder / f"{part}.{side}"

    def lines(self, part: str, side: str) -> list[str]:
        """Its sentences."""
        return read_lines(self.path(part, side))

    def facts(self) -> Facts | None:
        """What it is; None if it is not there."""
        facts = read_facts(self.folder)
        return None if facts is None else Facts(**facts)


@dataclass(frozen=True)
class Size:
    """How much of a text is taken, evenly from all over each part; 0: all of it."""

    pairs: int
    sentences: int

    def of(self, part: str, lines: list[str]) -> list[str]:
        """The lines that are taken of a part."""
        wanted = self.pairs if part == "train" else self.sentences
        if not wanted or wanted >= len(lines):
            return lines
        return [lines[number * len(lines) // wanted] for number in range(wanted)]


def make_text(
    folder: Path,
    files: Mapping[tuple[str, str], Path],
    size: Size,
    form: Callable[[str], str] = str,
) -> Text:
    """Copy the files of parts and sides, or see that the copy is of the same files.

    Raises ValueError for files that cannot be read or whose sides differ in their lines, and for
    another text than the one that is there.
    """
    lines = {
        (part, side): [form(line) for line in size.of(part, read_lines(path))]
        for (part, side), path in files.items()
    }
    for part in PARTS:
        both = [(part, side) for side in SIDES]
        check_same_count(
            *(read_lines(files[each]) for each in both), *(files[each] for each in both)
        )
    text = Text(folder)
    contents = {text.path(*each).name: as_lines(lines[each]) for each in lines}
    facts = {"pairs": len(lines["train", "source"])} | {
        f"{side}_characters": _mean_length(lines["train", side]) for side in SIDES
    }
    keep_copy(folder, contents, facts, str(files["train", "source"].parent))
    return text


def short_text(folder: Path, data: Path, endings: Mapping[str, str], size: Size) -> None:
    """The text of the ladder itself, and the same in the form of TensorFlow's tutorial."""
    files = {(part, side): data / f"{part}.{endings[side]}" for part in PARTS for side in SIDES}
    make_text(folder / "short", files, size)
    make_text(folder / "tutorial", files, size, tutorial_form)


def longer_text(folder: Path, data: Path, size: Size) -> None:
    """Multi30k, German to English, under the names of its makers."""
    files = {
        (part, side): data / f"{LONGER_NAMES[part]}.{LONGER_ENDINGS[side]}"
        for part in PARTS
        for side in SIDES
    }
    make_text(folder / "longer", files, size)


def copy_gold(folder: Path, data: Path) -> None:
    """Copy sentences with gold links, or see that the copy is of the same files.

    The links are turned round: they are English-Spanish there. Raises ValueError for files that
    cannot be read or differ in their lines, and for others than those that are there.
    """
    links = data / f"{GOLD}.gold"
    turned = [
        format_links(line.sure)
        for line in parse_lines(read_lines(links), swap=True, name=str(links))
    ]
    contents = {}
    for side, ending in GOLD_ENDINGS.items():
        lines = read_lines(data / f"{GOLD}.{ending}")
        check_same_count(lines, turned, data / f"{GOLD}.{ending}", links)
        contents[f"dev.{side}"] = as_lines(lines)
    contents["dev.links"] = as_lines(turned)
    keep_copy(folder, contents, {"pairs": len(turned)}, str(data))


def _mean_length(lines: list[str]) -> float:
    return sum(map(len, lines)) / max(1, len(lines))
