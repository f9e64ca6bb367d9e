"""A map in words, ready to be looked at: what every view draws."""

# Shapes: Q query tokens · K key tokens · R query words (rows) · C key words (columns)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64

from regard.record.attention import AttentionMap, AttentionRecord, Token
from regard.record.words import Word, merge_to_words, split_words, token_shares, with_markers


@dataclass(frozen=True, eq=False)
class WordMap:
    """One map in words: rows are query words, columns are key words.

    weights: [query words, key words]. window: the edges of what each query word could see,
    [query words, 2], and centre: [query words], both in key words, word k reaching from k - 0.5 to
    k + 0.5; nan in a row without tokens. None where the model looks everywhere, or has no centre.
    heads: which heads these are, in words.
    """

    site: str
    heads: str
    weights: Float32[np.ndarray, "R C"]
    query_words: tuple[Word, ...]
    key_words: tuple[Word, ...]
    window: Float64[np.ndarray, "R 2"] | None = None
    centre: Float64[np.ndarray, " R"] | None = None


def word_map(
    record: AttentionRecord,
    site: str | None = None,
    *,
    head: int | None = None,
    source_words: Sequence[Word] | None = None,
    target_words: Sequence[Word] | None = None,
) -> WordMap:
    """Take one map of a record, its heads averaged or one of them, in words.

    Words that are not given are those of `split_words`, with a marker for each token without text.
    Raises ValueError when there is no such site or head, naming what there is.
    """
    chosen = record.map(site)
    count = len(chosen.weights)
    if head is not None and not 0 <= head < count:
        raise ValueError(f"{chosen.site} has heads 0 to {count - 1}, not {head}")
    given = {"source": source_words, "target": target_words}
    texts = {"source": record.source, "target": record.target}

    def words_of(side: str, tokens: Sequence[Token]) -> tuple[Word, ...]:
        words = given[side]
        return tuple(words) if words is not None else with_markers(split_words(texts[side]), tokens)

    query_words = words_of(chosen.query_side, chosen.query_tokens)
    key_words = words_of(chosen.key_side, chosen.key_tokens)
    merged = merge_to_words(chosen, query_words, key_words)
    touches = token_shares(chosen.query_tokens, query_words).T > 0
    extents = token_extents(chosen.key_tokens, key_words)
    heads = "1 head" if count == 1 else f"mean of {count} heads"
    return WordMap(
        site=chosen.site,
        heads=heads if head is None else f"head {head} of {count}",
        weights=merged.mean(axis=0) if head is None else merged[head],
        query_words=query_words,
        key_words=key_words,
        window=_window_in_words(chosen, extents, touches),
        centre=_centre_in_words(chosen, extents, touches),
    )


def token_extents(tokens: Sequence[Token], words: Sequence[Word]) -> Float64[np.ndarray, "K 2"]:
    """Where each token lies among the words: [tokens, 2], word k from k - 0.5 to k + 0.5.

    A token takes the part of a word that its characters take; one that touches no word has no
    extent, and lies where the one before it ends.
    """
    shares = token_shares(tokens, words)
    extents = np.empty((len(tokens), 2))
    reached = -0.5
    for number, token in enumerate(tokens):
        touched = np.flatnonzero(shares[number])
        if len(touched):
            low, _ = _part(token, words, int(touched[0]))
            _, reached = _part(token, words, int(touched[-1]))
            extents[number] = low, reached
        else:
            extents[number] = reached
    return extents


def _part(token: Token, words: Sequence[Word], place: int) -> tuple[float, float]:
    """The part of one word that a token takes, in words."""
    word = words[place]
    length = word.end - word.start
    if token.start == token.end or not length:
        return place - 0.5, place + 0.5
    low = (max(token.start, word.start) - word.start) / length
    high = (min(token.end, word.end) - word.start) / length
    return place - 0.5 + low, place - 0.5 + high


def _window_in_words(
    chosen: AttentionMap, extents: Float64[np.ndarray, "K 2"], touches: Bool[np.ndarray, "R Q"]
) -> Float64[np.ndarray, "R 2"] | None:
    """The union of the windows of a word's tokens; None where every token sees every key."""
    start, end = chosen.window().T
    if (start == 0).all() and (end == len(extents)).all():
        return None
    low = extents[np.minimum(start, len(extents) - 1), 0]
    high = np.where(end > start, extents[np.maximum(end, 1) - 1, 1], low)
    edges = np.full((len(touches), 2), np.nan)
    for word, tokens in enumerate(touches):
        if tokens.any():
            edges[word] = low[tokens].min(), high[tokens].max()
    return edges


def _centre_in_words(
    chosen: AttentionMap, extents: Float64[np.ndarray, "K 2"], touches: Bool[np.ndarray, "R Q"]
) -> Float64[np.ndarray, " R"] | None:
    """The mean of the centres of a word's tokens."""
    if chosen.centre is None:
        return None
    key = np.clip(np.floor(chosen.centre + 0.5), 0, len(extents) - 1).astype(int)
    within = np.clip(chosen.centre - (key - 0.5), 0, 1)
    places = extents[key, 0] + within * (extents[key, 1] - extents[key, 0])
    return np.array([places[tokens].mean() if tokens.any() else np.nan for tokens in touches])
