"""Peak memory of preparing a large text and of one shuffled pass over it.

    python benchmarks/corpus_memory.py [--pairs 5000000] [--folder FOLDER]

Writes two text files of made-up sentences (about 600 MB for 5 million pairs), reads and tokenises
them into a store in one process, and draws every batch of an epoch in another, each measured by
itself (peak resident set, mapped file pages included). Needs Linux or macOS.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from regard.translation.byte_pairs import train_byte_pairs
from regard.translation.corpus import Corpus, batches, prepare
from regard.translation.pairs import read_pairs
from regard.translation.split import split_files
from regard.translation.tokens_file import load_tokens

SYLLABLES = [consonant + vowel for consonant in "bcdfglmnprst" for vowel in "aeiou"]
WORDS = 20_000
WRITTEN_AT_ONCE = 50_000
LIMIT_GIB = 2.0


def sentences(count: int, seed: int) -> Iterator[list[str]]:
    """Chunks of sentences of 3 to 14 words, frequent words drawn more often."""
    chance = np.random.default_rng(seed)
    words = np.array(
        ["".join(chance.choice(SYLLABLES, chance.integers(1, 5))) for _ in range(WORDS)], object
    )
    for first in range(0, count, WRITTEN_AT_ONCE):
        lengths = chance.integers(3, 15, min(WRITTEN_AT_ONCE, count - first))
        drawn = words[(WORDS * chance.random(int(lengths.sum())) ** 3).astype(int)]
        ends = np.cumsum(lengths)
        yield [
            " ".join(drawn[end - length : end]) for end, length in zip(ends, lengths, strict=True)
        ]


def write(folder: Path, pairs: int) -> None:
    for seed, side in enumerate(("source", "target")):
        with (folder / side).open("w", encoding="utf-8") as file:
            for chunk in sentences(pairs, seed):
                file.writelines(f"{sentence}.\n" for sentence in chunk)


def read(folder: Path) -> None:
    print(read_pairs(folder / "source", folder / "target").read_through())


def learn(folder: Path) -> None:
    pairs = read_pairs(folder / "source", folder / "target")
    tokens = train_byte_pairs(
        (text for pair in pairs for text in (pair.source, pair.target)), size=8000
    )
    tokens.save(folder / "tokens.json")


def store(folder: Path) -> None:
    tokens = load_tokens(folder / "tokens.json")
    pairs = read_pairs(folder / "source", folder / "target")
    corpus = prepare(folder / "corpus", pairs, tokens, tokens, max_pieces=100)
    size = sum(file.stat().st_size for file in corpus.folder.iterdir())
    print(f"{len(corpus):,} pairs, {corpus.target_pieces:,} target pieces, {size / 2**20:,.0f} MiB")


def shuffled_pass(folder: Path) -> None:
    cells = real = count = 0
    for batch in batches(Corpus.open(folder / "corpus"), size=4096, unit="tokens", seed=1, epoch=0):
        cells += batch.source.numel() + batch.target.numel()
        real += int(batch.source_mask.sum()) + int(batch.target_mask.sum())
        count += 1
    print(f"{count:,} batches of 4,096 tokens, {1 - real / cells:.1%} of them padding")


def split(folder: Path) -> None:
    report = split_files(
        folder / "source", folder / "target", folder / "parts", dev=2000, test=2000, seed=1
    )
    print(report)


def measured(name: str, step: Callable[[Path], None], folder: Path) -> bool:
    """Run one step in a process of its own; say its time and peak memory."""
    started = time.perf_counter()
    process = multiprocessing.get_context("spawn").Process(target=_step, args=(step, folder, name))
    process.start()
    process.join()
    print(f"{name}: {time.perf_counter() - started:,.0f} s\n", flush=True)
    return process.exitcode == 0


def _step(step: Callable[[Path], None], folder: Path, name: str) -> None:
    step(folder)
    unit = 2**30 if sys.platform == "darwin" else 2**20  # bytes there, KiB on Linux
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(f"{name}: peak {peak_gib:.2f} GiB", flush=True)
    if peak_gib > LIMIT_GIB:
        sys.exit(f"{name}: more than {LIMIT_GIB:g} GiB")


def main() -> None:
    parser = argparse.ArgumentParser(description="The memory that five million pairs take.")
    parser.add_argument("--pairs", type=int, default=5_000_000)
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        write(folder, arguments.pairs)
        steps = {
            "reading": read,
            "learning 8,000 pieces": learn,
            "preparing": store,
            "one shuffled pass": shuffled_pass,
            "splitting": split,
        }
        passed = [measured(name, step, folder) for name, step in steps.items()]
    sys.exit(not all(passed))


if __name__ == "__main__":
    main()
