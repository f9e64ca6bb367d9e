"""Where the numbers are worked out, and in which precision."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch


def choose_device(name: str = "auto") -> torch.device:
    """The device called `name`; "auto" is CUDA, else MPS, else the CPU.

    Raises ValueError when it is not there.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device(next((kind for kind, found in there.items() if found), "cpu"))
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"device {name}: write auto, cpu, cuda, cuda:1 or mps") from error
    if device.type != "cpu" and not there.get(device.type, False):
        raise ValueError(f"device {name}: not found on this machine; use cpu, or auto")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"device {name}: there are only {torch.cuda.device_count()} CUDA devices")
    return device


def has_bfloat16(device: torch.device) -> bool:
    """Whether the hardware itself multiplies bfloat16: faster, and not only smaller."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        if not hasattr(torch.cpu, "get_capabilities"):  # an older torch cannot tell
            return False
        found = torch.cpu.get_capabilities()
        return bool(found.get("avx512_bf16") or found.get("amx_bf16"))
    return False


def choose_precision(name: str, device: torch.device) -> torch.dtype:
    """The precision called `name`; "auto" is bfloat16 where the hardware of the device has it.

    Raises ValueError for another name.
    """
    automatic = torch.bfloat16 if has_bfloat16(device) else torch.float32
    known = {"auto": automatic, "float32": torch.float32, "bfloat16": torch.bfloat16}
    if name not in known:
        raise ValueError(f"precision {name}: write auto, float32 or bfloat16")
    return known[name]


def precision_name(precision: torch.dtype) -> str:
    """What `choose_precision` calls it: float32 or bfloat16."""
    return str(precision).removeprefix("torch.")


def autocast(device: torch.device, precision: torch.dtype) -> AbstractContextManager[object]:
    """Within it, matrix products are worked out in this precision; float32 changes nothing."""
    if precision == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype=precision)
