"""What a model looked at: records, words, measures, alignment. Imports no torch.

from regard.record import AttentionRecord, MEASURES, split_words
"""

from regard.record.alignment import (
    SYMMETRISERS,
    AlignmentScore,
    LineOfLinks,
    Links,
    alignment_error_rate,
    format_links,
    hard_links,
    parse_lines,
    parse_links,
    rows_of_words,
    word_links,
)
from regard.record.attention import AttentionMap, AttentionRecord, Token
from regard.record.measures import COMPARISONS, MEASURES, Measure
from regard.record.word_map import WordMap, word_map
from regard.record.words import Word, merge_to_words, split_words, words_of_tokenised

__all__ = [
    "COMPARISONS",
    "MEASURES",
    "SYMMETRISERS",
    "AlignmentScore",
    "AttentionMap",
    "AttentionRecord",
    "LineOfLinks",
    "Links",
    "Measure",
    "Token",
    "Word",
    "WordMap",
    "alignment_error_rate",
    "format_links",
    "hard_links",
    "merge_to_words",
    "parse_lines",
    "parse_links",
    "rows_of_words",
    "split_words",
    "word_links",
    "word_map",
    "words_of_tokenised",
]
