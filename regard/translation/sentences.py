"""Long text into segments that a model can translate, and back.

A segment is a sentence where there are sentences; where one is too long it is cut at clauses, then
at spaces, then anywhere. Segments are spans of the text, so nothing is lost and everything can be
put back: what lies between two segments is blank. Put together again, a text has the lines it had,
each with the white space at its edges, and between two segments of a line what is usual there.

Finding the end of a sentence is a guess by signs: an end mark (`.`, `?`, `!`, their like in other
scripts), what closes after it, white space (not needed after marks of scripts without spaces), and
no small letter behind. It errs where a sentence ends in an abbreviation (`Mr.`) or an initial.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from regard.translation.normal_form import is_blank
from regard.translation.spacing import space_between

ENDS = ".!?…‽⁇⁈⁉؟۔।॥։።፧"
WIDE_ENDS = "。！？．｡"  # no space follows these
CLOSERS = "\"'”’»›)]}」』）】》"
OPENERS = "\"'“‘«‹([{「『（【《¿¡„‚-–—*•"
CLAUSES = ",;:،؛、，；：–—"

# Lower case and without their point: what stands before a name, and what before a number.
BEFORE_NAMES = """
    mr mrs ms dr prof st rev gen col capt lt sgt hon sen rep gov fr br sr sra srta sres dra dña ud
    uds vd vds excmo excma mm mme mlle mgr hr frl dipl ing bzw vs cf ca approx e.g i.e p.ej z.b
"""
BEFORE_NUMBERS = "no nos nr núm fig figs vol art cap pág págs p pp"
_BEFORE_NAMES = frozenset(BEFORE_NAMES.split())
_BEFORE_NUMBERS = frozenset(BEFORE_NUMBERS.split())

_END = re.compile(
    rf"(?:[{re.escape(ENDS)}]+[{re.escape(CLOSERS)}]*(?=\s|$)"
    rf"|[{re.escape(WIDE_ENDS)}]+[{re.escape(CLOSERS)}]*"
    r"|(?=\n))"
)
_CLAUSE = re.compile(rf"[{re.escape(CLAUSES)}](?=\s)|[、，；：]")
_SPACE = re.compile(r"\s+")
_BEHIND = re.compile(rf"[\s{re.escape(OPENERS)}]*(.?)")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")


@dataclass(frozen=True)
class Span:
    """The characters `[start, end)` of a text."""

    start: int
    end: int


def sentences(text: str) -> list[Span]:
    """The sentences of a text, without the white space round them. A line's end ends a sentence."""
    cuts = [match.end() for match in _END.finditer(text) if _is_end(text, match)]
    return _spans_between(text, 0, len(text), cuts)


def segments(text: str, at_ease: int, longest: int, length: Callable[[str], int]) -> list[Span]:
    """The lines of a text; those with a `length` above `at_ease` in sentences.

    A sentence above `longest` is cut until no segment is, or has but one character.
    """
    found: list[Span] = []
    for line in _spans_between(
        text, 0, len(text), [match.end() for match in re.finditer(r"\n", text)]
    ):
        if length(text[line.start : line.end]) <= at_ease:
            found.append(line)
            continue
        for sentence in sentences(text[line.start : line.end]):
            whole = Span(line.start + sentence.start, line.start + sentence.end)
            found += _short_enough(text, whole, longest, length)
    return found


def rejoin(text: str, spans: Iterable[Span], translated: Iterable[str]) -> tuple[str, list[int]]:
    """Put each translation in its segment's place; and where each begins in the result.

    Lines stay lines, with the white space at their edges. Whatever stood between two segments of a
    line, it is one space now, or none in Chinese and Japanese.
    """
    written, starts, reached = "", [], 0
    for span, translation in zip(spans, translated, strict=True):
        gap = text[reached : span.start]
        if starts and "\n" not in gap:
            joins = bool(written[-1:].strip() and translation)
            gap = space_between(written[-1], translation[0]) if joins else ""
        starts.append(len(written) + len(gap))
        written += gap + translation
        reached = span.end
    return written + text[reached:], starts


def _is_end(text: str, match: re.Match[str]) -> bool:
    """Whether a sentence really ends at a mark that may end one."""
    mark = match.group()
    if not mark or mark[0] in WIDE_ENDS:
        return True
    behind = _BEHIND.match(text, match.end())
    if behind and behind[1].islower():
        return False
    if mark[0] != "." or mark.startswith(".."):
        return True
    start = _start_of_run(text, match.start(), lambda character: not _separates_words(character))
    word = text[start : match.start()]
    if word.casefold() in _BEFORE_NAMES:
        return False
    if word.casefold() in _BEFORE_NUMBERS and behind and behind[1].isdigit():
        return False
    if word.isdigit():  # "3. Third item"
        before = _start_of_run(text, start, _separates_words)
        return before > 0 and "\n" not in text[before:start]
    initials = _INITIALS.fullmatch(word) and word.isupper() and word != "I"
    return not initials


def _start_of_run(text: str, end: int, wanted: Callable[[str], bool]) -> int:
    """Where the run of wanted characters begins that stands before `end`."""
    start = end
    while start > 0 and wanted(text[start - 1]):
        start -= 1
    return start


def _separates_words(character: str) -> bool:
    """Whether no word holds this character, and a word may begin behind it."""
    return character.isspace() or character in OPENERS


def _short_enough(text: str, span: Span, longest: int, length: Callable[[str], int]) -> list[Span]:
    """Cut what is too long in two, as near to its middle as the best kind of place allows."""
    piece = text[span.start : span.end]
    if length(piece) <= longest or len(piece) < 2:
        return [span]
    middle = len(piece) / 2
    cut = len(piece) // 2
    for pattern in (_CLAUSE, _SPACE):
        places = [match.end() for match in pattern.finditer(piece, 1) if match.end() < len(piece)]
        # A cut in the outer fifths leaves scraps that mean little by themselves.
        inner = [place for place in places if 0.2 < place / len(piece) < 0.8]
        if inner:
            cut = min(inner, key=lambda place: abs(place - middle))
            break
    while cut < len(piece) - 1 and unicodedata.category(piece[cut])[0] == "M":
        cut += 1  # a mark stays with its letter
    halves = _spans_between(text, span.start, span.end, [span.start + cut])
    return [short for half in halves for short in _short_enough(text, half, longest, length)]


def _spans_between(text: str, start: int, end: int, cuts: list[int]) -> list[Span]:
    """The spans between cuts, without the white space at their edges; blank ones left out."""
    found = []
    for low, high in zip([start, *cuts], [*cuts, end], strict=True):
        piece = text[low:high]
        stripped = piece.strip()
        if not is_blank(stripped):
            begin = low + len(piece) - len(piece.lstrip())
            found.append(Span(begin, begin + len(stripped)))
    return found
