"""Text, tokenised once into a folder that is mapped into memory, and batches drawn from it.

    CORPUS/corpus.json      what it holds, its digest, the sizes below
           source.ids       ids of all sentences, one after the other, little-endian
           source.offsets   where each begins, and the end: int64, one more than there are pairs
           target.ids  target.offsets
           links.ids  links.offsets      of a text with links: target piece, source piece in turn

Memory does not grow with the text: writing streams, reading maps. A store is written under another
name and renamed when it is whole, and never changed after, so runs may share one by hard links.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
from jaxtyping import Int32, Integer

from regard.translation.batches import Arrangement, RaggedRows, Unit, arrange, batch_of, links_of
from regard.translation.durable import PARTIAL, cannot_write, sync_file, sync_folder
from regard.translation.lines import CorpusError
from regard.translation.linked_pairs import piece_links
from regard.translation.model import Batch
from regard.translation.pairs import Pair
from regard.translation.tokens import Tokens

FORMAT = "regard corpus"
VERSION = 1
DESCRIPTION = "corpus.json"
SIDES: Final = ("source", "target")
LINKS: Final = "links"
TOKENISED_AT_ONCE = 8_192  # pairs; what bounds the memory of preparing
OFFSET = np.dtype("<i8")


@dataclass(frozen=True, eq=False)
class Corpus:
    """A store of tokenised pairs, opened: ids without `<s>` and `</s>`.

    `digest` names the text, the tokens and the limit that it was made of; `over_long` counts the
    pairs that were left out because a side has more than `max_pieces` pieces. A row of `links` has
    target and source piece in turn; None where the text came without.
    """

    folder: Path
    digest: str
    max_pieces: int
    over_long: int
    sources: RaggedRows
    targets: RaggedRows
    links: RaggedRows | None = None

    @classmethod
    def open(cls, folder: Path) -> Corpus:
        """Map a store into memory.

        Raises `CorpusError` for a folder that holds no store, or a damaged one.
        """
        description = _description(folder)
        try:
            rows = [
                _mapped(folder, part, description[part], description["pairs"])
                for part in _parts_of(description)
            ]
            return cls(
                folder,
                description["digest"],
                description["max_pieces"],
                description["over_long"],
                *rows,
            )
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise CorpusError(
                f"{folder}: the prepared text is damaged ({error}); delete this folder"
            ) from error

    def __len__(self) -> int:
        return len(self.sources)

    def source(self, index: int) -> Integer[np.ndarray, " S"]:
        """Ids of one source sentence."""
        return self.sources[index]

    def target(self, index: int) -> Integer[np.ndarray, " T"]:
        """Ids of one target sentence."""
        return self.targets[index]

    @property
    def source_pieces(self) -> int:
        """Pieces on the source side, all together."""
        return len(self.sources.ids)

    @property
    def target_pieces(self) -> int:
        """Pieces on the target side, all together."""
        return len(self.targets.ids)

    @property
    def source_lengths(self) -> Int32[np.ndarray, " P"]:
        """Pieces of each source sentence."""
        return np.diff(self.sources.offsets).astype(np.int32)

    @property
    def target_lengths(self) -> Int32[np.ndarray, " P"]:
        """Pieces of each target sentence."""
        return np.diff(self.targets.offsets).astype(np.int32)


def batches(
    corpus: Corpus, *, size: int, unit: Unit, seed: int, epoch: int, start: int = 0
) -> Iterator[Batch]:
    """The batches of an epoch, from number `start` on; those before it are never built.

    A batch has `size` sentences, or at most `size` tokens of source and target together, padding
    counted. The order is a function of the corpus, size, unit, seed and epoch alone. Raises
    ValueError for a `start` beyond the epoch's end.
    """
    arranged = _arranged(corpus, size=size, unit=unit, seed=seed, epoch=epoch)
    if not 0 <= start <= len(arranged):
        raise ValueError(f"an epoch of {len(arranged):,} batches cannot start at number {start:,}")
    for turn in range(start, len(arranged)):
        chosen = arranged.batch(turn)
        batch = batch_of(corpus.sources, corpus.targets, chosen)
        yield (
            batch if corpus.links is None else replace(batch, links=links_of(corpus.links, chosen))
        )


def number_of_batches(corpus: Corpus, *, size: int, unit: Unit, seed: int, epoch: int) -> int:
    """How many batches the epoch has."""
    if unit == "sentences":
        return -(-len(corpus) // size)
    return len(_arranged(corpus, size=size, unit=unit, seed=seed, epoch=epoch))


def _arranged(corpus: Corpus, *, size: int, unit: Unit, seed: int, epoch: int) -> Arrangement:
    lengths = (corpus.source_lengths, corpus.target_lengths)
    return arrange(*lengths, size=size, unit=unit, seed=seed, epoch=epoch)


def corpus_digest(
    pairs: Iterable[Pair], source_tokens: Tokens, target_tokens: Tokens, *, max_pieces: int
) -> str:
    """SHA-256 of everything that decides what a store holds."""
    digest = _Digest(source_tokens, target_tokens, max_pieces)
    for chunk in _chunks(pairs):
        digest.add(chunk)
    return digest.hexadecimal()


def prepare(
    folder: Path,
    pairs: Iterable[Pair],
    source_tokens: Tokens,
    target_tokens: Tokens,
    *,
    max_pieces: int,
    shared_with: Iterable[Path] = (),
) -> Corpus:
    """Tokenise the pairs, and their links if they have any, into a store at `folder`.

    A store there with the same digest is used as it is; one among the folders `shared_with` is
    linked. That needs pairs that can be read twice (`read_pairs` gives such): others are tokenised
    in any case. Raises `CorpusError` when no pair is left or the disk is full, and then leaves
    `folder` as it was.
    """
    can_be_read_twice = iter(pairs) is not pairs
    if can_be_read_twice:
        existing = [each for each in (folder, *shared_with) if (each / DESCRIPTION).is_file()]
        if existing:
            digest = corpus_digest(pairs, source_tokens, target_tokens, max_pieces=max_pieces)
            for found in existing:
                with contextlib.suppress(CorpusError):
                    if _description(found)["digest"] == digest:
                        return share(found, folder)
    with _replacing(folder) as partial:
        _write_store(partial, pairs, source_tokens, target_tokens, max_pieces)
    return Corpus.open(folder)


def share(store: Path, folder: Path) -> Corpus:
    """Open the same store at another place: by hard links, or a copy where there can be none."""
    corpus = Corpus.open(store)
    if folder.exists() and folder.samefile(store):
        return corpus
    with _replacing(folder) as partial:
        parts = _parts_of(_description(store))
        for name in (
            DESCRIPTION,
            *(f"{part}.{which}" for part in parts for which in ("ids", "offsets")),
        ):
            try:
                os.link(store / name, partial / name)
            except OSError:
                shutil.copyfile(store / name, partial / name)
                sync_file(partial / name)
    return Corpus.open(folder)


class _Digest:
    def __init__(self, source_tokens: Tokens, target_tokens: Tokens, max_pieces: int) -> None:
        settings = (FORMAT, VERSION, source_tokens.digest, target_tokens.digest, max_pieces)
        self._hash = hashlib.sha256(repr(settings).encode())

    def add(self, pairs: list[Pair]) -> None:
        # A text has no line break and is not blank: one way to write pairs and links, no other.
        self._hash.update("".join(map(_written, pairs)).encode())

    def hexadecimal(self) -> str:
        return self._hash.hexdigest()


def _written(pair: Pair) -> str:
    links = "" if pair.links is None else f"\n{pair.links.tokenised} {pair.links.text}\n"
    return f"{pair.source}\n{pair.target}\n{links}"


class _PartWriter:
    """The two files of a side, or of the links: numbers below `limit`, chunk by chunk."""

    def __init__(self, folder: Path, part: str, limit: int) -> None:
        self.type = np.min_scalar_type(limit - 1).newbyteorder("<")
        self.pieces = 0
        self._ids: BinaryIO = (folder / f"{part}.ids").open("wb")
        self._offsets: BinaryIO = (folder / f"{part}.offsets").open("wb")
        self._offsets.write(np.zeros(1, OFFSET).tobytes())

    def add(self, rows: list[list[int]]) -> None:
        ends = self.pieces + np.cumsum([len(row) for row in rows], dtype=OFFSET)
        ids = np.fromiter(
            itertools.chain.from_iterable(rows), self.type, int(ends[-1]) - self.pieces
        )
        self._ids.write(ids.tobytes())
        self._offsets.write(ends.tobytes())
        self.pieces = int(ends[-1])

    def sync(self) -> None:
        for file in (self._ids, self._offsets):
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        self._ids.close()
        self._offsets.close()


def _write_store(
    folder: Path,
    pairs: Iterable[Pair],
    source_tokens: Tokens,
    target_tokens: Tokens,
    max_pieces: int,
) -> None:
    digest = _Digest(source_tokens, target_tokens, max_pieces)
    kept = over_long = 0
    limits = {"source": source_tokens.size, "target": target_tokens.size}
    chunks = _chunks(pairs)
    first = next(chunks, [])
    if first and first[0].links is not None:
        limits[LINKS] = max_pieces
    with contextlib.ExitStack() as files:
        writers = {
            part: files.enter_context(contextlib.closing(_PartWriter(folder, part, limit)))
            for part, limit in limits.items()
        }
        for chunk in itertools.chain([first], chunks):
            digest.add(chunk)
            rows = _tokenised(chunk, source_tokens, target_tokens, linked=LINKS in limits)
            fitting = [row for row in rows if max(len(row.source), len(row.target)) <= max_pieces]
            over_long += len(chunk) - len(fitting)
            kept += len(fitting)
            if fitting:
                for part, writer in writers.items():
                    writer.add([getattr(row, part) for row in fitting])
        for writer in writers.values():
            writer.sync()
    if not kept:
        reason = (
            f": {over_long:,} have more than {max_pieces} pieces on a side" if over_long else ""
        )
        raise CorpusError(f"no pair is left to train on{reason}")
    if LINKS in writers and not writers[LINKS].pieces:
        raise CorpusError("none of the pairs to train on has a link (data.links)")
    description: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "digest": digest.hexadecimal(),
        "pairs": kept,
        "over_long": over_long,
        "max_pieces": max_pieces,
    }
    for part, writer in writers.items():
        description[part] = {"type": writer.type.str, "pieces": writer.pieces}
    (folder / DESCRIPTION).write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    sync_file(folder / DESCRIPTION)


class _Row(NamedTuple):
    """A pair as ids, and its links: target and source piece in turn."""

    source: list[int]
    target: list[int]
    links: list[int]


def _tokenised(
    chunk: list[Pair], source_tokens: Tokens, target_tokens: Tokens, *, linked: bool
) -> list[_Row]:
    if not linked:  # the fast way, which does not tell where in the text a piece stands
        sources = source_tokens.encode_ids([pair.source for pair in chunk])
        targets = target_tokens.encode_ids([pair.target for pair in chunk])
        return [_Row(*ids, []) for ids in zip(sources, targets, strict=True)]
    rows = []
    for pair in chunk:
        source, target = source_tokens.encode(pair.source), target_tokens.encode(pair.target)
        links = itertools.chain.from_iterable(piece_links(pair, source, target))
        rows.append(_Row([one.id for one in source], [one.id for one in target], list(links)))
    return rows


def _chunks(pairs: Iterable[Pair]) -> Iterator[list[Pair]]:
    iterator = iter(pairs)
    while chunk := list(itertools.islice(iterator, TOKENISED_AT_ONCE)):
        yield chunk


@contextlib.contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """A new folder to fill, which takes the place of `folder` when all went well."""
    partial = folder.with_name(f".{folder.name}{PARTIAL}")
    replaced = folder.with_name(f".{folder.name}.old{PARTIAL}")
    try:
        for leftover in (partial, replaced):
            shutil.rmtree(leftover, ignore_errors=True)
        partial.mkdir(parents=True)
        yield partial
        sync_folder(partial)
        if folder.exists():
            folder.rename(replaced)
        partial.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        if not folder.exists():  # the new one could not take the place of the old one
            with contextlib.suppress(OSError):
                replaced.rename(folder)
        shutil.rmtree(partial, ignore_errors=True)
        if folder.exists():
            shutil.rmtree(replaced, ignore_errors=True)


def _description(folder: Path) -> dict[str, Any]:
    path = folder / DESCRIPTION
    try:
        description = json.loads(path.read_bytes())
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{path}: is damaged ({error})") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise CorpusError(f"{path}: is not a prepared text of regard")
    if description.get("version") != VERSION:
        raise CorpusError(
            f"{path}: has version {description.get('version')!r}; this regard reads {VERSION}"
        )
    return description


def _parts_of(description: dict[str, Any]) -> tuple[str, ...]:
    """The names of a store's pairs of files."""
    return (*SIDES, LINKS) if LINKS in description else SIDES


def _mapped(folder: Path, part: str, description: dict[str, Any], pairs: int) -> RaggedRows:
    if description["type"] not in ("|u1", "<u2", "<u4"):
        raise ValueError(f"{part}.ids cannot have the type {description['type']!r}")
    ids = np.memmap(folder / f"{part}.ids", description["type"], "r")
    offsets = np.memmap(folder / f"{part}.offsets", OFFSET, "r")
    if len(ids) != description["pieces"] or len(offsets) != pairs + 1:
        raise ValueError(f"the files of {part} have other sizes than {DESCRIPTION} says")
    if offsets[0] != 0 or offsets[-1] != len(ids) or (np.diff(offsets) < 0).any():
        raise ValueError(f"{part}.offsets does not fit {part}.ids")
    return RaggedRows(np.asarray(ids), np.asarray(offsets))
