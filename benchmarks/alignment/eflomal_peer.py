"""eflomal 2.0.0 in an environment of its own, and what it teaches.

    LINKS/gold.N.{forward,backward}      its links of the gold sentences, run N
          train.{es-en,en-es}            those of the training text that both directions have
          joined.{es,en,es-en,en-es}     one to four pairs in a line, with their links

It reads the training text and the gold sentences, as an aligner may: lower-cased words, no gold.
It draws at random and takes no seed, so it is run a few times; the first run teaches.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.alignment.text import LANGUAGES, Text
from benchmarks.race.child import RaceError, run
from regard.record.alignment import Links, format_links, intersection, parse_lines, turned
from regard.record.words import split_words
from regard.translation.durable import write_text
from regard.translation.lines import read_lines

RUNS = 3
MOST_JOINED = 4
JOINED_BY = 1  # the seed of what is joined with what
# In eflomal's environment: two texts in, two files of links out, all Spanish-English.
PROGRAM = """
import importlib.metadata, sys
from eflomal import Aligner
source, target, forward, backward = sys.argv[1:]
with open(source, encoding="utf-8") as left, open(target, encoding="utf-8") as right:
    Aligner().align(left, right, links_filename_fwd=forward, links_filename_rev=backward)
print("eflomal", importlib.metadata.version("eflomal"))
"""


@dataclass(frozen=True)
class Taught:
    """The folder of what eflomal made of a text."""

    folder: Path

    def gold(self, number: int, direction: str) -> list[Links]:
        """Its links of the gold sentences, in the "forward" or "backward" direction."""
        return read_links(self.folder / f"gold.{number}.{direction}")


def read_links(path: Path) -> list[Links]:
    """The sure links of a file."""
    return [line.sure for line in parse_lines(read_lines(path), name=str(path))]


def write_links(path: Path, lines: Sequence[Links]) -> None:
    """A file of links."""
    write_text(path, "".join(f"{format_links(links)}\n" for links in lines))


def align(text: Text, environment: Path, folder: Path, *, threads: int) -> dict[str, Any]:
    """Run eflomal, keep its links, and write what it teaches; how long it took.

    Raises `RaceError` where there is no eflomal in the environment.
    """
    python = environment / "bin" / "python"
    if not python.exists():
        raise RaceError(
            f"--eflomal {environment}: has no bin/python; name the folder of a virtual environment "
            "with eflomal==2.0.0"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for language in LANGUAGES:
        words = [*text.words("train", language), *text.words("gold", language)]
        lines = "".join(f"{' '.join(each)}\n" for each in words)
        write_text(folder / f"words.{language}", lines)
    count = len(text.lines("train", "es"))
    seconds, version = [], ""
    for number in range(RUNS):
        outputs = [folder / f"all.{direction}" for direction in ("forward", "backward")]
        inputs = [folder / f"words.{language}" for language in LANGUAGES]
        done = run(
            [python, "-c", PROGRAM, *inputs, *outputs], folder / f"{number}.log", threads=threads
        )
        seconds.append(done.seconds)
        version = done.output.strip().splitlines()[-1]
        both = [read_links(path) for path in outputs]
        for path, links in zip(outputs, both, strict=True):
            write_links(folder / f"gold.{number}{path.suffix}", links[count:])
        if number == 0:
            forward, backward = (links[:count] for links in both)
            teach(text, list(map(intersection, forward, backward)), folder)
    return {"seconds": seconds, "version": version}


def teach(text: Text, links: Sequence[Links], folder: Path) -> None:
    """Write the links of the training text for both directions, and the text with pairs joined.

    Sentences of Tatoeba are short. Joined ones show attention that a word stands more than once,
    and places that it would never have seen.
    """
    sides = [text.lines("train", language) for language in LANGUAGES]
    write_links(folder / "train.es-en", links)
    write_links(folder / "train.en-es", list(map(turned, links)))
    chance = random.Random(JOINED_BY)
    order = list(range(len(links)))
    chance.shuffle(order)
    lines: list[list[str]] = [[], []]
    joined: list[Links] = []
    while order:
        several = [order.pop() for _ in range(min(len(order), chance.randint(1, MOST_JOINED)))]
        for side, written in zip(sides, lines, strict=True):
            written.append(" ".join(side[pair] for pair in several))
        joined.append(
            join_links(
                [tuple(side[pair] for side in sides) for pair in several],
                [links[pair] for pair in several],
            )
        )
    for language, written in zip(LANGUAGES, lines, strict=True):
        write_text(folder / f"joined.{language}", "".join(f"{line}\n" for line in written))
    write_links(folder / "joined.es-en", joined)
    write_links(folder / "joined.en-es", list(map(turned, joined)))


def join_links(pairs: Sequence[tuple[str, ...]], links: Sequence[Links]) -> Links:
    """The links of pairs that stand one after the other in a line."""
    found: set[tuple[int, int]] = set()
    sources = targets = 0
    for (source, target), of_pair in zip(pairs, links, strict=True):
        found |= {(first + sources, second + targets) for first, second in of_pair}
        sources += len(split_words(source))
        targets += len(split_words(target))
    return frozenset(found)
