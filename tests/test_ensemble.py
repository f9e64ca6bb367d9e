"""Models that write together: a model like any other, and better than each alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch

from echo import echo
from markov import Markov
from regard.attention import Hook, Site, sites, watching
from regard.translation.ensemble import Ensemble, mean_of
from regard.translation.families import build
from regard.translation.hypothesis import cross_sites
from regard.translation.model import Batch, TranslationModel
from regard.translation.recipe import ModelRecipe
from regard.translation.search import SearchSettings, beam_search, force, search_all
from regard.translation.translator import Translator
from tests.contracts import ATTENTION_CONTRACT, CONTRACT, example_batch, scatter_windows

VOCABULARY = 23
RECIPES = (
    ModelRecipe(embedding=6, hidden=8, attention="general", layers=2),
    ModelRecipe(embedding=5, hidden=6, attention="dot", scope="local-p", radius=1),
    ModelRecipe(embedding=4, hidden=6, input_feeding=False, normaliser="sigmoid"),
)
BLIND = ModelRecipe(embedding=4, hidden=6, attention="none", input_feeding=False)

Check = Callable[[TranslationModel, Batch], None]


def models_of(*recipes: ModelRecipe) -> list[TranslationModel]:
    models = []
    for seed, recipe in enumerate(recipes):
        torch.manual_seed(seed)
        models.append(build(recipe, VOCABULARY, VOCABULARY).double().eval())
        scatter_windows(models[-1])
    return models


def ensemble_of(*recipes: ModelRecipe) -> Ensemble:
    ensemble = Ensemble(models_of(*recipes))
    ensemble.eval()
    return ensemble


@pytest.mark.parametrize("check", [*CONTRACT, *ATTENTION_CONTRACT], ids=lambda it: it.__name__)
@pytest.mark.parametrize("recipes", [RECIPES[:1], RECIPES, (BLIND, *RECIPES[1:])])
def test_an_ensemble_keeps_the_contract_of_a_model(
    recipes: tuple[ModelRecipe, ...], check: Check
) -> None:
    check(ensemble_of(*recipes), example_batch(VOCABULARY))


def test_the_mean_is_of_probabilities_not_of_logits() -> None:
    some, other = torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, 2.0]]).log_softmax(1)
    share = 1 / (1 + np.exp(-2.0))
    expected = [(0.5 + 1 - share) / 2, (0.5 + share) / 2]
    assert mean_of([some + 7, other])[0].exp().tolist() == pytest.approx(expected)
    hopeless = torch.tensor([[0.0, -500.0]])
    assert torch.isfinite(mean_of([hopeless, hopeless])).all()


def test_an_ensemble_of_one_is_the_model() -> None:
    [model], batch = models_of(RECIPES[0]), example_batch(VOCABULARY)
    ensemble = Ensemble([model]).eval()
    assert torch.equal(ensemble(batch), model(batch))
    assert same(search(ensemble, batch), search(model, batch), 0)


def test_a_model_three_times_is_the_model() -> None:
    [model], batch = models_of(RECIPES[0]), example_batch(VOCABULARY)
    ensemble = Ensemble([model] * 3).eval()
    expected = model(batch).log_softmax(-1)
    torch.testing.assert_close(ensemble(batch), expected, atol=1e-6, rtol=0)
    assert same(search(ensemble, batch), search(model, batch), 1e-5)


def search(model: TranslationModel, batch: Batch) -> list[list[Found]]:
    settings = SearchSettings(beam=4, best=3, max_length=9)
    found = beam_search(model, batch.source, batch.source_mask, settings)
    return [
        [(one.ids, one.score, [*one.attention.values()][-1]) for one in hypotheses]
        for hypotheses in found
    ]


Found = tuple[tuple[int, ...], float, np.ndarray]


def same(some: list[list[Found]], other: list[list[Found]], error: float) -> bool:
    pairs = [pair for both in zip(some, other, strict=True) for pair in zip(*both, strict=True)]
    return all(
        one[0] == two[0]
        and abs(one[1] - two[1]) <= error
        and bool(np.abs(one[2] - two[2]).max() <= error)
        for one, two in pairs
    )


def test_the_order_of_the_models_does_not_matter() -> None:
    batch = example_batch(VOCABULARY)
    first, *others = [Ensemble(order).eval() for order in permutations(models_of(*RECIPES))]
    for other in others:
        torch.testing.assert_close(other(batch), first(batch), atol=1e-6, rtol=0)
        assert same(search(other, batch), search(first, batch), 1e-5)


def test_every_probability_of_a_hypothesis_is_the_mean_of_the_models() -> None:
    models = [Markov(seed).eval() for seed in (1, 2, 3)]
    settings = SearchSettings(beam=3, max_length=6)
    [[found]] = search_all(Ensemble(models), [[4, 5, 6]], settings)
    shares = []
    read = [2, *found.ids]  # <s> and what was written
    for last, piece in zip(read, (*found.ids, 3), strict=True):
        shares.append(np.mean([model.table[4, last].softmax(0)[piece] for model in models]))
    assert np.exp(found.step_nats) == pytest.approx(shares, rel=1e-5)


def test_hypotheses_keep_where_the_models_looked_on_average() -> None:
    models, batch = models_of(BLIND, *RECIPES), example_batch(VOCABULARY)
    alone = [force(model, batch) for model in models[1:]]
    for row, together in enumerate(force(Ensemble(models), batch)):
        assert list(together.attention) == ["mean.cross"]
        expected = np.mean([one[row].attention["decoder.cross"] for one in alone], axis=0)
        assert together.attention["mean.cross"] == pytest.approx(expected, abs=1e-6)
        assert together.centre == {}


def test_the_sites_of_each_model_carry_its_number() -> None:
    models = models_of(*RECIPES)
    ensemble = Ensemble(models)
    numbered = {"1.decoder.cross", "2.decoder.cross", "3.decoder.cross"}
    assert set(sites(ensemble)) == numbered | {"mean.cross"}
    assert cross_sites(ensemble) == ("mean.cross",)
    assert [sites(model) for model in models] == [("decoder.cross",)] * 3
    assert sites(Ensemble(models_of(BLIND, BLIND))) == ()


def test_the_weights_are_shared_and_the_models_left_as_they_are() -> None:
    models, batch = models_of(*RECIPES), example_batch(VOCABULARY)

    class Fail(Hook):
        def see(self, site: Site, weights: torch.Tensor, values: torch.Tensor) -> None:
            raise AssertionError(site.name)

    with watching(models[0], Fail()):
        ensemble = Ensemble(models).eval()
        ensemble(batch)
        with watching(ensemble.models[1], Hook()):
            models[1](batch)
    shared = {weight.data_ptr() for model in models for weight in model.parameters()}
    assert {weight.data_ptr() for weight in ensemble.parameters()} == shared
    assert all(not model.training for model in models)
    ensemble.train()
    assert all(not model.training for model in models)


def test_an_ensemble_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one model"):
        Ensemble([])


def test_a_translator_of_an_ensemble_links_words_by_the_mean_look() -> None:
    one, other = echo(), echo(backwards=True)
    model = Ensemble([one.model, other.model, one.model])
    translator: Translator = replace(one, model=model)
    found = translator.translate("one two six")
    assert found.text == "one two six"
    assert found.alignment == {(0, 0), (1, 1), (2, 2)}
    seen = found.record.map()
    assert seen.site == "mean.cross"
    assert seen.weights[0, 0] == pytest.approx([0.5, 0, 0.2, 0.3])
