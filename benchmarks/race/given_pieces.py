"""A vocabulary of pieces that text has been cut into already, so that regard reads the bench."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, SupportsIndex, final

from benchmarks.race.bench import Bench, joined
from regard.translation.lines import read_lines
from regard.translation.model import SPECIAL_PIECES, UNK
from regard.translation.pairs import Pair
from regard.translation.tokens import Piece, Tokens


@final
class GivenPieces(Tokens):
    """What stands between spaces is a piece; one that is not in the vocabulary is `<unk>`.

    regard's own special pieces, in its own order, take the places of those of the bench.
    """

    kind = "given"
    lowercase = False

    def __init__(self, pieces: Sequence[str]) -> None:
        self.pieces = (*SPECIAL_PIECES, *pieces)
        self._ids = {piece: id_ for id_, piece in enumerate(pieces, start=len(SPECIAL_PIECES))}

    def encode(self, text: str) -> list[Piece]:
        """The pieces of a line, without `<s>` and `</s>`."""
        found, end = [], 0
        for piece in text.split():
            start = text.index(piece, end)
            end = start + len(piece)
            found.append(Piece(self._ids.get(piece, UNK), piece, start, end))
        return found

    def encode_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of many lines at once."""
        return [[self._ids.get(piece, UNK) for piece in text.split()] for text in texts]

    def decode(self, ids: Iterable[SupportsIndex]) -> str:
        """The plain text of any ids."""
        return joined([self.piece(int(id_)) for id_ in ids])

    def _content(self) -> dict[str, Any]:
        return {"pieces": list(self.pieces[len(SPECIAL_PIECES) :])}


def read_vocabulary(bench: Bench) -> GivenPieces:
    """The vocabulary of a bench, as regard knows it."""
    return GivenPieces(read_lines(bench.vocabulary("eole")))


def read_part(bench: Bench, part: str) -> list[Pair]:
    """The sentence pairs of one part of a bench, in pieces."""
    sides = [read_lines(bench.path(part, side)) for side in ("src", "tgt")]
    lines = enumerate(zip(*sides, strict=True), start=1)
    return [Pair(source, target, line) for line, (source, target) in lines]
