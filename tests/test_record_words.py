from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from regard.record.attention import AttentionMap, Token
from regard.record.words import (
    Word,
    merge_to_words,
    printable,
    split_words,
    token_shares,
    with_markers,
    words_of_tokenised,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("El gato negro duerme.", "El gato negro duerme ."),
        ("¿Qué? ¡No!", "¿ Qué ? ¡ No !"),
        ("I don't; l’homme 'tis", "I don't ; l’homme ' tis"),
        ("well-known, a - b", "well-known , a - b"),
        ("3,000.5% of $12. Then", "3,000.5 % of $ 12 . Then"),
        ("Wait... (what?!)", "Wait ... ( what ? ! )"),
        ("snake_case x2", "snake_case x2"),
        ("我爱你。", "我 爱 你 。"),
        ("コーヒーを飲む", "コー ヒー を 飲 む"),
        ("ฉันกินน้ำ", "ฉั น กิ น น้ำ"),
        ("나는 너를", "나는 너를"),
        ("मैं हिन्दी", "मैं हिन्दी"),
        ("می\u200cروم", "می\u200cروم"),
        ("see你2024年", "see 你 2024 年"),
        ("👨‍👩‍👧👍🏽🇪🇸🇬🇧❤️", "👨‍👩‍👧 👍🏽 🇪🇸 🇬🇧 ❤️"),
        ("e\u0301te\u0301", "e\u0301te\u0301"),
        ("\ufeffa\u200bb\tc\x00d\u2028e", "a b c d e"),
        ("", ""),
    ],
)
def test_a_text_of_any_script_is_cut_into_words(text: str, expected: str) -> None:
    words = split_words(text)

    assert [word.text for word in words] == expected.split()
    assert all(text[word.start : word.end] == word.text for word in words)


def test_no_character_but_space_is_lost_between_words() -> None:
    letters = "aZ ñ'’-.,9٣_¡…(«日ーひกำ्ाé\u0301👍🏽\u200d\u200c\u200b🇪€\n\x07"
    generator = np.random.default_rng(3)
    for _ in range(300):
        text = "".join(generator.choice(list(letters), size=17))
        words = split_words(text)
        between = text
        for word in reversed(words):
            assert text[word.start : word.end] == word.text != ""
            between = between[: word.start] + between[word.end :]
        assert all(c.isspace() or c in "\u200b\x07" for c in between), (text, words)


def test_tokenised_text_is_cut_at_spaces_alone() -> None:
    text = "don 't  stop ,\u00a0now 3.5"

    words = words_of_tokenised(text)

    assert [word.text for word in words] == ["don", "'t", "stop", ",\u00a0now", "3.5"]
    assert words[2] == Word("stop", 8, 12)


def test_what_is_printed_holds_no_control_character() -> None:
    assert printable("a\x1b[31m\u202eb\u2028") == r"a\x1b[31m\u202eb\u2028"
    assert printable("می\u200cروم") == "می\u200cروم"
    assert printable("\u0301x") == "\u25cc\u0301x"
    assert printable("\u200d\u0301") == "\u200d\u0301"
    assert printable("a\u00a0b") == "a b"


# "the cat sat</s>": "cat" is two tokens, "t s" lies in two words, " " in none, </s> has no text.
TEXT = "the cat sat"
TOKENS = (
    Token("the", 0, 3),
    Token(" ", 3, 4),
    Token("ca", 4, 6),
    Token("t sa", 6, 10),
    Token("t", 10, 11),
    Token("</s>", 11, 11),
)


def test_a_token_is_shared_out_by_characters() -> None:
    words = with_markers(split_words(TEXT), TOKENS)

    assert words[-1] == Word("</s>", 11, 11)
    assert token_shares(TOKENS, words).tolist() == [
        [1, 0, 0, 0],
        [0, 0, 0, 0],
        [0, 1, 0, 0],
        [0, pytest.approx(1 / 3), pytest.approx(2 / 3), 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
    ]


def test_markers_stand_where_their_tokens_stand() -> None:
    tokens = (Token("<s>", 0, 0), Token("ab", 0, 2), Token("", 1, 1), Token("</s>", 2, 2))

    words = with_markers(split_words("ab"), tokens)

    assert [word.text for word in words] == ["<s>", "ab", "</s>"]
    assert token_shares(tokens, words).argmax(axis=1).tolist() == [0, 1, 1, 2]
    twins = with_markers((), (Token("<s>", 0, 0), Token("</s>", 0, 0), Token("<s>", 0, 0)))
    assert twins == (Word("<s>", 0, 0), Word("</s>", 0, 0))


def test_bytes_of_one_character_all_belong_to_its_word() -> None:
    tokens = (Token("<0xF0>", 2, 3), Token("<0x9F>", 2, 3), Token("a", 0, 1))

    assert token_shares(tokens, split_words("a 🙂")).tolist() == [[0, 1], [0, 1], [1, 0]]


def test_words_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="begins before"):
        token_shares(TOKENS, (Word("cat", 4, 7), Word("the", 0, 3)))


def test_a_key_word_gets_the_sum_and_a_query_word_the_mean_of_its_tokens() -> None:
    weights = np.array([[[0.1, 0.2, 0.3, 0.3, 0.1, 0.0], [0.5, 0.0, 0.1, 0.0, 0.0, 0.4]]])
    target = (Token("du", 0, 2), Token("erme", 2, 6))
    one = AttentionMap("x", weights, target, TOKENS)

    merged = merge_to_words(one, split_words("duerme ya"), with_markers(split_words(TEXT), TOKENS))

    assert merged.shape == (1, 2, 4)
    assert merged[0, 0] == pytest.approx([0.3, (0.4 + 0.1) / 2, 0.3 / 2, 0.2])
    assert merged[0, 1].tolist() == [0, 0, 0, 0]  # "ya" has no token


def random_tokens(text: str, generator: np.random.Generator) -> tuple[Token, ...]:
    """Tokens that cover a text, spaces included, with some without text and some doubled."""
    cuts = [0, *sorted(set(generator.integers(1, len(text), size=7).tolist())), len(text)]
    tokens = [Token(text[a:b], a, b) for a, b in pairwise(cuts)]
    tokens.insert(2, tokens[1])
    return (*tokens, Token("</s>", len(text), len(text)))


def test_mass_is_kept_however_tokens_and_words_overlap() -> None:
    generator = np.random.default_rng(5)
    source, target = "¿Quién come 10,5 manzanas?", "Who's eating 10.5 apples?"
    for _ in range(60):
        keys, queries = random_tokens(source, generator), random_tokens(target, generator)
        weights = generator.dirichlet(np.ones(len(keys)), size=(3, len(queries)))
        one = AttentionMap("x", weights, queries, keys)
        key_words = with_markers(split_words(source), keys)
        touched = token_shares(keys, key_words).sum(axis=1)
        assert set(touched.round(9)) <= {0, 1}

        merged = merge_to_words(one, split_words(target), key_words)

        shares = token_shares(queries, split_words(target)).T > 0
        expected = [(one.weights @ touched)[:, tokens].mean(axis=1) for tokens in shares]
        assert merged.sum(axis=2) == pytest.approx(np.array(expected).T, abs=1e-6)


def test_a_windowed_map_merges_as_its_dense_twin() -> None:
    first = np.array([-1, 4])
    kept = np.array([[[0.0, 0.5, 0.5], [0.7, 0.2, 0.0]]])
    queries = (Token("a", 0, 1), Token("b", 2, 3))
    windowed = AttentionMap("x", kept, queries, TOKENS, first=first)
    dense = AttentionMap("x", windowed.dense(), queries, TOKENS)
    key_words = with_markers(split_words(TEXT), TOKENS)

    assert windowed.dense()[0].tolist()[0] == [0.5, 0.5, 0, 0, 0, 0]
    merged = merge_to_words(windowed, split_words("a b"), key_words)
    assert (merged == merge_to_words(dense, split_words("a b"), key_words)).all()
