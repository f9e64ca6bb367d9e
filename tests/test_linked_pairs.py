"""Word links beside a training text: which line is whose, and which pieces a word link joins."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from regard.translation.byte_pairs import BytePairs
from regard.translation.lines import CorpusError
from regard.translation.linked_pairs import LinkedPairs, check_lines, piece_links
from regard.translation.pairs import LinkLine, Pair, read_pairs


def links(source: str, target: str, line: str, *, tokenised: bool = False) -> list[tuple[int, int]]:
    """Piece links, (target, source); every letter is a piece, but for "ab", which is one."""
    merges = [("a", "b"), (" ", "ab"), *((" ", letter) for letter in "cdef")]
    tokens = BytePairs([*" abcdefg."], merges)
    pair = Pair(source, target, 7, LinkLine(line, tokenised, "mine.links, line 7"))
    return piece_links(pair, tokens.encode(source), tokens.encode(target))


def test_every_piece_of_a_word_is_linked_to_every_piece_of_the_other() -> None:
    # Pieces: c d | ab      and      e | f g .
    assert links("cd ab", "e fg.", "0-1 1-0") == [(0, 2), (1, 0), (1, 1), (2, 0), (2, 1)]
    assert links("cd ab", "e fg.", "1-2") == [(3, 2)]
    assert links("cd ab", "e fg.", "") == []


def test_a_possible_link_teaches_nothing() -> None:
    assert links("cd ab", "e fg.", "0p1 1-0 0p0") == [(0, 2)]


def test_links_of_tokenised_text_count_what_stands_between_spaces() -> None:
    assert links("ab.c d", "e", "1-0", tokenised=True) == [(0, 3)]
    assert links("ab.c d", "e", "1-0") == [(0, 1)]  # words: ab . c d


def test_a_link_outside_its_pair_is_refused_by_line_and_link() -> None:
    refused = r"^mine.links, line 7: 0-3 is outside its pair of 2 source and 3 target words\. "
    with pytest.raises(CorpusError, match=refused):
        links("cd ab", "e fg.", "1-2 0-3")
    with pytest.raises(CorpusError, match=r"line 7: 2-0 .* between spaces \(data.links_tokenised"):
        links("cd ab", "e fg.", "2-0", tokenised=True)
    with pytest.raises(CorpusError, match=r"^mine.links, line 7: '0:1' is not a link"):
        links("cd ab", "e fg.", "0:1")


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_a_pair_has_the_links_of_its_own_line_where_others_were_left_out(tmp_path: Path) -> None:
    source = write(tmp_path / "a", "one", "", "three", "four")
    target = write(tmp_path / "b", "uno", "dos", "tres", "cuatro")
    path = write(tmp_path / "links", "0-0", "1-1", "", "3-3")
    linked = LinkedPairs(read_pairs(source, target), path, tokenised=True)
    for _ in range(2):
        found = {pair.source: pair.links for pair in linked}
        assert found == {
            "one": ("0-0", True, f"{path}, line 1"),
            "three": ("", True, f"{path}, line 3"),
            "four": ("3-3", True, f"{path}, line 4"),
        }


def test_a_pair_that_lost_control_characters_has_no_links(tmp_path: Path) -> None:
    source = write(tmp_path / "a", "\ufeffone", "two", "a \x99 three", "four")
    target = write(tmp_path / "b", "uno", "d\u2028os", "tres", "cuatro")
    path = write(tmp_path / "links", "0-0", "0-0", "2-0", "0-0")
    linked = list(LinkedPairs(read_pairs(source, target), path, tokenised=True))
    texts = [pair.links.text for pair in linked if pair.links is not None]
    assert texts == ["0-0", "", "", "0-0"]


def test_a_byte_order_mark_before_the_links_is_nothing(tmp_path: Path) -> None:
    source, target = write(tmp_path / "a", "one", "two"), write(tmp_path / "b", "uno", "dos")
    path = write(tmp_path / "links", "\ufeff0-0", "0p0")
    check_lines(path, "mine.es", 2)
    texts = [pair.links for pair in LinkedPairs(read_pairs(source, target), path, tokenised=True)]
    assert texts == [("0-0", True, f"{path}, line 1"), ("0p0", True, f"{path}, line 2")]


def test_a_file_without_a_link_is_refused_as_such(tmp_path: Path) -> None:
    for lines in ((), ("", " ")):
        path = write(tmp_path / "links", *lines)
        with pytest.raises(CorpusError, match=r"links: no line has a link; .* such as 0-0 1-2$"):
            check_lines(path, "mine.es", 2)


def test_as_many_lines_of_links_as_of_text_are_needed(tmp_path: Path) -> None:
    path = write(tmp_path / "links", "0-0", "", "0-1")
    check_lines(path, "mine.es", 3)
    with pytest.raises(CorpusError, match=r"links has 3 lines, but mine.es has 4: line n of one"):
        check_lines(path, "mine.es", 4)
    with pytest.raises(CorpusError, match="there is no such file"):
        check_lines(tmp_path / "other", "mine.es", 3)
    source = write(tmp_path / "a", "one", "two", "three", "four")
    target = write(tmp_path / "b", "uno", "dos", "tres", "cuatro")
    changed = LinkedPairs(read_pairs(source, target), path, tokenised=False)
    with pytest.raises(CorpusError, match="links, line 4: is missing"):
        list(changed)


@pytest.mark.real
def test_the_links_of_luong_s_own_code_fit_their_text_one_way_round(shared: Path) -> None:
    folder = shared / "data" / "luong-10k"
    german, english = folder / "train.10k.de", folder / "train.10k.en"
    tokens = BytePairs([*" abcdefghijklmnopqrstuvwxyz"], [])
    check_lines(folder / "train.10k.align", german.name, 10_000)

    def pieces(text: Path, translation: Path, first: int) -> int:
        pairs = islice(read_pairs(text, translation), first)
        linked = LinkedPairs(pairs, folder / "train.10k.align", tokenised=True)
        return sum(
            len(piece_links(pair, tokens.encode(pair.source), tokens.encode(pair.target)))
            for pair in linked
        )

    assert pieces(german, english, 1_000) > 1_000
    with pytest.raises(CorpusError, match=r"train.10k.align, line \d+: .* is outside its pair"):
        pieces(english, german, 1_000)
