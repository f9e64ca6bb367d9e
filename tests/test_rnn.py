"""Luong's translator passes the contract in every form that it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from regard.attention import Hook, Site, watching
from regard.translation.families import build
from regard.translation.model import EOS, Batch, TranslationModel
from regard.translation.recipe import ModelRecipe
from regard.translation.rnn import Rnn, reverse
from tests.contracts import (
    ATTENTION_CONTRACT,
    CONTRACT,
    example_batch,
    one_by_one,
    scatter_windows,
)

VOCABULARY = 23

FORMS = {
    "general": ModelRecipe(embedding=6, hidden=8, layers=2, attention="general"),
    "without input feeding": ModelRecipe(embedding=6, hidden=8, input_feeding=False),
    "dot, one direction, reversed": ModelRecipe(
        embedding=6, hidden=7, layers=2, attention="dot", bidirectional=False, reverse_source=True
    ),
    "concat": ModelRecipe(embedding=6, hidden=8, attention="concat"),
    "additive": ModelRecipe(embedding=6, hidden=8, attention="additive", input_feeding=False),
    "location": ModelRecipe(embedding=6, hidden=8, attention="location", max_length=6),
    "local-m": ModelRecipe(embedding=6, hidden=8, scope="local-m", radius=2),
    "local-p": ModelRecipe(embedding=6, hidden=8, scope="local-p", radius=2, attention="dot"),
    "local-p of concat": ModelRecipe(
        embedding=6, hidden=8, scope="local-p", radius=1, attention="concat", input_feeding=False
    ),
    "sigmoid": ModelRecipe(embedding=6, hidden=8, normaliser="sigmoid"),
    "tied": ModelRecipe(embedding=8, hidden=8, tied=True, attention="scaled dot"),
}
WITHOUT = {
    "none": ModelRecipe(embedding=6, hidden=8, layers=3, attention="none", input_feeding=False)
}

Check = Callable[[TranslationModel, Batch], None]


def model_of(recipe: ModelRecipe) -> TranslationModel:
    """A model in which dropout is off; at 8 units no weight begins close to zero."""
    torch.manual_seed(3)
    model = build(recipe, VOCABULARY, VOCABULARY, shared=recipe.tied).double().eval()
    scatter_windows(model)
    return model


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.__name__)
@pytest.mark.parametrize("form", [*FORMS, *WITHOUT])
def test_every_form_keeps_the_contract(form: str, check: Check) -> None:
    check(model_of({**FORMS, **WITHOUT}[form]), example_batch(VOCABULARY))


@pytest.mark.parametrize("check", ATTENTION_CONTRACT, ids=lambda check: check.__name__)
@pytest.mark.parametrize("form", FORMS)
def test_every_attention_keeps_its_contract(form: str, check: Check) -> None:
    check(model_of(FORMS[form]), example_batch(VOCABULARY))


def test_a_model_without_attention_refuses_to_be_watched() -> None:
    model = model_of(WITHOUT["none"])
    with pytest.raises(ValueError, match="attention = none"), watching(model, Hook()):
        pass


def test_the_decoder_starts_where_the_encoder_ended() -> None:
    """Without attention the source matters only through the last state: reading it matters."""
    model, batch = model_of(WITHOUT["none"]), example_batch(VOCABULARY)
    other = batch.source.clone()
    other[0, 0] = 4 if other[0, 0] != 4 else 5
    changed = model(Batch(other, batch.source_mask, batch.target, batch.target_mask))
    assert not torch.allclose(changed[0], model(batch)[0])
    assert torch.allclose(changed[1], model(batch)[1])


def test_reversing_keeps_the_end_and_the_padding_in_place() -> None:
    rows = torch.tensor([[11, 12, 13, 3, 0], [14, 3, 0, 0, 0]])
    lengths = torch.tensor([4, 2])
    assert reverse(rows, lengths).tolist() == [[13, 12, 11, 3, 0], [14, 3, 0, 0, 0]]
    states = torch.arange(20.0).view(2, 5, 2)
    assert torch.equal(reverse(reverse(states, lengths), lengths), states)


def test_forget_gates_begin_open_where_there_is_no_attention() -> None:
    recipe = ModelRecipe(embedding=6, hidden=8, attention="none", input_feeding=False)
    model = build(recipe, VOCABULARY, VOCABULARY)
    assert isinstance(model, Rnn)
    bias = model.decoder.bias_ih_l0
    assert isinstance(bias, torch.Tensor)
    assert torch.equal(bias[8:16], torch.ones(8))
    assert torch.equal(bias[:8], torch.zeros(8))
    assert torch.equal(bias[16:], torch.zeros(16))


def test_dropout_drops_words_and_outputs_and_leaves_the_recurrent_state_alone() -> None:
    torch.manual_seed(0)
    recipe = ModelRecipe(
        embedding=40, hidden=30, attention="none", input_feeding=False, dropout=0.5
    )
    model = build(recipe, VOCABULARY, VOCABULARY).train()
    assert isinstance(model, Rnn)
    batch = example_batch(VOCABULARY)
    dropped: dict[str, float] = {}

    def watch(module: torch.nn.Module, given: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
        for name, size in (("words", 40), ("outputs", 30)):
            if out.shape[-1] == size:
                dropped[name] = float((out == 0).float().mean())

    model.dropout.register_forward_hook(watch)
    model(batch)
    assert dropped["words"] == pytest.approx(0.5, abs=0.1)
    assert dropped["outputs"] == pytest.approx(0.5, abs=0.1)
    state = model.start(batch.source, batch.source_mask)
    assert state.hidden.abs().min() > 0


def test_a_reversed_source_is_read_from_its_end() -> None:
    recipe = ModelRecipe(embedding=6, hidden=8, bidirectional=False)
    plain, turned = model_of(recipe), model_of(recipe.model_copy(update={"reverse_source": True}))
    assert isinstance(plain, Rnn)
    assert isinstance(turned, Rnn)
    source = torch.tensor([[7, 8, 9, EOS]])
    by_hand = plain.start(torch.tensor([[9, 8, 7, EOS]]), source > 0)
    found = turned.start(source, source > 0)
    assert torch.equal(found.hidden, by_hand.hidden)
    assert found.source is not None
    assert by_hand.source is not None
    assert torch.equal(found.source.keys[:, :3], by_hand.source.keys[:, :3].flip(1))


def test_input_feeding_reads_what_attention_saw_before() -> None:
    model, batch = model_of(FORMS["general"]), example_batch(VOCABULARY)
    assert isinstance(model, Rnn)
    state = model.start(batch.source, batch.source_mask)
    other = replace(state, attentional=state.attentional + 0.5)
    last = batch.inputs[:, 0]
    assert not torch.allclose(model.step(state, last)[0], model.step(other, last)[0])


def test_first_weights_spread_with_fewer_units_and_first_biases_do_not() -> None:
    torch.manual_seed(0)
    recipe = ModelRecipe(embedding=30, hidden=40, attention="concat", scope="local-p")
    model = build(recipe, VOCABULARY, VOCABULARY)
    for name, parameter in model.named_parameters():
        if not name.endswith("v_p"):
            bound = 0.1 if "bias" in name else (10 / 40) ** 0.5  # 0.1 at 1,000 units
            assert 0.8 * bound < parameter.detach().abs().max() <= bound, name


def test_the_windows_of_local_p_begin_in_the_middle_and_can_move() -> None:
    torch.manual_seed(0)
    recipe = ModelRecipe(embedding=30, hidden=40, scope="local-p", radius=2, input_feeding=False)
    model, batch = Rnn(recipe, VOCABULARY, VOCABULARY).eval(), example_batch(VOCABULARY)
    centres: list[torch.Tensor] = []

    class Watch(Hook):
        def see(self, site: Site, weights: torch.Tensor, values: torch.Tensor) -> None:
            assert site.centre is not None
            centres.append(site.centre.detach())

    optimiser = torch.optim.Adam(model.parameters(), lr=0.008)
    with watching(model, Watch()):
        for _ in range(2):
            optimiser.zero_grad()
            loss = model.loss(batch)
            (loss.training_nats / loss.tokens).backward()
            optimiser.step()
    middle = batch.source_mask.sum(dim=1, keepdim=True) / 2
    assert torch.equal(centres[0], middle.expand_as(centres[0]))
    assert torch.all(centres[1] != middle)
    assert (centres[1] - middle).abs().max() < 0.5  # words: no leap


def test_a_tied_model_has_one_matrix_for_all_words() -> None:
    model = build(FORMS["tied"], VOCABULARY, VOCABULARY, shared=True)
    assert isinstance(model, Rnn)
    assert model.output.weight is model.target_embedding.weight is model.source_embedding.weight


def test_the_smoothed_loss_is_the_sum_that_arithmetic_predicts() -> None:
    model, batch = model_of(FORMS["general"]), example_batch(VOCABULARY)
    log_probabilities = torch.log_softmax(one_by_one(model, batch), dim=-1).detach()
    plain = smooth = 0.0
    for row, label in batch.label_mask.nonzero().tolist():
        here = log_probabilities[row, label]
        said = float(here[batch.labels[row, label]])
        plain -= said
        smooth -= 0.9 * said + 0.1 * float(here.mean())
    loss = model.loss(batch, label_smoothing=0.1)
    assert loss.tokens == int(batch.label_mask.sum()) == 4 + 6 + 3 + 6
    assert float(loss.nats) == pytest.approx(plain, rel=1e-5)
    assert float(loss.training_nats.detach()) == pytest.approx(smooth, rel=1e-5)


def test_a_step_with_frozen_weights_copies_no_matrix_for_every_row() -> None:
    """torch.matmul would, for queries that lie otherwise in memory than row by row."""
    recipe = ModelRecipe(embedding=4, hidden=6, bidirectional=False, dropout=0.0)
    model = Rnn(recipe, 11, 11).eval().requires_grad_(False)
    source, rows = torch.tensor([[5, 6, 2]] * 7), torch.full((7,), 5)
    state = model.start(source, torch.ones_like(source, dtype=torch.bool))
    with torch.profiler.profile(record_shapes=True) as seen:
        model.step(state, rows)
    shapes = [shape for event in seen.events() or [] for shape in event.input_shapes]
    assert [7, 1, 6] in shapes, "queries were seen"
    assert [7, 6, 6] not in shapes
