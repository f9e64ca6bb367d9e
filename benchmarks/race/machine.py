"""What the machine itself can do: the peak that every toolkit's matrix products stay below.

    python -m benchmarks.race.machine OUTPUT

Writes a JSON file: operations a second of matrix products, bytes a second of a copy.
"""

from __future__ import annotations

import json
import platform
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

SECONDS_EACH = 2.0
COPIED_BYTES = 1 << 28  # more than any cache holds
# rows x inner size x columns: a large square; the decoder's first layer at one step of a batch (an
# embedding, what is fed back and a state, 512 units each); the output layer for a batch of words.
PRODUCTS = {
    "square": (2048, 2048, 2048),
    "decoder step": (64, 1536, 2048),
    "output layer": (576, 512, 8000),
}


def best_seconds(work: Callable[[], object], seconds: float = SECONDS_EACH) -> float:
    """The shortest of the runs that fit in the time given, after one to warm up."""
    work()
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end or best == float("inf"):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def product_gflop_per_s(shape: tuple[int, int, int], precision: torch.dtype) -> float:
    """A thousand million operations a second; a multiplication and an addition are two."""
    rows, inner, columns = shape
    left, right = torch.randn(rows, inner), torch.randn(inner, columns)
    left, right = left.to(precision), right.to(precision)
    out = torch.empty(rows, columns, dtype=precision)
    seconds = best_seconds(lambda: torch.mm(left, right, out=out))
    return 2 * rows * inner * columns / seconds / 1e9


def copied_gb_per_s() -> float:
    """A thousand million bytes a second of a copy, those read and those written together."""
    source = torch.ones(COPIED_BYTES, dtype=torch.uint8)
    target = torch.zeros_like(source)
    return 2 * COPIED_BYTES / best_seconds(lambda: target.copy_(source)) / 1e9


def processor() -> str:
    """The name of the processor, as far as the system tells it."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        found = re.search(r"^model name\s*: (.*)$", information.read_text(), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor() or platform.machine()


def measured() -> dict[str, Any]:
    """All of it."""
    precisions = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    capabilities = torch.cpu.get_capabilities()
    with torch.inference_mode():
        return {
            "processor": processor(),
            "threads": torch.get_num_threads(),
            "bfloat16_in_hardware": sorted(
                name for name in ("avx512_bf16", "amx_bf16") if capabilities.get(name)
            ),
            "versions": {"torch": torch.__version__, "python": platform.python_version()},
            "gflop_per_s": {
                name: {
                    precision: product_gflop_per_s(shape, type_)
                    for precision, type_ in precisions.items()
                }
                for name, shape in PRODUCTS.items()
            },
            "copied_gb_per_s": copied_gb_per_s(),
        }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(measured(), indent=2) + "\n", encoding="utf-8")
