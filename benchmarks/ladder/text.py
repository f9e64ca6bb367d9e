"""The texts of a ladder: copied into its folder once, so that all rows read the same lines.

FOLDER/text/NAME/{train,dev,test}.{source,target}
                 text.json                         what they are; written last
       gold/dev.{source,target,links}              word links, where they are given
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.race.scores import tutorial_form
from regard.record.alignment import format_links, parse_lines
from regard.translation.durable import write_text
from regard.translation.lines import check_same_count, read_lines

PARTS = ("train", "dev", "test")
SIDES = ("source", "target")
FACTS = "text.json"
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
        path = self.folder / FACTS
        return Facts(**json.loads(path.read_bytes())) if path.exists() else None


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
    contents = {key: "".join(f"{line}\n" for line in value) for key, value in lines.items()}
    digest = hashlib.sha256("\0".join(contents[key] for key in sorted(contents)).encode())
    facts = Facts(
        digest.hexdigest()[:16],
        len(lines["train", "source"]),
        *(_mean_length(lines["train", side]) for side in SIDES),
    )
    text = Text(folder)
    there = text.facts()
    if there is not None and there.digest != facts.digest:
        raise ValueError(
            f"{folder}: holds another text than {files['train', 'source'].parent}; name the one "
            "that this ladder began with, or another --folder"
        )
    if there is None:
        folder.mkdir(parents=True, exist_ok=True)
        for (part, side), content in contents.items():
            write_text(text.path(part, side), content)
        write_text(folder / FACTS, json.dumps(asdict(facts), indent=2) + "\n")
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
    """Copy sentences with gold links, which are turned round: they are English-Spanish there."""
    links = data / f"{GOLD}.gold"
    turned = [
        format_links(line.sure)
        for line in parse_lines(read_lines(links), swap=True, name=str(links))
    ]
    folder.mkdir(parents=True, exist_ok=True)
    for side, ending in GOLD_ENDINGS.items():
        lines = read_lines(data / f"{GOLD}.{ending}")
        check_same_count(lines, turned, data / f"{GOLD}.{ending}", links)
        write_text(folder / f"dev.{side}", "".join(f"{line}\n" for line in lines))
    write_text(folder / "dev.links", "".join(f"{line}\n" for line in turned))


def _mean_length(lines: list[str]) -> float:
    return sum(map(len, lines)) / max(1, len(lines))
