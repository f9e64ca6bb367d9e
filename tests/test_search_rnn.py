"""Search over a real model: forcing what was found must see and say the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from regard.translation.batches import to_batch
from regard.translation.model import EOS
from regard.translation.recipe import ModelRecipe
from regard.translation.rnn import Rnn
from regard.translation.sampling import SampleSettings, sample
from regard.translation.search import SearchSettings, beam_search, force, source_rows
from tests.contracts import scatter_windows

SOURCES = [[5, 9, 4, 11, 7, 6, 8], [10, 4], [7, 7, 12, 4, 5], [6]]


def model_of(**settings: Any) -> Rnn:
    torch.manual_seed(3)
    recipe = ModelRecipe(embedding=6, hidden=10, layers=2, dropout=0.3, **settings)
    model = Rnn(recipe, 13, 17)
    scatter_windows(model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)  # sharp enough that hypotheses differ
        model.output.bias[EOS] = 4.0  # and some end
    return model


@pytest.mark.parametrize(
    "settings",
    [
        {"attention": "general"},
        {"attention": "dot", "bidirectional": False, "reverse_source": True},
        {"attention": "general", "scope": "local-m", "radius": 1},
        {"attention": "additive", "scope": "local-p", "radius": 2, "input_feeding": False},
        {"attention": "none", "input_feeding": False},
    ],
)
def test_forcing_what_was_found_sees_and_says_the_same(settings: dict[str, Any]) -> None:
    model = model_of(**settings)
    rows = source_rows(SOURCES, torch.device("cpu"))
    best = beam_search(model, *rows, SearchSettings(beam=4, best=3, max_length=9))
    drawn = sample(model, *rows, 5, SampleSettings(draws=2), SearchSettings(max_length=9))
    for found in (best, drawn):
        pairs = [(source, one) for source, ones in zip(SOURCES, found, strict=True) for one in ones]
        batch = to_batch([source for source, _ in pairs], [list(one.ids) for _, one in pairs])
        for (source, one), other in zip(pairs, force(model, batch), strict=True):
            assert other.step_nats == pytest.approx(one.step_nats, abs=1e-4)
            assert set(one.attention) == set(other.attention)
            for site, weights in one.attention.items():
                assert weights.shape == (1, len(one.ids) + 1, len(source) + 1)
                np.testing.assert_allclose(weights, other.attention[site], atol=1e-5)
            for site, centre in one.centre.items():
                np.testing.assert_allclose(centre, other.centre[site], atol=1e-4)
    assert len({len(one.ids) for ones in best for one in ones}) > 1
    assert bool(best[0][0].centre) == settings.get("scope", "").startswith("local")
