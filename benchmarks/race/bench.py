"""The one set of files that all read: text cut into pieces beforehand, and its vocabulary.

    BENCH/{train,dev,test}.{src,tgt}   a sentence a line, pieces separated by single spaces
          vocab.joey                   every piece, <unk> <pad> <s> </s> first
          vocab.eole                   the same without these four, which eole adds itself

A piece that begins a word begins with U+2581. Joining the pieces and turning that into a space
gives the plain text again.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from benchmarks.race.child import RaceError
from regard.translation.durable import write_text
from regard.translation.lines import check_same_count, read_lines

PARTS = ("train", "dev", "test")
SPECIAL = ("<unk>", "<pad>", "<s>", "</s>")
VOCABULARY = 8000  # the special pieces included
SHUFFLED_BY = 1  # eole reads in order, and such text is often sorted by length
SPACE = "▁"
# A piece is letters, one digit or other signs, with the space before it.
PIECE = (
    rf"{SPACE}?[\p{{L}}\p{{M}}]+|{SPACE}?\p{{N}}|{SPACE}?[^{SPACE}\p{{L}}\p{{M}}\p{{N}}]+|{SPACE}"
)


@dataclass(frozen=True)
class PlainText:
    """A folder of text as it was written: {train,dev,test}.{source,target}, named by languages."""

    folder: Path
    source: str
    target: str

    def path(self, part: str, side: str) -> Path:
        """The file of one side ("src" or "tgt") of a part."""
        return self.folder / f"{part}.{self.source if side == 'src' else self.target}"

    def lines(self, part: str, side: str) -> list[str]:
        """Its sentences."""
        return read_lines(self.path(part, side))


@dataclass(frozen=True)
class Bench:
    """The folder of files in pieces."""

    folder: Path

    def path(self, part: str, side: str) -> Path:
        """The file of one side ("src" or "tgt") of a part."""
        return self.folder / f"{part}.{side}"

    def vocabulary(self, toolkit: str) -> Path:
        """The list of pieces as "eole" or "joey" reads it."""
        return self.folder / f"vocab.{toolkit}"

    def digest(self) -> str:
        """What the files are, in a few letters."""
        found = hashlib.sha256()
        paths = [self.path(part, side) for part in PARTS for side in ("src", "tgt")]
        for path in (*paths, self.vocabulary("joey")):
            if not path.is_file():
                raise RaceError(f"{self.folder}: has no {path.name}; leave --bench out to make it")
            found.update(hashlib.sha256(path.read_bytes()).digest())
        return found.hexdigest()[:16]


def joined(pieces: Sequence[str]) -> str:
    """The plain text of pieces; special ones say nothing."""
    return "".join(piece for piece in pieces if piece not in SPECIAL).replace(SPACE, " ").strip()


def plain(lines: Sequence[str]) -> list[str]:
    """The plain text of lines of pieces."""
    return [joined(line.split()) for line in lines]


def make_bench(folder: Path, text: PlainText) -> Bench:
    """Cut a text into byte-pair pieces, learned on both sides of its training part together.

    The vocabulary is written last: a folder that has it is whole, and used as it is. Raises
    ValueError for text that cannot be read, or whose sides have different numbers of lines.
    """
    bench = Bench(folder)
    if bench.vocabulary("joey").exists():
        return bench
    sides = {side: {part: text.lines(part, side) for part in PARTS} for side in ("src", "tgt")}
    for part in PARTS:
        paths = text.path(part, "src"), text.path(part, "tgt")
        check_same_count(sides["src"][part], sides["tgt"][part], *paths)
    tokenizer = learn_pieces([*sides["tgt"]["train"], *sides["src"]["train"]])
    folder.mkdir(parents=True, exist_ok=True)
    for side, parts in sides.items():
        for part, lines in parts.items():
            if part == "train":  # one seed and one length: one order for both sides
                random.Random(SHUFFLED_BY).shuffle(lines)
            pieces = [each.tokens for each in tokenizer.encode_batch(lines)]
            write_text(bench.path(part, side), "".join(f"{' '.join(each)}\n" for each in pieces))
    ids = tokenizer.get_vocab()
    vocabulary = sorted(ids, key=lambda piece: ids[piece])
    for toolkit, listed in (("eole", vocabulary[len(SPECIAL) :]), ("joey", vocabulary)):
        write_text(bench.vocabulary(toolkit), "".join(f"{piece}\n" for piece in listed))
    return bench


def learn_pieces(lines: Sequence[str], size: int = VOCABULARY) -> Tokenizer:
    """Byte-pair pieces of a text; characters that it lacks become <unk>."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    spaces = [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    tokenizer.normalizer = normalizers.Sequence(spaces)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always"),
            pre_tokenizers.Split(Regex(PIECE), behavior="isolated"),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(SPECIAL), show_progress=False
    )
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer
