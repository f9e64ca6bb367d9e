"""The texts of the comparison, each with gold links that nothing is trained on.

    TEXT/train.{es,en}   dev.{es,en}        what regard trains on, and watches
         gold.{es,en}    gold.links         Spanish-English, from 0
         text.json                          written last: a folder that has it is whole

tatoeba: spa-eng, and 105 Wikipedia sentences of XL-WA, tokenised; far from what is trained on.
phrasebook: sentences of regard's grammar, and others of it that no training text can have.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from benchmarks.copies import FACTS, as_lines, keep_copy
from regard.record.alignment import LineOfLinks, format_links, parse_lines
from regard.record.words import split_words, words_of_tokenised
from regard.translation.lines import check_same_count, read_lines
from regard.translation.phrasebook import held_out, pairs

Language = Literal["es", "en"]
LANGUAGES: tuple[Language, Language] = ("es", "en")
NAMES = ("phrasebook", "tatoeba")
SEED = 2  # with 1, it was tried how links are best read from looks
HELD_OUT = 500
DEV = 200


@dataclass(frozen=True)
class Text:
    """One text in its folder; gold sentences may be tokenised, the others never are."""

    name: str
    folder: Path

    def path(self, part: str, language: Language) -> Path:
        """One side of a part: train, dev or gold."""
        return self.folder / f"{part}.{language}"

    def lines(self, part: str, language: Language) -> list[str]:
        """Its sentences."""
        return read_lines(self.path(part, language))

    @property
    def tokenised(self) -> bool:
        """Whether gold links count what stands between spaces."""
        return self.name == "tatoeba"

    def gold(self) -> list[LineOfLinks]:
        """The gold links, Spanish-English."""
        return parse_lines(read_lines(self.folder / "gold.links"))

    def words(self, part: str, language: Language) -> list[list[str]]:
        """The words that links count, lower-cased, as eflomal is given them."""
        cut = words_of_tokenised if self.tokenised and part == "gold" else split_words
        return [[word.text.lower() for word in cut(line)] for line in self.lines(part, language)]

    @property
    def is_whole(self) -> bool:
        """Whether it was made to its end."""
        return (self.folder / FACTS).exists()


def make_phrasebook(text: Text, count: int) -> None:
    """Write so many pairs of the grammar, and held-out ones."""
    apart = held_out(HELD_OUT + DEV, SEED)
    parts = {
        "train": list(islice(pairs(SEED), count)),
        "gold": apart[:HELD_OUT],
        "dev": apart[HELD_OUT:],
    }
    contents = {}
    for part, examples in parts.items():
        contents[f"{part}.es"] = as_lines(one.source for one in examples)
        contents[f"{part}.en"] = as_lines(one.target for one in examples)
    contents["gold.links"] = as_lines(format_links(one.links) for one in parts["gold"])
    _keep(text, contents, "this grammar makes")


def make_tatoeba(text: Text, data: Path, gold: Path, count: int) -> None:
    """Copy `count` pairs of the text (0: all) and the gold, or see that the copy is of the same.

    Raises ValueError for files that do not fit, and for others than those that are there.
    """
    contents = {}
    for part in ("train", "dev"):
        sides = [read_lines(data / f"{part}.{language}") for language in LANGUAGES]
        check_same_count(*sides, *(data / f"{part}.{language}" for language in LANGUAGES))
        for language, lines in zip(LANGUAGES, sides, strict=True):
            contents[f"{part}.{language}"] = as_lines(lines[: count or None])
    links = read_lines(gold / "es-en.dev.gold")
    for language in LANGUAGES:
        path = gold / f"en-es.dev.{language}"
        lines = read_lines(path)
        check_same_count(links, lines, gold / "es-en.dev.gold", path)
        contents[f"gold.{language}"] = as_lines(lines)
    contents["gold.links"] = as_lines(links)
    _keep(text, contents, f"{data} and {gold}")


def _keep(text: Text, contents: dict[str, str], given: str) -> None:
    lines = {part: contents[f"{part}.es"].count("\n") for part in ("train", "dev", "gold")}
    keep_copy(text.folder, contents, lines, given)
