"""Where a model looked: `AttentionMap`, `AttentionRecord`, and the one file that keeps them.

A map holds the weights of one place in a model; a record holds the maps of one text. Both are
values: they are checked when they are made and never change afterwards, so nothing that reads
one has to check it again. The file is specified in docs/record-format.md.
"""

# Shapes: H heads · Q queries · K keys · W slots kept of each row (= K where no window was kept)

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Int64

NORMALISERS = ("softmax", "sigmoid")
SIDES = ("source", "target")

# What rounding in float32 may add to a sum of weights, or to one weight.
TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text as the model saw it, and the characters it came from.

    `text` is the piece as the vocabulary writes it; `start` and `end` are a half-open span of
    characters in the text as given. A token with no text of its own (`</s>`) has start == end.
    """

    text: str
    start: int
    end: int

    def __post_init__(self) -> None:
        _check_text(self.text, "the text of a token")
        if not 0 <= self.start <= self.end:
            raise ValueError(
                f"token {self.text!r}: the span {self.start}:{self.end} is not 0 <= start <= end"
            )


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """The weights of one place in a model, with the tokens of both sides.

    weights: [heads, queries, slots], float32, >= 0; a row sums to at most 1 (Luong's local-p and
    attention sinks sum to less), or, under "sigmoid", each weight is at most 1.
    first: [queries]; the key in slot 0 of each row where only a window of keys was kept. Slots
    that fall outside the keys hold 0. None: the slots are the keys.
    centre: [queries]; where a local attention pointed, in keys from 0 (p_t of Luong 2015, eq. 9).
    radius: how many keys it saw on each side of the centre (D of Luong 2015).
    query_side, key_side: the text ("source" or "target") whose characters the spans count.

    Raises ValueError, in one line, for anything else.
    """

    site: str
    weights: np.ndarray  # H Q W; not annotated, because a misfit is an error for people, below
    query_tokens: tuple[Token, ...]
    key_tokens: tuple[Token, ...]
    first: np.ndarray | None = None  # Q
    centre: np.ndarray | None = None  # Q
    radius: int | None = None
    normaliser: str = "softmax"
    query_side: str = "target"
    key_side: str = "source"

    def __post_init__(self) -> None:
        _check_text(self.site, "the name of a site")
        if not self.site:
            raise ValueError("a site has no name")
        _set(self, "query_tokens", tuple(self.query_tokens))
        _set(self, "key_tokens", tuple(self.key_tokens))
        _set(self, "weights", _frozen(self.weights, np.float32, f"{self.site}: weights"))
        if self.first is not None:
            _set(self, "first", _frozen(self.first, np.int64, f"{self.site}: first"))
        if self.centre is not None:
            _set(self, "centre", _frozen(self.centre, np.float32, f"{self.site}: centre"))
        try:
            self._check_shapes()
            self._check_weights()
            self._check_place()
        except ValueError as error:
            raise ValueError(f"{self.site}: {error}") from None

    def _check_shapes(self) -> None:
        shape, queries, keys = self.weights.shape, len(self.query_tokens), len(self.key_tokens)
        if len(shape) != 3 or 0 in shape:
            raise ValueError(f"weights must be [heads, queries, slots], none 0, not {list(shape)}")
        if shape[1] != queries:
            raise ValueError(f"weights have {shape[1]} rows for {queries} query tokens")
        if self.first is None and shape[2] != keys:
            raise ValueError(f"weights have {shape[2]} columns for {keys} key tokens")
        for name, row_values in (("first", self.first), ("centre", self.centre)):
            if row_values is not None and row_values.shape != (queries,):
                raise ValueError(
                    f"{name} must have one value a query ({queries}), not {list(row_values.shape)}"
                )

    def _check_weights(self) -> None:
        if self.normaliser not in NORMALISERS:
            known = ", ".join(NORMALISERS)
            raise ValueError(f"unknown normaliser {self.normaliser!r} (known: {known})")
        if not np.isfinite(self.weights).all():
            raise ValueError("weights must be finite")
        if self.weights.min() < 0:
            raise ValueError(f"a weight is negative ({self.weights.min():g})")
        if self.normaliser == "sigmoid":
            if self.weights.max() > 1 + TOLERANCE:
                raise ValueError(f"a weight is {self.weights.max():g}, more than 1")
        elif (most := self.weights.sum(axis=-1, dtype=np.float64).max()) > 1 + TOLERANCE:
            raise ValueError(f"a row of weights sums to {most:g}, more than 1")

    def _check_place(self) -> None:
        for name, side in (("query_side", self.query_side), ("key_side", self.key_side)):
            if side not in SIDES:
                raise ValueError(f'{name} must be "source" or "target", not {side!r}')
        if self.radius is not None and self.radius < 0:
            raise ValueError(f"radius must be 0 or more keys, not {self.radius}")
        if self.centre is not None and not (np.isfinite(self.centre) & (self.centre >= 0)).all():
            raise ValueError("centre must be finite and 0 or more")
        if self.first is None:
            return
        slots, keys = self.weights.shape[2], len(self.key_tokens)
        if self.first.min() < -slots or self.first.max() > keys:
            raise ValueError(f"first must lie between -{slots} (slots) and {keys} (keys)")
        if self.weights[:, ~self._inside()].any():
            raise ValueError("a slot outside the keys holds a weight; it must hold 0")

    def _inside(self) -> np.ndarray:
        """Which slots of each row hold a key: [queries, slots]."""
        assert self.first is not None
        keys = self.first[:, None] + np.arange(self.weights.shape[2])
        return (keys >= 0) & (keys < len(self.key_tokens))

    def dense(self) -> Float32[np.ndarray, "H Q K"]:
        """Lay the weights out over all keys: [heads, queries, keys], 0 outside a window."""
        if self.first is None:
            return self.weights
        heads, queries, _ = self.weights.shape
        laid_out = np.zeros((heads, queries, len(self.key_tokens)), dtype=np.float32)
        rows, slots = np.nonzero(self._inside())
        laid_out[:, rows, self.first[rows] + slots] = self.weights[:, rows, slots]
        return laid_out

    def window(self) -> Int64[np.ndarray, "Q 2"]:
        """The keys each query could see, as half-open ranges cut at the text: [queries, 2].

        From `first` where a window was kept, else from `centre` and `radius`: the 2 D + 1 keys
        round floor(p_t); else every key.
        """
        keys = len(self.key_tokens)
        if self.first is not None:
            edges = np.stack([self.first, self.first + self.weights.shape[2]], axis=-1)
        elif self.centre is not None and self.radius is not None:
            middle = np.minimum(np.floor(self.centre), keys - 1).astype(np.int64)
            radius = min(self.radius, keys)
            edges = np.stack([middle - radius, middle + radius + 1], axis=-1)
        else:
            edges = np.tile(np.array([0, keys], dtype=np.int64), (len(self.query_tokens), 1))
        return np.clip(edges, 0, keys)


@dataclass(frozen=True, eq=False)
class AttentionRecord:
    """What a model looked at while it read one text and wrote another.

    maps: one for each site, names all different. source, target: the texts that the spans refer
    to. model: which model it was. settings: how it was run, any JSON values.

    Raises ValueError, in one line, where the parts do not fit.
    """

    maps: tuple[AttentionMap, ...]
    source: str
    target: str
    model: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _set(self, "maps", tuple(self.maps))
        for name in ("source", "target", "model"):
            _check_text(getattr(self, name), name)
        _set(self, "settings", _json_copy(self.settings))
        seen: set[str] = set()
        for one in self.maps:
            if one.site in seen:
                raise ValueError(f"two maps have the name {one.site}")
            seen.add(one.site)
            _check_spans(one.query_tokens, one.query_side, self, one.site)
            _check_spans(one.key_tokens, one.key_side, self, one.site)

    def map(self, site: str | None = None) -> AttentionMap:
        """The map of a site, or the only one; raises ValueError that names those there are."""
        sites = ", ".join(one.site for one in self.maps) or "none"
        if site is None:
            if len(self.maps) != 1:
                raise ValueError(f"the record has {len(self.maps)} maps, name one: {sites}")
            return self.maps[0]
        for one in self.maps:
            if one.site == site:
                return one
        raise ValueError(f"the record has no map {site!r}; it has: {sites}")

    def save(self, path: Path | str) -> None:
        """Write the record as one safetensors file, whole or not at all.

        Raises ValueError when its JSON would pass 16 MiB, OSError when the file cannot be written.
        """
        from regard.record.storage import save_record

        save_record(self, Path(path))

    @classmethod
    def load(cls, path: Path | str) -> AttentionRecord:
        """Read a record; raises ValueError, in one line, for a damaged or foreign file."""
        from regard.record.storage import load_record

        return load_record(Path(path))


def _set(value: object, name: str, content: object) -> None:
    object.__setattr__(value, name, content)


def _frozen(values: Any, dtype: type, what: str) -> np.ndarray:
    """A read-only copy as `dtype`."""
    given = np.asarray(values)
    wanted = np.integer if issubclass(dtype, np.integer) else np.floating
    if not np.issubdtype(given.dtype, wanted):
        kind = "whole numbers" if wanted is np.integer else "floating point"
        raise ValueError(f"{what} must be {kind}, not {given.dtype}")
    with np.errstate(over="ignore"):
        copy = np.array(given, dtype=dtype, order="C")
    copy.setflags(write=False)
    return copy


def _check_text(text: str, what: str) -> None:
    if not isinstance(text, str):
        raise ValueError(f"{what} must be text, not {type(text).__name__}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{what} has half a character (a lone surrogate) at position {error.start}"
        ) from None


def _check_spans(tokens: Sequence[Token], side: str, record: AttentionRecord, site: str) -> None:
    length = len(record.source if side == "source" else record.target)
    for token in tokens:
        if token.end > length:
            raise ValueError(
                f"{site}: token {token.text!r} ends at character {token.end}, "
                f"but the {side} has {length}"
            )


def _json_copy(settings: Mapping[str, Any]) -> dict[str, Any]:
    try:
        text = json.dumps(settings, allow_nan=False, ensure_ascii=False)
        text.encode("utf-8")
        copy = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"settings must be JSON values: {error}") from None
    if not isinstance(copy, dict):
        raise ValueError("settings must be names with values")
    return copy
