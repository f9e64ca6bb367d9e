"""The one file that keeps an `AttentionRecord`: safetensors, with JSON in its metadata.

Specified in docs/record-format.md. Files come from anywhere, so reading trusts nothing: whatever
is not exactly what the specification says is refused in one line, before it is used.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_safetensors

from regard.record.attention import AttentionMap, AttentionRecord, Token

# The one entry of the metadata (the library writes several in any order, so that two files of the
# same record would differ), and the version of what is in it.
ENTRY = "regard_attention_record"
VERSION = 1
JSON_LIMIT_BYTES = 16 * 1024 * 1024


def save_record(record: AttentionRecord, path: Path) -> None:
    """Write a record whole or not at all; ValueError when its JSON would pass 16 MiB."""
    text = json.dumps(_record_to_json(record), separators=(",", ":"), allow_nan=False)
    if len(text) > JSON_LIMIT_BYTES:
        raise ValueError(f"the record's JSON has {len(text):,} bytes, more than 16 MiB")
    tensors = {}
    for number, one in enumerate(record.maps):
        tensors[f"maps.{number}.weights"] = one.weights
        if one.first is not None:
            tensors[f"maps.{number}.first"] = one.first
        if one.centre is not None:
            tensors[f"maps.{number}.centre"] = one.centre
    write_whole(path, to_safetensors(tensors, metadata={ENTRY: text}))


def load_record(path: Path) -> AttentionRecord:
    """Read a record; ValueError, in one line, for anything that is not one."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        with safe_open(path, framework="numpy") as file:
            return _read(file)
    except (SafetensorError, ValueError, RecursionError) as error:
        # Names in a hostile file may hold line breaks or terminal codes.
        reason = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(error)[:300])
        raise ValueError(f"{path}: not a readable attention record: {reason}") from None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: a temporary name beside it, synced, then renamed.

    Raises OSError, in one line, saying where it cannot be written and what to do.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"{path}: there is no folder {path.parent}; make it first, or choose another place"
        )
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        # Not the error's own words: they name the temporary file, which nobody asked for.
        reason = error.strerror or error
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason = "the disk is full; make room, then start the same command again"
        raise type(error)(f"{path}: cannot be written: {reason}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    # The rename itself is only safe once the folder is on the disk; not every system can do that.
    with contextlib.suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _record_to_json(record: AttentionRecord) -> dict[str, Any]:
    return {
        "version": VERSION,
        "source": record.source,
        "target": record.target,
        "model": record.model,
        "settings": record.settings,
        "maps": [
            {
                "site": one.site,
                "normaliser": one.normaliser,
                "radius_keys": one.radius,
                "query_side": one.query_side,
                "key_side": one.key_side,
                "query_tokens": [_token_to_json(token) for token in one.query_tokens],
                "key_tokens": [_token_to_json(token) for token in one.key_tokens],
            }
            for one in record.maps
        ],
    }


def _token_to_json(token: Token) -> dict[str, Any]:
    return {"text": token.text, "start_character": token.start, "end_character": token.end}


_RECORD_KEYS = {
    "version": int,
    "source": str,
    "target": str,
    "model": str,
    "settings": dict,
    "maps": list,
}
_MAP_KEYS = {
    "site": str,
    "normaliser": str,
    "radius_keys": (int, type(None)),
    "query_side": str,
    "key_side": str,
    "query_tokens": list,
    "key_tokens": list,
}
_TOKEN_KEYS = {"text": str, "start_character": int, "end_character": int}


def _read(file: Any) -> AttentionRecord:
    metadata = file.metadata() or {}
    if ENTRY not in metadata:
        raise ValueError(f"its metadata has no entry {ENTRY}")
    if len(metadata) > 1:
        raise ValueError(f"its metadata has more entries than {ENTRY}")
    if len(metadata[ENTRY].encode()) > JSON_LIMIT_BYTES:
        raise ValueError("its JSON is longer than 16 MiB")
    described = _strict_json(metadata[ENTRY])
    if isinstance(described, dict) and described.get("version") != VERSION:
        version = repr(described.get("version"))[:20]
        raise ValueError(f"it has version {version} of the format, this reads {VERSION}")
    record = _checked(described, _RECORD_KEYS, "the record")
    names = set(file.keys())
    maps = []
    for number, described_map in enumerate(record["maps"]):
        maps.append(_read_map(file, number, described_map, names))
    if names:
        raise ValueError(f"it holds a tensor that belongs to no map: {min(names)[:80]!r}")
    return AttentionRecord(
        maps=tuple(maps),
        source=record["source"],
        target=record["target"],
        model=record["model"],
        settings=record["settings"],
    )


def _read_map(file: Any, number: int, described: Any, names: set[str]) -> AttentionMap:
    """One map; the names of its tensors are taken out of `names`."""
    one = _checked(described, _MAP_KEYS, f"map {number}")
    tensors: dict[str, np.ndarray | None] = {}
    for name, dtype in (("weights", "F32"), ("first", "I64"), ("centre", "F32")):
        full_name = f"maps.{number}.{name}"
        if full_name not in names:
            if name == "weights":
                raise ValueError(f"the tensor {full_name} is missing")
            tensors[name] = None
            continue
        names.remove(full_name)
        found = file.get_slice(full_name).get_dtype()
        if found != dtype:
            raise ValueError(f"the tensor {full_name} must be {dtype}, not {found}")
        tensors[name] = file.get_tensor(full_name)
    return AttentionMap(
        site=one["site"],
        weights=tensors["weights"],  # pyright: ignore[reportArgumentType] -- never None, see above
        query_tokens=_read_tokens(one["query_tokens"], f"map {number}, query token"),
        key_tokens=_read_tokens(one["key_tokens"], f"map {number}, key token"),
        first=tensors["first"],
        centre=tensors["centre"],
        radius=one["radius_keys"],
        normaliser=one["normaliser"],
        query_side=one["query_side"],
        key_side=one["key_side"],
    )


def _read_tokens(described: list[Any], what: str) -> tuple[Token, ...]:
    tokens = []
    for number, token in enumerate(described):
        one = _checked(token, _TOKEN_KEYS, f"{what} {number}")
        tokens.append(Token(one["text"], one["start_character"], one["end_character"]))
    return tuple(tokens)


def _checked(value: Any, keys: Mapping[str, Any], what: str) -> dict[str, Any]:
    """`value` if it is an object with exactly these keys, each of its type."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not a JSON object")
    for key in keys:
        if key not in value:
            raise ValueError(f"{what} lacks the key {key!r}")
    for key, content in value.items():
        if key not in keys:
            raise ValueError(f"{what} has an unknown key {key[:80]!r}")
        if not isinstance(content, keys[key]) or isinstance(content, bool):
            raise ValueError(f"{what}: {key} is a {type(content).__name__}")
    return value


def _strict_json(text: str) -> Any:
    def without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("its JSON names a key twice")
        return found

    def refuse(constant: str) -> None:
        raise ValueError(f"its JSON holds {constant}")

    return json.loads(text, object_pairs_hook=without_doubles, parse_constant=refuse)
