from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save

from records import a_record, weights
from regard.record.attention import AttentionRecord
from regard.record.storage import ENTRY, write_whole


def assert_same(left: AttentionRecord, right: AttentionRecord) -> None:
    assert (left.source, left.target, left.model) == (right.source, right.target, right.model)
    assert left.settings == right.settings
    for one, other in zip(left.maps, right.maps, strict=True):
        for name in ("weights", "first", "centre"):
            mine, its = getattr(one, name), getattr(other, name)
            assert (mine is None) == (its is None)
            if mine is not None:
                assert mine.dtype == its.dtype
                assert np.array_equal(mine, its)
        for name in ("site", "query_tokens", "key_tokens", "radius", "normaliser", "key_side"):
            assert getattr(one, name) == getattr(other, name)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "looked.safetensors"
    a_record().save(path)

    assert_same(AttentionRecord.load(path), a_record())
    assert [found.name for found in tmp_path.iterdir()] == ["looked.safetensors"]
    a_record(maps=(), source="", target="").save(path)
    assert AttentionRecord.load(path).maps == ()


def test_saving_the_same_record_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    a_record().save(tmp_path / "a")
    a_record().save(tmp_path / "b")

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "looked.safetensors"
    path.write_bytes(b"before")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(
        OSError, match=r"^\S+looked\.safetensors: cannot be written: the disk is full; make"
    ):
        write_whole(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_named_with_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(folder / "a.svg", b"x")
    assert str(caught.value) == (
        f"{folder / 'a.svg'}: there is no folder {folder}; make it first, or choose another place"
    )


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.svg").mkdir()
    with pytest.raises(OSError, match=r"a\.svg: cannot be written") as caught:
        write_whole(tmp_path / "a.svg", b"x")
    assert ".part" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["a.svg"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing: no such file"):
        AttentionRecord.load(tmp_path / "nothing")


def written(record: AttentionRecord, path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The tensors and the metadata of a saved record, to be spoilt."""
    record.save(path)
    with safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata())  # noqa: SIM118


def refused(path: Path) -> str:
    with pytest.raises(ValueError, match="not a readable attention record: ") as caught:
        AttentionRecord.load(path)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 500 + len(str(path))
    return message


SPOILT_TENSORS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "missing weights": (lambda t: t.pop("maps.1.weights"), "maps.1.weights is missing"),
    "missing window": (lambda t: t.pop("maps.1.first"), "local: weights have 3 columns"),
    "extra tensor": (lambda t: t.update(x=np.zeros(1)), "belongs to no map: 'x'"),
    "tensor of no map": (lambda t: t.update({"maps.3.weights": weights()}), "belongs to no map"),
    "control characters": (lambda t: t.update({"\x1b[2J\n": np.zeros(1)}), r"belongs to no map"),
    "wrong type": (
        lambda t: t.update({"maps.0.weights": weights().astype(np.float64)}),
        "must be F32, not F64",
    ),
    "wrong window type": (
        lambda t: t.update({"maps.1.first": np.zeros(2, dtype=np.int32)}),
        "must be I64, not I32",
    ),
    "huge and empty": (
        lambda t: t.update({"maps.0.weights": np.zeros((2**40, 2, 0), dtype=np.float32)}),
        "none 0",
    ),
    "nan": (lambda t: t["maps.0.weights"].__setitem__((0, 0, 0), np.nan), "finite"),
    "negative": (lambda t: t["maps.0.weights"].__setitem__((0, 0, 0), -0.5), "negative"),
    "too much": (lambda t: t["maps.0.weights"].__setitem__((0, 0, 0), 0.2), "sums to 1.1"),
    "transposed": (
        lambda t: t.update({"maps.0.weights": np.zeros((3, 4, 2), dtype=np.float32)}),
        "4 rows for 2 query tokens",
    ),
    "window far away": (lambda t: t["maps.1.first"].__setitem__(0, -(2**63)), "first must lie"),
}


@pytest.mark.parametrize("name", SPOILT_TENSORS)
def test_a_file_with_wrong_tensors_is_refused(tmp_path: Path, name: str) -> None:
    spoil, message = SPOILT_TENSORS[name]
    tensors, metadata = written(a_record(), tmp_path / "a")
    spoil(tensors)
    (tmp_path / "a").write_bytes(save(tensors, metadata))

    assert message in refused(tmp_path / "a")


SPOILT_JSON: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "missing key": (lambda r: r.pop("target"), "the record lacks the key 'target'"),
    "extra key": (lambda r: r.update(words=[]), "unknown key 'words'"),
    "text for list": (lambda r: r.update(maps="cross"), "maps is a str"),
    "list for object": (lambda r: r.update(settings=[]), "settings is a list"),
    "number for map": (lambda r: r["maps"].__setitem__(1, 7), "map 1 is not a JSON object"),
    "missing map": (lambda r: r["maps"].pop(), "belongs to no map"),
    "map too many": (lambda r: r["maps"].append(r["maps"][0]), "maps.3.weights is missing"),
    "infinite setting": (lambda r: r["settings"].update(beam=float("inf")), "holds Infinity"),
    "same site": (lambda r: r["maps"][1].update(site="cross"), "two maps have the name cross"),
    "truth for radius": (lambda r: r["maps"][1].update(radius_keys=True), "radius_keys is a bool"),
    "half a radius": (lambda r: r["maps"][1].update(radius_keys=1.5), "radius_keys is a float"),
    "negative radius": (lambda r: r["maps"][1].update(radius_keys=-2), "radius must be"),
    "unknown side": (lambda r: r["maps"][0].update(key_side="both"), 'key_side must be "source"'),
    "sides swapped": (lambda r: r["maps"][0].update(key_side="target"), "the target has 5"),
    "no tokens": (lambda r: r["maps"][0].update(key_tokens=[]), "4 columns for 0 key tokens"),
    "text for token": (
        lambda r: r["maps"][0]["key_tokens"].__setitem__(2, "negro"),
        "map 0, key token 2 is not a JSON object",
    ),
    "span out of range": (
        lambda r: r["maps"][0]["key_tokens"][1].update(end_character=10**30),
        "but the source has 10",
    ),
    "span backwards": (
        lambda r: r["maps"][0]["query_tokens"][0].update(start_character=6),
        "not 0 <= start <= end",
    ),
    "half a character": (lambda r: r.update(model="\ud800"), "model has half a character"),
    "control characters": (lambda r: r["maps"][0].update(site="\x1b[2J\n", radius_keys=-1), "x1b"),
}


@pytest.mark.parametrize("name", SPOILT_JSON)
def test_a_file_with_json_of_the_wrong_shape_is_refused(tmp_path: Path, name: str) -> None:
    spoil, message = SPOILT_JSON[name]
    tensors, metadata = written(a_record(), tmp_path / "a")
    record = json.loads(metadata[ENTRY])
    spoil(record)
    metadata[ENTRY] = json.dumps(record)
    (tmp_path / "a").write_bytes(save(tensors, metadata))

    assert message in refused(tmp_path / "a")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"more": "x"}, "more entries than regard_attention_record"),
        ({ENTRY: ""}, "Expecting value"),
        ({ENTRY: "[" * 200_000}, "recursion"),
        ({ENTRY: "[]"}, "the record is not a JSON object"),
        ({ENTRY: '{"version":2}'}, "it has version 2 of the format, this reads 1"),
        ({ENTRY: '{"version":"1"}'}, "it has version '1' of the format, this reads 1"),
        ({ENTRY: '{"source":"","source":""}'}, "names a key twice"),
        ({ENTRY: '{"source":NaN}'}, "holds NaN"),
        ({ENTRY: "9" * 5000}, "digit"),
        ({ENTRY: '"' + "x" * 2**24 + '"'}, "longer than 16 MiB"),
    ],
)
def test_a_file_with_foreign_metadata_is_refused(
    tmp_path: Path, changes: dict[str, str], message: str
) -> None:
    tensors, metadata = written(a_record(), tmp_path / "a")
    (tmp_path / "a").write_bytes(save(tensors, metadata | changes))

    assert message in refused(tmp_path / "a")


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(save({"weight": weights()}, {"format": "pt"}))

    assert "its metadata has no entry regard_attention_record" in refused(tmp_path / "a")


def test_a_file_that_declares_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    header = b'{"maps.0.weights":{"dtype":"F32","shape":[999999999,9999,9],"data_offsets":[0,8]}}'
    for content in (
        b"",
        b"hello",
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", len(header)) + header + bytes(8),
        struct.pack("<Q", 2) + b"{}",
    ):
        (tmp_path / "a").write_bytes(content)
        refused(tmp_path / "a")


def test_no_damage_to_the_bytes_does_anything_but_refuse_or_read_a_valid_record(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a"
    a_record().save(path)
    whole = path.read_bytes()
    generator = np.random.default_rng(17)
    survived = 0
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(int(generator.integers(1, 4))):
            kind, at = generator.integers(0, 4), int(generator.integers(0, len(damaged)))
            if kind == 0:
                damaged[at] ^= 1 << int(generator.integers(0, 8))
            elif kind == 1:
                damaged[at] = int(generator.choice(list(b'\x00\xff"{}[],:0-9eE\\')))
            elif kind == 2:
                del damaged[at : at + int(generator.integers(1, 9))]
            else:
                damaged[at:at] = damaged[at : at + int(generator.integers(1, 9))]
        path.write_bytes(damaged)
        try:
            record = AttentionRecord.load(path)
        except ValueError as error:
            assert "\n" not in str(error)  # noqa: PT017 -- most are refused, some are still whole
        else:
            survived += 1
            for one in record.maps:
                assert one.dense().shape[1:] == (len(one.query_tokens), len(one.key_tokens))
    assert survived < 200


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    a_record().save(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        refused(path)


def test_random_changes_to_the_json_are_refused_or_still_valid(tmp_path: Path) -> None:
    path = tmp_path / "a"
    tensors, metadata = written(a_record(), path)
    generator = np.random.default_rng(23)
    strange = [
        None,
        -1,
        0,
        10**20,
        1.5,
        "",
        "\x00\u202e",
        [],
        {},
        [[]],
        {"a": 1},
        True,
        3,
        "source",
    ]
    for _ in range(300):
        record = json.loads(metadata[ENTRY])
        place: Any = record
        while True:
            key = _random_key(place, generator)
            if (
                generator.random() < 0.35
                or not isinstance(place[key], dict | list)
                or not place[key]
            ):
                break
            place = place[key]
        if generator.random() < 0.3 and isinstance(place, dict):
            del place[key]
        else:
            place[key] = strange[int(generator.integers(len(strange)))]
        path.write_bytes(save(tensors, metadata | {ENTRY: json.dumps(record)}))
        try:
            AttentionRecord.load(path)
        except ValueError as error:
            assert "\n" not in str(error)  # noqa: PT017 -- some changes leave a valid record


def _random_key(place: Any, generator: np.random.Generator) -> Any:
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    return keys[int(generator.integers(len(keys)))]
