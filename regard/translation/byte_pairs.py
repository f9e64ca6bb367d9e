"""Byte-pair encoding: frequent runs of characters are pieces, rare characters are their bytes.

Byte pairs lose nothing: decoding what was encoded gives the normal form, double spaces and all,
because a character outside the alphabet is written as its UTF-8 bytes.
"""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, SupportsIndex, final

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from regard.translation.model import SPECIAL_PIECES
from regard.translation.normal_form import normalise, normalise_with_spans
from regard.translation.tokens import Piece, Tokens, TokensError, distinct_texts

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

    @classmethod
    def from_content(cls, content: dict[str, Any], *, lowercase: bool) -> BytePairs:
        """The vocabulary that `_content` describes.

        Raises KeyError, TypeError or ValueError for what describes none.
        """
        characters = distinct_texts(content["characters"], "characters")
        if any(len(character) != 1 for character in characters):
            raise ValueError("a character that is not one")
        known = set(characters)
        merges: list[tuple[str, str]] = []
        for merge in content["merges"]:
            left, right = merge
            if left not in known or right not in known:
                raise ValueError(f"a merge of unknown pieces {merge!r}")
            known.add(left + right)
            merges.append((left, right))
        if known & {*SPECIAL_PIECES, *BYTE_PIECES}:
            raise ValueError("a merge that spells a special piece")
        return cls(characters, merges, lowercase=lowercase)


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
