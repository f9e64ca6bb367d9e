"""Aligning translations that are given, with a model that copies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from echo import Echo, byte_pairs, echo, word_tokens
from regard.record.alignment import Links
from regard.translation.align import agreed, combined
from regard.translation.batches import to_batch
from regard.translation.model import EOS, Batch
from regard.translation.search import LONGEST_GIVEN
from regard.translation.translator import Translator


def test_a_given_pair_is_aligned_by_its_words() -> None:
    found = echo(backwards=True).align(["two one.", "", "six"], [". one two", "one", "six"])
    assert found[0].alignment == {(0, 2), (1, 1), (2, 0)}
    assert found[1].alignment == frozenset()
    assert found[2].alignment == {(0, 0)}
    assert found[0].record.map().weights.shape == (1, 4, 4)
    model = echo(backwards=True).model
    ids = word_tokens().encode_ids(["two one."])[0]
    logits = model(batch_of(ids, ids[::-1]))
    expected = logits.log_softmax(-1)[0, range(4), [*ids[::-1], EOS]].sum()
    assert found[0].log_probability_nats == pytest.approx(float(expected), abs=1e-5)


def batch_of(source: list[int], target: list[int]) -> Batch:
    return to_batch([source], [target])


def test_what_was_found_has_the_same_worth_when_it_is_given() -> None:
    translator = echo()
    found = translator.translate("one two three")
    [given] = translator.align([found.source], [found.text])
    assert given.score == pytest.approx(found.score, rel=1e-5)
    assert given.log_probability_nats == pytest.approx(found.log_probability_nats, rel=1e-5)
    assert given.alignment == found.alignment


def test_pairs_are_aligned_window_by_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regard.translation.translator.READ_AHEAD", 2)
    texts = ["one", "two six", "", "five four one", "six"]
    translator = echo()
    assert isinstance(translator.model, Echo)
    stream = translator.align_stream(texts, texts)
    assert translator.model.widths == []
    found = [next(stream), next(stream)]
    assert sorted(translator.model.widths) == [1, 2]
    found += stream
    assert [one.text for one in found] == texts
    assert [len(one.alignment) for one in found] == [1, 2, 0, 3, 1]
    assert [one.alignment for one in translator.align(texts, texts)] == [
        one.alignment for one in found
    ]
    with pytest.raises(ValueError, match="the source has 1 lines, but the target has 0"):
        translator.align_stream(["one"], [])


def test_tokenised_text_is_spaced_for_the_model_and_linked_by_the_given_tokens() -> None:
    source, target = "one , two ( three ) do n't", "one , two ( three ) do n't"
    [found] = echo(byte_pairs()).align([source], [target], tokenised=True)
    assert found.source == "one, two (three) don't"
    assert [word.text for word in found.source_words] == source.split()
    assert found.alignment == {(i, i) for i in range(8)}


def test_the_entities_of_a_tokeniser_are_undone_for_the_model() -> None:
    source = "one &quot; two &quot; &amp; 6 &nbsp; 7 &apos;s"
    [found] = echo(byte_pairs()).align([source], [source], tokenised=True)
    assert found.source == 'one "two" & 6 &nbsp; 7\'s'
    assert [word.text for word in found.source_words] == source.split()


def test_a_word_that_looks_at_the_end_most_has_no_link() -> None:
    translator = echo()
    [found] = translator.align(["one"], ["one two three"])  # from word 2 on it looks at </s>: 0.9
    assert found.alignment == {(0, 0)}


def test_a_piece_that_is_a_space_alone_is_no_word() -> None:
    translator = echo(byte_pairs())
    assert translator.source_tokens.encode("Xy one")[0].text == " "
    [found] = translator.align(["Xy one"], ["Xy one"])
    assert found.alignment == {(0, 0), (1, 1)}


def test_rows_of_the_input_word_are_one_step_later() -> None:
    translator = echo()
    shifted = replace(translator, reader=replace(translator.reader, rows="input"))
    [found] = shifted.align(["one two three"], ["one two three"])
    assert found.alignment == {(1, 0), (2, 1)}  # the last word's row looks at </s>


def both_ways(there: Translator, back: Translator, how: str, source: str, target: str) -> Links:
    [one], [other] = there.align([source], [target]), back.align([target], [source])
    return combined(one, other, how)


def test_two_directions_are_combined_in_the_direction_of_the_first() -> None:
    there, back = echo(), echo(backwards=True)
    texts = ("one two three", "four five six")
    assert both_ways(there, back, "intersection", *texts) == {(1, 1)}
    assert both_ways(there, back, "union", *texts) == {(0, 0), (1, 1), (2, 2), (0, 2), (2, 0)}
    shorter = both_ways(there, there, "union", "one two", "one two three")
    assert shorter == {(0, 0), (1, 1)}
    with pytest.raises(ValueError, match="grow-diag-final-and"):
        both_ways(there, back, "both", *texts)


def test_directions_that_agree_know_where_the_other_looks() -> None:
    there, back = echo(), echo(backwards=True)
    [one] = there.align(["one two three"], ["four five six"])
    [other] = back.align(["four five six"], ["one two three"])
    np.testing.assert_allclose(one.word_weights, [[0.7, 0, 0], [0.1, 0.6, 0], [0.1, 0, 0.6]])
    np.testing.assert_allclose(other.word_weights, [[0.1, 0, 0.6], [0.1, 0.6, 0], [0.7, 0, 0]])
    # Joined .33 .03 .18, .03 .6 0, .3 0 .15: not enough for the third source word.
    assert agreed(one, other, "intersection") == {(0, 0), (1, 1)}
    assert agreed(one, other, "union") == {(0, 0), (1, 1), (0, 2)}
    with pytest.raises(ValueError, match="grow-diag-final-and"):
        agreed(one, other, "both")
    [blank] = there.align([""], ["one"])
    [knalb] = back.align(["one"], [""])
    assert agreed(blank, knalb, "union") == frozenset()


def test_as_many_sources_as_targets_are_needed() -> None:
    with pytest.raises(ValueError, match="the source has 2 lines, but the target has 1"):
        echo().align(["one", "two"], ["one"])


def test_a_pair_of_too_many_pieces_is_not_put_to_the_model() -> None:
    translator = echo()
    assert isinstance(translator.model, Echo)
    long, longest = " ".join(["one"] * (LONGEST_GIVEN + 1)), " ".join(["one"] * LONGEST_GIVEN)
    found = translator.align(["two", "six", long], ["one two", long, "six"])
    assert [one.too_long for one in found] == [False, True, True]
    assert [len(one.alignment) for one in found] == [1, 0, 0]
    assert translator.model.widths == [1]
    assert combined(found[0], found[1], "union") == frozenset()
    assert agreed(found[0], found[1], "union") == frozenset()
    assert not translator.align([longest], ["one"])[0].too_long


def test_the_attention_of_long_pairs_is_not_held_for_a_whole_window(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("regard.translation.translator.READ_AHEAD_LOOKS", 58)
    translator = echo()
    assert isinstance(translator.model, Echo)
    stream = translator.align_stream(["one", "one six", "two"] * 2, ["one", "one six", "two"] * 2)
    assert next(stream).alignment == {(0, 0)}
    assert sorted(translator.model.widths) == [1, 2]  # 3 * 3 + 7 * 7, and then 3 * 3
    assert len(list(stream)) == 5
