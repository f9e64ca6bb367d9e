"""Where spaces stand between words."""

from __future__ import annotations

from regard.translation.spacing import join_words


def test_rejoining_nothing_is_nothing() -> None:
    assert join_words([]) == ""
    assert join_words(["'"]) == "'"
