"""Weights and whatever belongs to them in one safetensors file, checked from end to end.

The metadata hold `format`, `version`, `kind`, `facts` (JSON) and `checksum`, the CRC-32 of the
facts and of every tensor in the order of their names: a file that was cut short, patched or
written by something else is refused before any of it is used.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from regard.translation.durable import RunError, write_durably

FORMAT = "regard checkpoint"
VERSION = "1"
REMEDY = "put back a whole copy, or train in a new folder"


def write_checkpoint(
    path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any], kind: str
) -> None:
    """Write tensors and facts as one file, whole or not at all; `kind` says what they are.

    Raises `RunError` when the disk is full or the folder cannot be written.
    """
    on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    text = json.dumps(facts, ensure_ascii=False)
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "kind": kind,
        "facts": text,
        "checksum": str(_checksum(on_cpu, text)),
    }

    def write(partial: Path) -> None:
        partial.touch()
        mode = partial.stat().st_mode  # what every other file of a run has; the library makes 0600
        try:
            save_file(on_cpu, partial, metadata=metadata)
            partial.chmod(mode)
        except SafetensorError as error:
            raise _as_os_error(error) from error

    write_durably(path, write)


def read_checkpoint(path: Path, kind: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors (on the CPU) and facts of a file that `write_checkpoint` wrote.

    Raises `RunError`, in one line, for a file that is missing, damaged or of another kind.
    """
    if not path.is_file():
        raise RunError(f"{path}: no such file")
    while True:
        file = path.stat()
        try:
            return _read(path, kind)
        except RunError:
            # The library opens a file twice; a training may have put another in its place between.
            if os.path.samestat(file, path.stat()):
                raise


def _read(path: Path, kind: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (SafetensorError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise RunError(f"{path}: damaged, or not a checkpoint ({reason}): {REMEDY}") from error
    if metadata.get("format") != FORMAT:
        raise RunError(f"{path}: not a checkpoint of regard: {REMEDY}")
    if metadata.get("version") != VERSION:
        raise RunError(
            f"{path}: has version {metadata.get('version', '?')[:20]} of the format, "
            f"this regard reads {VERSION}: use the regard that wrote it, or train in a new folder"
        )
    text = metadata.get("facts", "")
    if metadata.get("checksum") != str(_checksum(tensors, text)):
        raise RunError(f"{path}: damaged, its content is not what was saved: {REMEDY}")
    if metadata.get("kind") != kind:
        raise RunError(
            f"{path}: holds {metadata.get('kind', '?')[:40]}, not {kind}: "
            "put each file of the run back under its own name"
        )
    return tensors, json.loads(text)


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """Every parameter and buffer once, by name; tied ones under the first of their names."""
    state = model.state_dict()
    names = [name for name, _ in model.named_parameters()]
    names += [name for name, _ in model.named_buffers() if name in state]
    return {name: state[name] for name in names}


def with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors with `prefix` before every name, to stand in one file beside others."""
    return {prefix + name: tensor for name, tensor in tensors.items()}


def without_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those that `with_prefix` put there, under their own names again."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def put_weights(model: nn.Module, weights: Mapping[str, Tensor], origin: Path) -> None:
    """Copy weights into a model in place; `origin` names their file in the errors.

    Raises `RunError` unless names and shapes are exactly the model's.
    """
    own = weights_of(model)
    remedy = "put back the recipe.toml that they were trained with"
    for name in sorted(own.keys() ^ weights.keys()):
        where = "the model" if name in own else "the file"
        raise RunError(
            f"{origin}: weights that do not fit the recipe (only {where} has {name}): {remedy}"
        )
    for name, tensor in own.items():
        if tensor.shape != weights[name].shape:
            raise RunError(
                f"{origin}: weights that do not fit the recipe ({name} is {list(tensor.shape)} in "
                f"the model, {list(weights[name].shape)} in the file): {remedy}"
            )
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(weights[name])


def _checksum(tensors: Mapping[str, Tensor], text: str) -> int:
    found = zlib.crc32(text.encode("utf-8"))
    for name in sorted(tensors):
        tensor = tensors[name]
        shape = f"{name} {tensor.dtype} {list(tensor.shape)}"
        found = zlib.crc32(shape.encode("utf-8"), found)
        found = zlib.crc32(tensor.reshape(-1).view(torch.uint8).numpy().data, found)
    return found


def _as_os_error(error: SafetensorError) -> OSError:
    """The library reports a full disk in words only: `... (os error 28)`."""
    words = str(error)
    _, found, number = words.rpartition("os error ")
    code = int(number.rstrip(")")) if found and number.rstrip(")").isdigit() else 0
    return OSError(code, os.strerror(code) if code else words)
