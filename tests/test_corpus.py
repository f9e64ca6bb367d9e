"""The store: written whole or not at all, shared, refused when damaged; batches drawn from it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from regard.translation.corpus import (
    Corpus,
    batches,
    corpus_digest,
    number_of_batches,
    prepare,
    share,
)
from regard.translation.durable import RunError
from regard.translation.pairs import CorpusError, LinkLine, Pair, read_pairs
from regard.translation.whole_words import Words, count_words

SOURCES = [f"{'uno dos tres cuatro cinco seis'[: 3 + index % 26]} {index}" for index in range(97)]
TARGETS = [f"{'one two three four five six'[: 3 + index % 23]} {index}" for index in range(97)]
PAIRS = [Pair(s, t, n) for n, (s, t) in enumerate(zip(SOURCES, TARGETS, strict=True), start=1)]


@pytest.fixture(scope="module")
def source_tokens() -> Words:
    return count_words(SOURCES, limit=900)


@pytest.fixture(scope="module")
def target_tokens() -> Words:
    return count_words(TARGETS, limit=70)


def fill(
    folder: Path, source_tokens: Words, target_tokens: Words, pairs: list[Pair] | None = None
) -> Corpus:
    return prepare(folder, pairs or PAIRS, source_tokens, target_tokens, max_pieces=5)


@pytest.fixture
def corpus(tmp_path: Path, source_tokens: Words, target_tokens: Words) -> Corpus:
    return fill(tmp_path / "corpus", source_tokens, target_tokens)


def test_a_store_holds_the_ids_of_the_pairs_that_fit(
    corpus: Corpus, source_tokens: Words, target_tokens: Words
) -> None:
    rows = [
        (source, target)
        for source, target in zip(
            source_tokens.encode_ids(SOURCES), target_tokens.encode_ids(TARGETS), strict=True
        )
        if len(source) <= 5 and len(target) <= 5
    ]
    assert 0 < corpus.over_long == len(PAIRS) - len(rows)
    assert len(corpus) == len(rows)
    for index, (source, target) in enumerate(rows):
        assert corpus.source(index).tolist() == source
        assert corpus.target(index).tolist() == target
    assert corpus.target_pieces == sum(len(target) for _, target in rows)
    assert corpus.source_pieces == int(corpus.source_lengths.sum())
    assert corpus.target_lengths.tolist() == [len(target) for _, target in rows]


def test_ids_take_the_smallest_unsigned_type(corpus: Corpus, source_tokens: Words) -> None:
    assert 100 < source_tokens.size <= 256
    assert (corpus.sources.ids.dtype, corpus.targets.ids.dtype) == (np.uint8, np.uint8)
    description = json.loads((corpus.folder / "corpus.json").read_text())
    assert description["source"]["type"] == "|u1"


def test_more_than_256_pieces_take_two_bytes(tmp_path: Path, target_tokens: Words) -> None:
    texts = [f"word{index}" for index in range(300)]
    many = count_words(texts, limit=999)
    pairs = [Pair(text, "one", index) for index, text in enumerate(texts, start=1)]
    corpus = prepare(tmp_path / "c", pairs, many, target_tokens, max_pieces=9)
    assert corpus.sources.ids.dtype == np.uint16
    assert corpus.source(299).tolist() == many.encode_ids(["word299"])[0]


def test_the_store_is_the_same_in_whatever_chunks_it_is_written(
    tmp_path: Path,
    source_tokens: Words,
    target_tokens: Words,
    corpus: Corpus,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("regard.translation.corpus.TOKENISED_AT_ONCE", 7)
    other = fill(tmp_path / "other", source_tokens, target_tokens)
    for path in corpus.folder.iterdir():
        assert path.read_bytes() == (other.folder / path.name).read_bytes()


def test_the_digest_names_text_tokens_and_limit(
    corpus: Corpus, source_tokens: Words, target_tokens: Words
) -> None:
    def digest(pairs: list[Pair], *tokens: Words, max_pieces: int = 5) -> str:
        return corpus_digest(pairs, *tokens, max_pieces=max_pieces)

    assert digest(PAIRS, source_tokens, target_tokens) == corpus.digest
    moved = [Pair(pair.source, pair.target, pair.line + 1) for pair in PAIRS]
    assert digest(moved, source_tokens, target_tokens) == corpus.digest
    others = {
        digest(PAIRS[:-1], source_tokens, target_tokens),
        digest(PAIRS[::-1], source_tokens, target_tokens),
        digest(PAIRS, target_tokens, source_tokens),
        digest(PAIRS, source_tokens, target_tokens, max_pieces=6),
        corpus.digest,
    }
    assert len(others) == 5


def test_a_store_of_the_same_text_is_used_again(
    corpus: Corpus, source_tokens: Words, target_tokens: Words
) -> None:
    before = (corpus.folder / "source.ids").stat()
    again = fill(corpus.folder, source_tokens, target_tokens)
    assert (corpus.folder / "source.ids").stat().st_ino == before.st_ino
    assert again.digest == corpus.digest


def test_a_store_of_other_text_is_replaced_whole(
    corpus: Corpus, source_tokens: Words, target_tokens: Words
) -> None:
    other = fill(corpus.folder, source_tokens, target_tokens, PAIRS[:9])
    assert len(other) < len(corpus)
    assert other.digest != corpus.digest
    assert len(corpus.source(len(corpus) - 1)), "who has the old one open goes on"
    assert [path.name for path in corpus.folder.parent.iterdir()] == ["corpus"]


def test_a_damaged_store_is_made_anew(
    corpus: Corpus, source_tokens: Words, target_tokens: Words
) -> None:
    (corpus.folder / "source.ids").write_bytes(b"short")
    again = fill(corpus.folder, source_tokens, target_tokens)
    assert again.source(0).tolist() == source_tokens.encode_ids(SOURCES[:1])[0]


def test_runs_of_the_same_text_share_one_store(
    tmp_path: Path, corpus: Corpus, source_tokens: Words, target_tokens: Words
) -> None:
    folder = tmp_path / "run" / "corpus"
    sibling = prepare(
        folder,
        PAIRS,
        source_tokens,
        target_tokens,
        max_pieces=5,
        shared_with=[tmp_path / "missing", corpus.folder],
    )
    assert sibling.folder == folder
    assert (folder / "source.ids").samefile(corpus.folder / "source.ids")
    for path in corpus.folder.iterdir():
        path.unlink()
    assert sibling.source(0).tolist() == source_tokens.encode_ids(SOURCES[:1])[0]


def test_where_there_are_no_hard_links_a_store_is_copied(
    tmp_path: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError("not on this disk")

    monkeypatch.setattr(os, "link", no_links)
    copy = share(corpus.folder, tmp_path / "copy")
    assert not (copy.folder / "source.ids").samefile(corpus.folder / "source.ids")
    assert copy.source(5).tolist() == corpus.source(5).tolist()
    assert share(copy.folder, copy.folder).digest == corpus.digest


def test_text_that_fails_half_way_leaves_what_was_there(
    corpus: Corpus, source_tokens: Words, target_tokens: Words
) -> None:
    def failing() -> Iterator[Pair]:
        yield from PAIRS
        raise CorpusError("mine.es, line 98, byte 3: 0xF1 is not UTF-8")

    with pytest.raises(CorpusError, match="line 98"):
        prepare(corpus.folder, failing(), source_tokens, target_tokens, max_pieces=5)
    assert Corpus.open(corpus.folder).digest == corpus.digest
    assert [path.name for path in corpus.folder.parent.iterdir()] == ["corpus"]


def test_a_store_that_cannot_be_replaced_stays(
    corpus: Corpus,
    source_tokens: Words,
    target_tokens: Words,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if self.name == ".corpus.partial":
            raise OSError("not now")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(RunError, match="cannot be written"):
        fill(corpus.folder, source_tokens, target_tokens, PAIRS[:9])
    assert Corpus.open(corpus.folder).digest == corpus.digest
    assert [path.name for path in corpus.folder.parent.iterdir()] == ["corpus"]


def test_pairs_that_can_be_read_once_are_prepared_too(
    tmp_path: Path, corpus: Corpus, source_tokens: Words, target_tokens: Words
) -> None:
    once = prepare(tmp_path / "once", iter(PAIRS), source_tokens, target_tokens, max_pieces=5)
    assert once.digest == corpus.digest


def test_no_pair_left_is_refused(
    tmp_path: Path, source_tokens: Words, target_tokens: Words
) -> None:
    with pytest.raises(CorpusError, match="left to train on: 97 have more than 1 pieces"):
        prepare(tmp_path / "c", PAIRS, source_tokens, target_tokens, max_pieces=1)
    with pytest.raises(CorpusError, match="no pair"):
        prepare(tmp_path / "c", [], source_tokens, target_tokens, max_pieces=1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("corpus.json", b"", "is damaged"),
        ("corpus.json", b"[]", "is not a prepared text of regard"),
        ("corpus.json", b'{"format": "regard corpus", "version": 9}', "has version 9"),
        ("corpus.json", b'{"format": "regard corpus", "version": 1}', "is damaged"),
        ("source.ids", b"\x05", "other sizes than corpus.json says"),
        ("target.offsets", b"12345678", "other sizes than corpus.json says"),
        ("target.offsets", b"\xff" * 8 * 90, "is damaged"),
        ("target.ids", b"", "is damaged"),
    ],
)
def test_a_damaged_store_is_refused_in_one_line(
    corpus: Corpus, name: str, content: bytes, complaint: str
) -> None:
    (corpus.folder / name).write_bytes(content)
    with pytest.raises(CorpusError, match=complaint) as caught:
        Corpus.open(corpus.folder)
    assert "\n" not in str(caught.value)
    assert str(corpus.folder) in str(caught.value)


def test_offsets_must_rise(corpus: Corpus) -> None:
    path = corpus.folder / "source.offsets"
    offsets = np.frombuffer(path.read_bytes(), np.int64).copy()
    offsets[2], offsets[3] = offsets[3] + 1, offsets[2] - 1
    path.write_bytes(offsets.tobytes())
    with pytest.raises(CorpusError, match=r"source\.offsets does not fit"):
        Corpus.open(corpus.folder)


def test_a_missing_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="cannot be read"):
        Corpus.open(tmp_path)


def test_a_type_that_is_no_id_is_refused(corpus: Corpus) -> None:
    path = corpus.folder / "corpus.json"
    path.write_text(path.read_text().replace("|u1", "|O"))
    with pytest.raises(CorpusError, match="cannot have the type"):
        Corpus.open(corpus.folder)


def test_batches_go_on_where_they_were_left(corpus: Corpus) -> None:
    def drawn(start: int) -> list[list[list[int]]]:
        taken = batches(corpus, size=6, unit="sentences", seed=1, epoch=4, start=start)
        return [batch.source.tolist() for batch in taken]

    count = number_of_batches(corpus, size=6, unit="sentences", seed=1, epoch=4)
    whole = drawn(0)
    assert len(whole) == count == -(-len(corpus) // 6)
    assert drawn(3) == whole[3:]
    assert drawn(count) == []
    with pytest.raises(ValueError, match="cannot start at number"):
        drawn(count + 1)


def test_the_number_of_batches_by_tokens_is_that_of_the_epoch(corpus: Corpus) -> None:
    for epoch in range(3):
        count = number_of_batches(corpus, size=60, unit="tokens", seed=1, epoch=epoch)
        assert count == len(list(batches(corpus, size=60, unit="tokens", seed=1, epoch=epoch)))


def linked(pairs: list[Pair], text: str | None = None, *, tokenised: bool = False) -> list[Pair]:
    """Pairs whose first words are linked, and whose last words are in every third of them."""

    def line(pair: Pair) -> str:
        last = f"{len(pair.source.split()) - 1}-{len(pair.target.split()) - 1}"
        return f"0-0 {last if pair.line % 3 == 0 else ''}" if pair.line % 5 else ""

    return [
        replace(pair, links=LinkLine(line(pair) if text is None else text, tokenised, "there"))
        for pair in pairs
    ]


def test_links_stay_with_their_pairs_wherever_those_go(
    tmp_path: Path, source_tokens: Words, target_tokens: Words
) -> None:
    corpus = fill(tmp_path / "corpus", source_tokens, target_tokens, linked(PAIRS))
    bare = fill(tmp_path / "bare", source_tokens, target_tokens)
    assert corpus.links is not None
    assert bare.links is None
    assert (corpus.sources.ids == bare.sources.ids).all()  # with spans or without, the same ids
    assert (corpus.targets.ids == bare.targets.ids).all()
    expected = {}
    for pair in PAIRS:
        [source], [target] = (
            tokens.encode_ids([text])
            for tokens, text in ((source_tokens, pair.source), (target_tokens, pair.target))
        )
        first = [(0, 0)] if pair.line % 5 else []
        last = [(len(target) - 1, len(source) - 1)] if pair.line % 5 and pair.line % 3 == 0 else []
        expected[*source, 0, *target] = sorted({*first, *last})
    assert corpus.over_long
    found = 0
    for epoch in (0, 1):
        for batch in batches(corpus, size=7, unit="sentences", seed=3, epoch=epoch, start=epoch):
            assert batch.links is not None
            for row in range(len(batch.source)):
                source = batch.source[row][batch.source_mask[row]].tolist()[:-1]
                target = batch.target[row][batch.target_mask[row]].tolist()[1:-1]
                links = [(t, s) for r, t, s in batch.links.tolist() if r == row]
                assert links == expected[*source, 0, *target]
                found += 1
    assert found == 2 * len(corpus) - 7
    assert all(
        batch.links is None for batch in batches(bare, size=7, unit="sentences", seed=3, epoch=0)
    )


def test_other_links_make_another_store_and_the_same_are_shared(
    tmp_path: Path, source_tokens: Words, target_tokens: Words
) -> None:
    def digest(pairs: list[Pair]) -> str:
        return corpus_digest(pairs, source_tokens, target_tokens, max_pieces=5)

    texts = [PAIRS, linked(PAIRS), linked(PAIRS, "0-0"), linked(PAIRS, "0-0", tokenised=True)]
    assert len({digest(text) for text in texts}) == 4
    store = tmp_path / "a" / "corpus"
    corpus = fill(store, source_tokens, target_tokens, linked(PAIRS))
    shared = share(store, tmp_path / "b" / "corpus")
    assert shared.links is not None
    assert corpus.links is not None
    assert shared.links.ids.tolist() == corpus.links.ids.tolist()
    assert shared.links.offsets.tolist() == corpus.links.offsets.tolist()


def test_links_of_no_pair_are_refused(
    tmp_path: Path, source_tokens: Words, target_tokens: Words
) -> None:
    with pytest.raises(CorpusError, match=r"none of the pairs to train on has a link"):
        fill(tmp_path / "corpus", source_tokens, target_tokens, linked(PAIRS, ""))
    with pytest.raises(CorpusError, match=r"^there: 9-0 is outside its pair of 2 source and 2 "):
        fill(tmp_path / "corpus", source_tokens, target_tokens, linked(PAIRS, "9-0"))
    assert not (tmp_path / "corpus").exists()


def test_an_epoch_brings_every_pair_once(corpus: Corpus) -> None:
    brought = [
        (tuple(source[1:][: int(mask.sum()) - 2].tolist()))
        for batch in batches(corpus, size=50, unit="tokens", seed=2, epoch=0)
        for source, mask in zip(batch.target, batch.target_mask, strict=True)
    ]
    assert sorted(brought) == sorted(tuple(corpus.target(i).tolist()) for i in range(len(corpus)))
    assert all(batch.source.dtype == torch.int64 for batch in batches(
        corpus, size=50, unit="tokens", seed=2, epoch=0, start=3
    ))  # fmt: skip


@pytest.mark.real
def test_real_text_is_prepared_with_little_padding(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "spa-eng"
    pairs = read_pairs(folder / "dev.es", folder / "dev.en")
    source = count_words((pair.source for pair in pairs), limit=3000)
    target = count_words((pair.target for pair in pairs), limit=3000)
    corpus = prepare(tmp_path / "corpus", pairs, source, target, max_pieces=100)
    assert len(corpus) == 1124
    cells = real = 0
    for batch in batches(corpus, size=16, unit="sentences", seed=1, epoch=0):
        cells += batch.source.numel() + batch.target.numel()
        real += int(batch.source_mask.sum() + batch.target_mask.sum())
    assert 1 - real / cells < 0.2
