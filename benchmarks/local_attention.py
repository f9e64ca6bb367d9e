"""What a look at the source costs per target word: eyes open against a squint.

    python benchmarks/local_attention.py [--size 512] [--radius 10] [--json]

Writing: one target word at a time from a prepared source, no gradients. Searching: a whole step of
a beam of 5, with LSTM, output layer and the choice of rows. Training: as many target words as the
source has, all at once, forward and backward, attention alone. Times are the best of several; run
it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any, cast

import torch

from regard.attention import LuongAttention
from regard.translation.recipe import ModelRecipe
from regard.translation.rnn import Rnn

LENGTHS = (50, 200, 1000, 5000)
SCOPES = ("everything", "local-m", "local-p")


def best_seconds(work: Callable[[], None], seconds: float = 0.6) -> float:
    """The shortest of the runs that fit in the time given, after one to warm up."""
    work()
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end or best == float("inf"):
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    return best


def writing_seconds(layer: LuongAttention, length: int, size: int) -> float:
    """Seconds per target word when each is written alone."""
    words = 20
    with torch.inference_mode():
        keys, queries = torch.randn(1, length, size), torch.randn(words, 1, 1, size)
        source = layer.prepare(keys, torch.ones(1, length, dtype=torch.bool))
        positions = [torch.tensor([word * length // words]) for word in range(words)]

        def write() -> None:
            for query, position in zip(queries, positions, strict=True):
                layer(query, source, position)

        return best_seconds(write) / words


def searching_seconds(layer: LuongAttention, length: int, size: int) -> float:
    """Seconds per target word of a beam of 5: the decoder's step, and the rows that go on."""
    recipe = ModelRecipe(
        embedding=64, hidden=size, scope=cast(Any, layer.scope_name), radius=layer.radius
    )
    model = Rnn(recipe, 100, 100).eval()
    rows, words = torch.tensor([1, 0, 2, 2, 4]), torch.full((5,), 7)
    with torch.inference_mode():
        source = torch.full((1, length), 7)
        state = model.start(source, source > 0).select(torch.zeros(5, dtype=torch.long))

        def search() -> None:
            nonlocal state
            _, state = model.step(state, words)
            state = state.select(rows)

        return best_seconds(search)


def training_seconds(layer: LuongAttention, length: int, size: int) -> float:
    """Seconds per target word, as many words as the source has, forward and backward."""
    keys = torch.randn(1, length, size, requires_grad=True)
    queries = torch.randn(1, length, size, requires_grad=True)
    mask, positions = torch.ones(1, length, dtype=torch.bool), torch.arange(length)

    def train() -> None:
        layer(queries, layer.prepare(keys, mask), positions).attentional.sum().backward()

    return best_seconds(train) / length


MEASURES = {
    "writing": writing_seconds,
    "searching": searching_seconds,
    "training": training_seconds,
}


def main() -> None:
    """Print a table, a row for each scope and kind of work."""
    parser = argparse.ArgumentParser(description="What a look costs per target word.")
    parser.add_argument("--size", type=int, default=512, help="units of a state")
    parser.add_argument("--radius", type=int, default=10, help="D: a window sees up to 2 D + 1")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = []
    for kind, measure in MEASURES.items():
        for scope in SCOPES:
            layer = LuongAttention(
                arguments.size, score="general", scope=scope, radius=arguments.radius
            )
            seconds = [measure(layer, length, arguments.size) for length in LENGTHS]
            rows.append({"work": kind, "scope": scope, "seconds_per_target_word": seconds})
    if arguments.json:
        print(json.dumps({"source_words": LENGTHS, "rows": rows}))
        return
    print(
        f"microseconds per target word, {torch.get_num_threads()} threads, "
        f"torch {torch.__version__}"
    )
    print(
        "work      scope       "
        + "".join(f"{f'S = {length}':>12}" for length in LENGTHS)
        + "     ratio"
    )
    for row in rows:
        seconds = row["seconds_per_target_word"]
        cells = "".join(f"{value * 1e6:12.1f}" for value in seconds)
        print(f"{row['work']:<10}{row['scope']:<12}{cells}{seconds[-1] / seconds[0]:10.2f}")


if __name__ == "__main__":
    main()
