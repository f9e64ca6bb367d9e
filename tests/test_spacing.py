"""Where spaces stand between words and between sentences."""

from __future__ import annotations

import pytest

from regard.translation.spacing import join_words, space_between


def test_rejoining_nothing_is_nothing() -> None:
    assert join_words([]) == ""
    assert join_words(["'"]) == "'"


@pytest.mark.parametrize(
    ("before", "after", "between"),
    [
        ("Rain.", "Snow.", " "),
        ("雨。", "雪。", ""),
        ("雨。", "NASA", ""),
        ("Rain.", "「雪」", ""),
        ("東京", "京都", ""),
        ("Tokyo", "京都", " "),
        ("비.", "눈.", " "),
        ("ฝนตก", "หิมะตก", " "),
        ("Hi 🙂", "Bye", " "),
        ("мир.", "Да.", " "),
    ],
)
def test_sentences_are_parted_as_their_scripts_part_them(
    before: str, after: str, between: str
) -> None:
    assert space_between(before[-1], after[0]) == between


def test_words_of_scripts_without_spaces_follow_each_other() -> None:
    assert join_words(["東京", "と", "京都", "。"]) == "東京と京都。"
    assert join_words(["ฝน", "ตก"]) == "ฝนตก"
    assert join_words(["비", "눈", "東京", "ok"]) == "비 눈 東京 ok"
