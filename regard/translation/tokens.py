"""Text to ids and back: byte-pair encoding, or whole words.

    text -> normal form (clean, NFC, lower case by option) -> pieces of the vocabulary -> ids

Byte pairs lose nothing: decoding what was encoded gives the normal form, double spaces and all,
because a character outside the alphabet is written as its UTF-8 bytes. Words lose what is outside
the vocabulary (`<unk>`) and the exact spacing.

Every piece knows which characters of the text *as given* it stands for, whatever normalising did.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, SupportsIndex, final

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from regard.record.words import split_words
from regard.translation.durable import write_text
from regard.translation.model import SPECIAL_PIECES, UNK
from regard.translation.normal_form import normalise, normalise_with_spans
from regard.translation.spacing import join_words

FORMAT = "regard tokens"
VERSION = 1

BYTE_PIECES = tuple(f"<0x{byte:02X}>" for byte in range(256))
FIRST_BYTE = len(SPECIAL_PIECES)
FIRST_CHARACTER = FIRST_BYTE + len(BYTE_PIECES)

# What one piece may span: a word with the space before it (apostrophes inside a word belong to it,
# so that "don't" and "l'" can become pieces), one digit, a run of other signs, a run of spaces. A
# number is thus spelt digit by digit: ten well-trained pieces write every number, and copying one
# is ten easy rules instead of hundreds of rare pieces. Letters never share a piece with signs, so
# no merge can spell "<unk>" or "<0x41>".
PIECE_PATTERN = (
    r" ?[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*"
    r"| ?\p{N}"
    r"| ?[^\s\p{L}\p{M}\p{N}]+"
    r"|\s+(?!\S)|\s+"
)
LONGEST_PIECE = 20  # characters; a sentence that a corpus repeats must not become one piece
RAREST = 3  # a character seen less often is written in bytes: its own piece would stay untrained
TRAINING_CHARACTERS = 32_000_000  # more text does not change which pieces are frequent
LONGEST_TRAINING_TEXT = 10_000  # characters
ENCODED_AT_ONCE = 8_192  # texts; bounds the memory of the batch path


class TokensError(ValueError):
    """Tokens that cannot be trained, read or used, and what to do about it."""


@dataclass(frozen=True)
class Piece:
    """One piece of a text: its id, its text, and the characters `[start, end)` that it stands for.

    The span refers to the text as it was given, and leaves out the space that a piece begins with.
    The bytes of one character share that character's span.
    """

    id: int
    text: str
    start: int
    end: int


class Tokens(ABC):
    """A vocabulary: ids 0 to 3 are `<pad>`, `<unk>`, `<s>`, `</s>`, the rest is text."""

    kind: str
    lowercase: bool
    pieces: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many ids there are, the four special ones included."""
        return len(self.pieces)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that decides the ids."""
        return hashlib.sha256(_json(self._document()).encode()).hexdigest()

    def piece(self, id: int) -> str:  # noqa: A002 - the contract's own word
        """The piece as the vocabulary spells it; a leading space belongs to it."""
        return self.pieces[self._checked(id)]

    @abstractmethod
    def encode(self, text: str) -> list[Piece]:
        """Pieces of a text, without `<s>` and `</s>`."""

    @abstractmethod
    def encode_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of many texts at once: the same ids as `encode`, much faster."""

    @abstractmethod
    def decode(self, ids: Iterable[SupportsIndex]) -> str:
        """The text of any ids; special ids are passed over."""

    @abstractmethod
    def _content(self) -> dict[str, Any]:
        """What decides the ids, ready for JSON."""

    def _document(self) -> dict[str, Any]:
        head = {"format": FORMAT, "version": VERSION, "kind": self.kind}
        return {**head, "lowercase": self.lowercase, **self._content()}

    def save(self, path: Path) -> None:
        """Write one JSON file, whole or not at all."""
        write_text(path, _json(self._document()) + "\n")

    def _checked(self, id_: int) -> int:
        if not 0 <= id_ < self.size:
            raise TokensError(f"id {id_} is not in this vocabulary of {self.size} pieces")
        return id_


@final
class BytePairs(Tokens):
    """Byte-pair encoding over characters, with bytes for the characters that are not in it."""

    kind = "bpe"

    def __init__(
        self,
        characters: Sequence[str],
        merges: Sequence[tuple[str, str]],
        *,
        lowercase: bool = False,
    ) -> None:
        self.lowercase = lowercase
        self.characters = tuple(characters)
        self.merges = tuple(merges)
        # Two merges may spell one piece ("ab" + "c", "a" + "bc"): it is in the vocabulary once.
        merged = (left + right for left, right in self.merges)
        self.pieces = tuple(
            dict.fromkeys((*SPECIAL_PIECES, *BYTE_PIECES, *self.characters, *merged))
        )
        self._utf8 = [
            b"" if id_ < FIRST_BYTE
            else bytes([id_ - FIRST_BYTE]) if id_ < FIRST_CHARACTER
            else piece.encode()
            for id_, piece in enumerate(self.pieces)
        ]  # fmt: skip
        vocabulary = {piece: id_ for id_, piece in enumerate(self.pieces)}
        self._tokenizer = Tokenizer(
            models.BPE(vocab=vocabulary, merges=list(self.merges), byte_fallback=True)
        )
        self._tokenizer.pre_tokenizer = _pre_tokenizer()

    def encode(self, text: str) -> list[Piece]:
        """Pieces of a text, without `<s>` and `</s>`; their spans cover all but single spaces."""
        normal, starts, ends = normalise_with_spans(text, self.lowercase)
        if not normal:
            return []
        # A space before the text, as before any other word; here it stands for nothing.
        normal, starts, ends = f" {normal}", [0, *starts], [0, *ends]
        owner = list(
            itertools.chain.from_iterable(
                [index] * len(character.encode()) for index, character in enumerate(normal)
            )
        )
        pieces: list[Piece] = []
        position = 0
        for id_ in self._tokenizer.encode(normal, add_special_tokens=False).ids:
            first, position = position, position + len(self._utf8[id_])
            start, end = owner[first], owner[position - 1]
            if start < end and normal[start] == " ":
                start += 1
            pieces.append(Piece(id_, self.pieces[id_], starts[start], ends[end]))
        return pieces

    def encode_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of many texts at once: the same ids as `encode`, much faster."""
        ids: list[list[int]] = []
        for first in range(0, len(texts), ENCODED_AT_ONCE):
            chunk = texts[first : first + ENCODED_AT_ONCE]
            normal = [normalise(text, self.lowercase) for text in chunk]
            prepared = [text and f" {text}" for text in normal]
            encodings = self._tokenizer.encode_batch_fast(prepared, add_special_tokens=False)
            ids += [encoding.ids for encoding in encodings]
        return ids

    def bytes_of(self, id_: int) -> bytes:
        """What a piece writes, in UTF-8; the special ones write nothing."""
        return self._utf8[self._checked(id_)]

    def decode(self, ids: Iterable[SupportsIndex]) -> str:
        """The text of any ids; bytes that are not UTF-8 become U+FFFD."""
        written = b"".join(self.bytes_of(int(id_)) for id_ in ids)
        return written.decode("utf-8", errors="replace").removeprefix(" ")

    def _content(self) -> dict[str, Any]:
        return {"characters": list(self.characters), "merges": [list(one) for one in self.merges]}


def train_byte_pairs(texts: Iterable[str], *, size: int, lowercase: bool = False) -> BytePairs:
    """Learn a vocabulary of `size` pieces (fewer where the text has no more to merge).

    Deterministic: the same texts in the same order give the same vocabulary. Of more than 32
    million characters, texts are drawn at random. Raises `TokensError` if `size` leaves no room
    beside the special ids and the 256 bytes, or if there is no text. Sennrich 2016.
    """
    room = size - FIRST_CHARACTER
    if room < 1:
        raise TokensError(
            f"a byte-pair vocabulary needs more than {FIRST_CHARACTER} pieces "
            f"({len(SPECIAL_PIECES)} special, 256 bytes), not {size}: ask for 1000 or more"
        )
    sample = [normalise(text, lowercase) for text in _sampled(texts)]
    counts = Counter(itertools.chain.from_iterable(sample))
    if not counts:
        raise TokensError("there is no text to learn a vocabulary from")
    counts[" "] += len(sample)
    frequent = [character for character, count in counts.items() if count >= RAREST]
    frequent.sort(key=lambda character: (-counts[character], character))
    # Half of the room for characters, half for what they merge to: matters for Chinese, say.
    characters = sorted(frequent[: max(1, room // 2)])
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = _pre_tokenizer()
    trainer = trainers.BpeTrainer(
        vocab_size=room,
        min_frequency=2,
        initial_alphabet=characters,
        limit_alphabet=len(characters),
        max_token_length=LONGEST_PIECE,
        show_progress=False,
    )
    # A line break ends a piece and is in no alphabet: nothing merges across a rare character.
    gaps = dict.fromkeys(map(ord, counts.keys() - set(characters)), "\n")
    tokenizer.train_from_iterator((f" {text.translate(gaps)}" for text in sample), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return BytePairs(
        characters, [(left, right) for left, right in model["merges"]], lowercase=lowercase
    )


def _pre_tokenizer() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Split(Regex(PIECE_PATTERN), behavior="isolated")


def _sampled(texts: Iterable[str]) -> list[str]:
    """All texts, or some drawn at random where there are more characters than training needs.

    Not every second one: the two languages may come in turn.
    """
    chance = random.Random(0)
    kept: list[tuple[float, str]] = []
    share, characters = 1.0, 0
    for text in texts:
        drawn = chance.random()
        if drawn >= share:
            continue
        kept.append((drawn, text[:LONGEST_TRAINING_TEXT]))
        characters += len(kept[-1][1])
        if characters > TRAINING_CHARACTERS:
            share /= 2
            kept = [each for each in kept if each[0] < share]
            characters = sum(len(each) for _, each in kept)
    return [text for _, text in kept]


@lru_cache(maxsize=1 << 16)
def _words_between_spaces(text: str) -> tuple[str, ...]:
    """The words of a text without spaces: texts repeat their words, so most are split once."""
    return tuple(word.text for word in split_words(text))


def _words(normal: str) -> list[str]:
    return [word for part in normal.split() for word in _words_between_spaces(part)]


@final
class Words(Tokens):
    """Whole words and punctuation; a word outside the vocabulary is `<unk>`."""

    kind = "words"

    def __init__(self, words: Sequence[str], *, lowercase: bool = False) -> None:
        self.lowercase = lowercase
        self.pieces = (*SPECIAL_PIECES, *words)
        # A word of the text that is spelt "<s>" is a word, never the special piece.
        self._ids = {word: id_ for id_, word in enumerate(words, start=len(SPECIAL_PIECES))}

    def encode(self, text: str) -> list[Piece]:
        """Words of a text, without `<s>` and `</s>`; an unknown one keeps its own text."""
        normal, starts, ends = normalise_with_spans(text, self.lowercase)
        return [
            Piece(self._ids.get(word.text, UNK), word.text, starts[word.start], ends[word.end - 1])
            for word in split_words(normal)
        ]

    def encode_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of many texts at once."""
        return [
            [self._ids.get(word, UNK) for word in _words(normalise(text, self.lowercase))]
            for text in texts
        ]

    def decode(self, ids: Iterable[SupportsIndex]) -> str:
        """The words of any ids, spaced as they are usually written; `<unk>` stays visible."""
        ids = [int(id_) for id_ in ids]
        return join_words(
            self.piece(id_) for id_ in ids if id_ == UNK or id_ >= len(SPECIAL_PIECES)
        )

    def _content(self) -> dict[str, Any]:
        return {"words": list(self.pieces[len(SPECIAL_PIECES) :])}


def count_words(texts: Iterable[str], *, limit: int, lowercase: bool = False) -> Words:
    """Take the most frequent words and signs, so that `limit` pieces result with the special ones.

    Deterministic: words seen equally often are taken in code-point order. Raises `TokensError` if
    the limit leaves no room or if there is no text.
    """
    room = limit - len(SPECIAL_PIECES)
    if room < 1:
        raise TokensError(
            f"a vocabulary of words needs more than {len(SPECIAL_PIECES)} pieces, not {limit}"
        )
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_words(normalise(text, lowercase)))
    if not counts:
        raise TokensError("there is no text to take words from")
    by_frequency = sorted(counts, key=lambda word: (-counts[word], word))
    return Words(by_frequency[:room], lowercase=lowercase)


def load_tokens(path: Path) -> BytePairs | Words:
    """Read what `save` wrote.

    Raises `TokensError`, in one line, for a file that is foreign, damaged or of another version.
    """
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise TokensError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise TokensError(f"{path}: is not a tokens file, or a damaged one ({error})") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise TokensError(f"{path}: is not a tokens file of regard")
    if document.get("version") != VERSION:
        raise TokensError(
            f"{path}: has version {document.get('version')!r}; this regard reads {VERSION}"
        )
    try:
        return _from_document(document)
    except (KeyError, TypeError, ValueError) as error:
        raise TokensError(f"{path}: is damaged ({error})") from error


def _from_document(document: dict[str, Any]) -> BytePairs | Words:
    lowercase = document["lowercase"]
    if not isinstance(lowercase, bool):
        raise TypeError("lowercase is neither true nor false")
    if document["kind"] == Words.kind:
        return Words(_distinct(document["words"], "words"), lowercase=lowercase)
    if document["kind"] != BytePairs.kind:
        raise ValueError(f"unknown kind {document['kind']!r}")
    characters = _distinct(document["characters"], "characters")
    if any(len(character) != 1 for character in characters):
        raise ValueError("a character that is not one")
    known = set(characters)
    merges: list[tuple[str, str]] = []
    for merge in document["merges"]:
        left, right = merge
        if left not in known or right not in known:
            raise ValueError(f"a merge of unknown pieces {merge!r}")
        known.add(left + right)
        merges.append((left, right))
    if known & {*SPECIAL_PIECES, *BYTE_PIECES}:
        raise ValueError("a merge that spells a special piece")
    return BytePairs(characters, merges, lowercase=lowercase)


def _distinct(values: Any, name: str) -> list[str]:
    if not isinstance(values, list) or not all(
        isinstance(value, str) and value for value in values
    ):
        raise TypeError(f"{name} is not a list of texts")
    if len(set(values)) != len(values):
        raise ValueError(f"{name} names one twice")
    "".join(values).encode()  # a UnicodeEncodeError (half a surrogate pair) is a ValueError
    return values


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
