"""A translator of a model that copies: what comes out can be said in advance."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from echo import Echo, byte_pairs, echo, word_tokens
from regard.translation.byte_pairs import BytePairs
from regard.translation.checkpoint import write_checkpoint
from regard.translation.families import build
from regard.translation.load import load, load_dictionary
from regard.translation.model import UNK
from regard.translation.recipe import Recipe
from regard.translation.recipe_file import change
from regard.translation.run import WEIGHTS, create_run
from regard.translation.sampling import SampleSettings
from regard.translation.search import SearchSettings


def test_a_text_is_translated_with_its_words_links_and_record() -> None:
    found = echo().translate("two one, three!")
    assert found.text == "two one, three!"
    assert [word.text for word in found.target_words] == ["two", "one", ",", "three", "!"]
    assert found.alignment == {(i, i) for i in range(5)}
    assert found.log_probability_nats == pytest.approx(found.score * (11 / 6) ** 0.6, rel=1e-5)
    assert not found.cut
    seen = found.record.map()
    assert [token.text for token in seen.key_tokens] == ["two", "one", ",", "three", "!", "</s>"]
    assert seen.weights.shape == (1, 6, 6)
    assert seen.weights[0, 2] == pytest.approx([0.1, 0, 0.6, 0, 0, 0.3])
    assert found.record.model == "echo"


def test_only_the_search_is_worked_out_in_the_precision_of_the_translator() -> None:
    plain = echo()
    assert isinstance(plain.model, Echo)
    plain.translate("two one")
    assert plain.model.precisions == {torch.float32}
    plain.model.precisions.clear()
    fast = replace(plain, precision=torch.bfloat16)
    fast.translate("two one")
    assert plain.model.precisions == {torch.bfloat16}
    plain.model.precisions.clear()
    fast.align(["two one"], ["two one"])
    fast.sample(["two one"], seed=1)
    assert plain.model.precisions == {torch.float32}


def test_json_has_texts_words_and_links() -> None:
    found = echo(backwards=True).translate("two one").to_json()
    assert found["source"] == "two one"
    assert found["text"] == "one two"
    assert found["source_words"] == ["two", "one"]
    assert found["words"] == ["one", "two"]
    assert found["alignment"] == [[0, 1], [1, 0]]
    assert found["score"] < 0
    assert found["alternatives"] == []


def test_several_texts_come_back_in_order_and_blank_ones_stay_blank() -> None:
    texts = ["one two three", "", "six", "  \t", "four five", " one  "]
    assert [found.text for found in echo().translate(texts)] == texts
    assert echo().translate("").alignment == frozenset()
    assert echo().translate("").record.maps == ()
    assert echo().translate([]) == []


def test_control_characters_are_read_as_training_reads_them() -> None:
    for tokens in (word_tokens(), byte_pairs()):
        found = echo(tokens).translate(["\ufeffone\ttwo\x00", "\ufeff", "\x1b\x00"])
        assert [one.text for one in found] == ["one two", "\ufeff", "\x1b\x00"]
        assert found[0].alignment == {(0, 0), (1, 1)}
        aligned = echo(tokens).align(["one\ttwo", "\ufeff"], ["one two", "six"])
        assert [one.alignment for one in aligned] == [{(0, 0), (1, 1)}, frozenset()]


def test_byte_pairs_have_spans_in_both_texts() -> None:
    text = "año ß two ñandú"
    found = echo(byte_pairs()).translate(text)
    assert found.text == text
    assert found.alignment == {(i, i) for i in range(len(found.source_words))}
    seen = found.record.map()
    for side, tokens in ((text, seen.key_tokens), (found.text, seen.query_tokens)):
        for token in tokens[:-1]:
            said = side[token.start : token.end]
            assert said == (token.text.lstrip() or " ") or token.text.startswith("<0x")
    assert seen.query_tokens[-1].start == len(text)


def test_a_long_text_is_cut_at_sentence_ends_and_put_together_again() -> None:
    translator = replace(echo(backwards=True), at_ease=4, longest=4)
    found = translator.translate(
        " one two three. Four five six!\n\n Seven,  eight one two three four"
    )
    assert found.text == " . three two one ! six five Four\n\n eight, Seven four three two one"
    assert isinstance(translator.model, Echo)
    assert max(translator.model.widths) <= 5


def test_one_space_stands_between_the_sentences_of_a_line_whatever_stood_there() -> None:
    found = replace(echo(), at_ease=3, longest=4).translate("\tone two.\t Seven six.  One two. ")
    assert found.text == "\tone two. Seven six. One two. "
    assert len(found.segments) == 3
    assert found.alignment == {(i, i) for i in range(9)}
    assert [found.text[one.target.start] for one in found.segments] == ["o", "S", "O"]


def test_words_of_a_long_text_are_linked_across_its_parts() -> None:
    text = "one two three. Seven eight!\n\nSeven, eight one two three four five. six"
    found = replace(echo(), at_ease=4, longest=5).translate(text)
    assert found.text == text
    assert len(found.segments) == 4
    assert found.alignment == {(i, i) for i in range(len(found.source_words))}
    seen = found.record.map()
    assert seen.weights.shape[2] < len(seen.key_tokens)
    dense = seen.dense()[0]
    assert dense.sum(axis=1) == pytest.approx(np.ones(len(dense)))
    for token, row in zip(seen.query_tokens, dense, strict=True):
        assert found.text[token.start : token.end] in ("", token.text)
        best = seen.key_tokens[int(row.argmax())]
        assert (best.start, best.end) == (token.start, token.end)


def test_nothing_of_a_text_of_any_length_is_lost() -> None:
    text = "One two. " * 400 + "three four " * 300
    found = replace(echo(), at_ease=10, longest=12).translate(text)
    assert found.text == text


def test_a_stream_reads_no_further_than_it_must_and_keeps_blank_lines() -> None:
    read: list[str] = []

    def lines() -> Iterator[str]:
        for line in ["one two\n", "\n", "three\r\n", "four", "five six"]:
            read.append(line)
            yield line

    stream = echo().stream(lines(), ahead=2)
    assert read == []
    assert next(stream).text == "one two"
    assert len(read) == 2
    assert next(stream).text == ""
    assert len(read) == 2
    assert [found.text for found in stream] == ["three", "four", "five six"]


def test_unknown_words_are_copied_from_where_the_model_looked_or_looked_up() -> None:
    text = "one Zanzibar two Quixote"
    translator = echo(backwards=True)
    assert translator.translate(text).text == "Quixote two Zanzibar one"
    known = replace(translator, dictionary={"zanzibar": "the isle", "Quixote": "Quijote"})
    found = known.translate(text)
    assert found.text == "Quijote two the isle one"
    assert [word.text for word in found.target_words] == ["Quijote", "two", "the", "isle", "one"]
    assert found.alignment == {(3, 0), (2, 1), (1, 2), (1, 3), (0, 4)}
    kept = replace(translator, replace_unknown=False).translate(text)
    assert kept.text == "<unk> two <unk> one"
    forbidden = replace(translator, settings=SearchSettings(forbid_unknown=True))
    assert all(UNK not in segment.hypothesis.ids for segment in forbidden.translate(text).segments)


def test_an_unknown_word_takes_the_row_that_the_convention_says() -> None:
    text = "Zanzibar one Quixote two"  # row t + 1 looks at the word after
    translator = echo()
    shifted = replace(translator, reader=replace(translator.reader, rows="input"))
    assert shifted.translate(text).text == "one one two two"


def test_without_attention_nothing_is_linked_and_unknown_words_stay() -> None:
    found = echo(sighted=False).translate("one Zanzibar")
    assert found.text == "one <unk>"
    assert found.alignment == frozenset()
    assert found.record.maps == ()


def test_nothing_is_recorded_when_nobody_asks() -> None:
    translator = replace(echo(byte_pairs()), settings=SearchSettings(record=False))
    assert translator.translate("one two").record.maps == ()


def test_words_of_lowered_text_are_where_they_stand_in_the_text_as_given() -> None:
    found = echo(word_tokens(lowercase=True)).translate("TWO  Straße, one")
    assert found.text == "two Straße, one"
    assert [word.text for word in found.source_words] == ["TWO", "Straße", ",", "one"]
    assert found.alignment == {(i, i) for i in range(4)}
    assert [found.source[t.start : t.end] for t in found.record.map().key_tokens] == [
        *("TWO", "Straße", ",", "one"),
        "",
    ]


def test_alternatives_are_sorted_and_read_differently() -> None:
    settings = SearchSettings(beam=4, best=4)
    found = replace(echo(), settings=settings).translate("one two three")
    texts = [found.text, *(other.text for other in found.alternatives)]
    assert len(texts) == len(set(texts)) == 4
    scores = [found.score, *(other.score for other in found.alternatives)]
    assert scores == sorted(scores, reverse=True)
    assert found.alternatives[0].record.map().weights.shape[1] > 1
    long = replace(echo(), settings=settings, at_ease=1, longest=4).translate("one. Two. Seven.")
    assert len(long.segments) == 3
    assert len(long.alternatives) == 3
    for other in long.alternatives:
        pairs = zip(long.segments, other.segments, strict=True)
        assert sum(a.hypothesis.ids != b.hypothesis.ids for a, b in pairs) == 1


def test_byte_pairs_that_write_control_characters_are_never_chosen() -> None:
    translator = echo(byte_pairs())  # the model's second best is always piece 5, the byte 0x01
    several = replace(translator, settings=SearchSettings(beam=4, best=4))
    drawing = SampleSettings(draws=4, temperature=9.0)
    for found in (several.translate("one two"), translator.sample(["one two"], 3, drawing)[0]):
        assert len(found.alternatives) == 3
        for one in (found, *found.alternatives):
            assert 5 not in one.segments[0].hypothesis.ids


def test_draws_are_the_same_whatever_is_drawn_beside_them() -> None:
    drawing = SampleSettings(draws=3, temperature=6.0)
    translator = echo()
    texts = ["one two three four", "five six one", "two"]
    among = translator.sample(texts, 3, drawing)
    [alone] = translator.sample(texts[1:2], 3, drawing)
    assert alone.text == among[1].text
    assert [a.text for a in alone.alternatives] == [a.text for a in among[1].alternatives]
    assert [one.text for one in translator.sample(texts, 4, drawing)] != [one.text for one in among]


def test_every_text_is_tokenised_once(monkeypatch: pytest.MonkeyPatch) -> None:
    translator = replace(echo(byte_pairs()), at_ease=4, longest=6)
    encoded: list[str] = []
    encode_ids = BytePairs.encode_ids

    def counted(self: BytePairs, texts: Sequence[str]) -> list[list[int]]:
        encoded.extend(texts)
        return encode_ids(self, texts)

    monkeypatch.setattr(BytePairs, "encode_ids", counted)
    monkeypatch.setattr(BytePairs, "encode", None)
    translator.translate([" one ", "one", "One two three. Four five six!\n\nseven", "one\n"])
    assert sorted(encoded) == sorted(set(encoded))
    assert {"one", "seven", "Four five six!"} <= set(encoded)


def test_draws_come_back_in_order_whatever_the_batches() -> None:
    texts = ["one", "one two three four", "", "six two"]
    drawing = SampleSettings(draws=2, temperature=4.0)
    expected = [one.text for one in echo().sample(texts, 7, drawing)]
    for sentences in (1, 2):
        found = replace(echo(), sentences=sentences).sample(texts, 7, drawing)
        assert [one.text for one in found] == expected


def test_a_translation_that_ran_into_the_limit_says_so() -> None:
    translator = replace(echo(), settings=SearchSettings(beam=1, max_length=2))
    found = translator.translate("one two three")
    assert found.text == "one two"
    assert found.cut
    assert found.to_json()["cut"] is True


def test_a_dictionary_is_words_tab_translations(tmp_path: Path) -> None:
    path = tmp_path / "dictionary"
    path.write_text("casa\thouse\n\ncasa\thome\nAño Nuevo\tNew Year\n", encoding="utf-8")
    assert load_dictionary(path) == {"casa": "house", "Año Nuevo": "New Year"}
    path.write_text("casa\thouse\nperro dog\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2"):
        load_dictionary(path)


def make_run(folder: Path, *settings: str) -> None:
    sizes = ["model.embedding=6", "model.hidden=8", "search.beam=3", "search.length_alpha=0.9"]
    recipe = change(Recipe(), [*sizes, *settings])
    run = create_run(folder, recipe)
    tokens = word_tokens()
    for side in ("source", "target"):
        tokens.save(run.tokens(side))
        lines = [" ".join(["one"] * n) for n in (*range(1, 40), 60)]
        run.part("dev", side).write_text("\n".join(lines) + "\n", encoding="utf-8")
    torch.manual_seed(1)
    model = build(recipe.model, tokens.size, tokens.size)
    write_checkpoint(run.best, model.state_dict(), {}, WEIGHTS)


def test_a_run_folder_is_loaded_with_its_settings(tmp_path: Path) -> None:
    make_run(tmp_path / "mine", "model.scope=local-p", "model.radius=2")
    translator = load(tmp_path / "mine", device="cpu", precision="float32")
    assert translator.precision == torch.float32
    assert translator.settings.beam == 3
    assert translator.settings.length_alpha == 0.9
    assert translator.settings.max_length is None
    assert translator.at_ease == 38  # of 40 lengths the 95th percentile
    assert translator.longest == 60
    found = translator.translate("two three one")
    assert found.segments[0].hypothesis.ids
    seen = found.record.map("decoder.cross")
    assert seen.radius == 2
    assert seen.centre is not None
    assert len(seen.centre) == len(seen.query_tokens)
    assert found.record.model == "mine (best)"
    settings = {"beam": 3, "length_alpha": 0.9, "search_precision": "float32"}
    assert found.record.settings == settings
    halves = load(tmp_path / "mine", device="cpu", precision="bfloat16")
    assert halves.precision == torch.bfloat16
    wider = replace(halves, settings=replace(halves.settings, beam=4, length_alpha=0.0))
    assert wider.translate("two three one").record.settings == {
        "beam": 4,
        "length_alpha": 0.0,
        "search_precision": "bfloat16",
    }
    [drawn] = halves.sample(["two three one"], 7, SampleSettings(temperature=0.5))
    assert drawn.record.settings == {
        "seed": 7,
        "draws": 1,
        "temperature": 0.5,
        "top_k": None,
        "top_p": 1.0,
    }
    [given] = halves.align(["two three one"], ["one"])
    assert given.record.settings == {}


def test_the_dev_part_may_be_empty_but_not_missing(tmp_path: Path) -> None:
    make_run(tmp_path)
    (tmp_path / "dev.source").write_text("")
    assert load(tmp_path, device="cpu").at_ease == 100
    (tmp_path / "dev.source").unlink()
    with pytest.raises(ValueError, match=r"dev\.source: is missing, .* empty file for 100 pieces"):
        load(tmp_path, device="cpu")


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not a run"):
        load(tmp_path)


def test_search_meets_every_batch_size_the_same_way() -> None:
    texts = [" ".join(words) for words in itertools.permutations(["one", "two", "six"])]
    for sentences in (1, 4, 64):
        found = replace(echo(), sentences=sentences).translate(texts)
        assert [one.text for one in found] == texts


def test_every_draw_is_kept_in_its_order_equal_ones_too() -> None:
    drawing = SampleSettings(draws=6, temperature=1.2)
    texts = ["one two", "", "one. Two. Seven."]
    for translator in (echo(), replace(echo(), at_ease=2, longest=4)):
        for text, found in zip(texts, translator.sample(texts, 3, drawing), strict=True):
            drawn = [found, *found.alternatives]
            assert len(drawn) == 6
            assert len({one.text for one in drawn}) < 6
            alone = translator.sample([text], 3, SampleSettings(draws=2, temperature=1.2))[0]
            assert [alone.text, alone.alternatives[0].text] == [one.text for one in drawn[:2]]


def test_a_draw_of_a_long_text_is_that_draw_of_each_of_its_parts() -> None:
    translator = replace(echo(), at_ease=2, longest=4)
    drawing = SampleSettings(draws=5, temperature=6.0)
    [found] = translator.sample(["one two. Seven eight!"], 3, drawing)
    parts = translator.sample(["one two.", "Seven eight!"], 3, drawing)
    drawn = [[one, *one.alternatives] for one in (found, *parts)]
    for whole, *of_parts in zip(*drawn, strict=True):
        ids = [segment.hypothesis.ids for segment in whole.segments]
        assert ids == [part.segments[0].hypothesis.ids for part in of_parts]


def test_unknown_words_are_named_once() -> None:
    assert echo().unknown_words("one Zanzibar two Quixote Zanzibar") == ["Zanzibar", "Quixote"]
    assert echo(byte_pairs()).unknown_words("one Zanzibar") == []


def test_rows_of_another_name_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown row convention 'both'"):
        replace(echo().reader, rows="both")
