"""Seconds and bytes per target word of a piece of work."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor
from torch._C._profiler import _EventType
from torch.autograd.profiler import profile

from benchmarks.local_attention.work import Work
from benchmarks.race.machine import best_seconds


class Allocation(NamedTuple):
    """Memory taken at an address, or given back when `size` is negative: bytes."""

    address: int
    size: int


def seconds_per_word(work: Work, seconds: float) -> float:
    """The best of the runs that fit in the time given."""

    def run() -> None:
        for once in work.passes:
            once()

    return best_seconds(run, seconds) / (len(work.passes) * work.words)


def bytes_per_word(work: Work) -> float:
    """The most that is held at a time, above what was there before and without the results."""
    return most_held(*allocations(work.passes[0])) / work.words


def allocations(once: Callable[[], Sequence[Tensor]]) -> tuple[list[Allocation], set[int]]:
    """What PyTorch's allocator is asked for in one pass, after one to warm up.

    The second value are the addresses of the pass's results.
    """
    once()
    watched = profile(profile_memory=True, use_kineto=False)
    with _silent_errors(), watched:
        results = once()
    assert watched.kineto_results is not None
    found = sorted(_found(watched.kineto_results.experimental_event_tree()), key=lambda one: one[0])
    addresses = {result.untyped_storage().data_ptr() for result in results}
    return [allocation for _, allocation in found], addresses


def most_held(asked: Sequence[Allocation], results: Set[int]) -> int:
    """The most bytes held at a time. What is never given back at an address of a result is one."""
    last = {one.address: place for place, one in enumerate(asked) if one.size > 0}
    given = {one.address: place for place, one in enumerate(asked) if one.size < 0}
    left_out = {last[each] for each in results & last.keys() if given.get(each, -1) < last[each]}
    held = most = 0
    for place, one in enumerate(asked):
        if place not in left_out:
            held += one.size
        most = max(most, held)
    return most


@contextmanager
def _silent_errors() -> Iterator[None]:
    """Without what PyTorch's profiler writes to standard error each time it starts and stops."""
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _found(events: Sequence[Any]) -> Iterator[tuple[int, Allocation]]:
    for event in events:
        if event.tag == _EventType.Allocation:
            fields = event.extra_fields
            yield event.start_time_ns, Allocation(fields.ptr, fields.alloc_size)
        yield from _found(event.children)
