"""What every family of translation models must do: the tests of each family run these.

Letters as in regard/translation/model.py.
"""

from __future__ import annotations

import math

import torch

from regard.attention import Hook, Site, reads, sites, spread, watching
from regard.attention.hook import attention_layers
from regard.translation.model import BOS, EOS, PAD, Batch, TranslationModel

TOLERANCE = 1e-10  # models are in double precision: in single, chance decides at 2e-6


def example_batch(vocabulary: int) -> Batch:
    """Four pairs of different lengths, padded on both sides."""
    generator = torch.Generator().manual_seed(7)

    def rows(lengths: list[int], start: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        texts = [
            [*start, *torch.randint(4, vocabulary, (n,), generator=generator).tolist(), EOS]
            for n in lengths
        ]
        longest = max(map(len, texts))
        ids = torch.tensor([text + [PAD] * (longest - len(text)) for text in texts])
        return ids, torch.tensor([[k < len(text) for k in range(longest)] for text in texts])

    source, source_mask = rows([7, 4, 1, 6], [])
    target, target_mask = rows([3, 5, 2, 5], [BOS])
    return Batch(source, source_mask, target, target_mask)


def scatter_windows(model: torch.nn.Module, bound: float = 1.0) -> None:
    """Give local-p's v_p, which begins at 0, the spread of other weights: each window elsewhere."""
    for name, parameter in model.named_parameters():
        if name.endswith("v_p"):
            torch.nn.init.uniform_(parameter, -bound, bound)


def one_by_one(model: TranslationModel, batch: Batch) -> torch.Tensor:
    """The logits of `forward`, from `start` and `step`."""
    state = model.start(batch.source, batch.source_mask)
    steps = []
    for t in range(batch.inputs.shape[1]):
        logits, state = model.step(state, batch.inputs[:, t])
        steps.append(logits)
    return torch.stack(steps, dim=1)


def forward_equals_step_by_step(model: TranslationModel, batch: Batch) -> None:
    """Teacher forcing and writing word by word give the same logits."""
    rows = batch.label_mask
    torch.testing.assert_close(
        one_by_one(model, batch)[rows], model(batch)[rows], atol=TOLERANCE, rtol=0
    )


def padding_changes_nothing(model: TranslationModel, batch: Batch) -> None:
    """A sentence alone has the logits that it has among longer ones."""
    together = model(batch)
    for row in range(len(batch.source)):
        pieces, labels = int(batch.source_mask[row].sum()), int(batch.target_mask[row].sum())
        alone = Batch(
            batch.source[row : row + 1, :pieces],
            batch.source_mask[row : row + 1, :pieces],
            batch.target[row : row + 1, :labels],
            batch.target_mask[row : row + 1, :labels],
        )
        torch.testing.assert_close(
            model(alone)[0], together[row, : labels - 1], atol=TOLERANCE, rtol=0
        )


def select_picks_rows(model: TranslationModel, batch: Batch) -> None:
    """Rows that are dropped, repeated and reordered go on as they would have."""
    rows = torch.tensor([3, 0, 0, 2])
    state = model.start(batch.source, batch.source_mask)
    _, state = model.step(state, batch.inputs[:, 0])
    expected, _ = model.step(state, batch.inputs[:, 1])
    picked, _ = model.step(state.select(rows), batch.inputs[rows, 1])
    torch.testing.assert_close(picked, expected[rows], atol=TOLERANCE, rtol=0)


def is_cross(site: str) -> bool:
    """Whether the keys of a site are the source's."""
    return site.endswith(".cross")


def a_hook_sees_every_site(model: TranslationModel, batch: Batch) -> None:
    """Every site is seen, and no weight lies on padding."""
    seen: dict[str, torch.Tensor] = {}

    class Watch(Hook):
        def see(self, site: Site, weights: torch.Tensor, values: torch.Tensor) -> None:
            seen[site.name] = spread(weights, site, batch.source.shape[1])

    with watching(model, Watch()):
        model(batch)
    assert set(seen) == set(sites(model)) != set()
    crosses = [weights for name, weights in seen.items() if is_cross(name)]
    assert crosses
    for cross in crosses:
        assert torch.all(cross.movedim(-1, 1)[~batch.source_mask] == 0)


def a_hook_that_does_nothing_changes_nothing(model: TranslationModel, batch: Batch) -> None:
    """To the bit where every step is taken; the faster way agrees to 1e-6."""
    fast = model(batch)
    for layer in attention_layers(model):
        layer.explicit = True
    without = model(batch)
    with watching(model, Hook()):
        assert torch.equal(model(batch), without)
    assert torch.equal(model(batch), without)
    for layer in attention_layers(model):
        layer.explicit = False
    torch.testing.assert_close(fast, without, atol=1e-6, rtol=1e-6)
    assert torch.equal(model(batch), fast)


class Hide(Hook):
    """Nobody may look at one source position from the decoder."""

    def __init__(self, position: int, count: int) -> None:
        self.position, self.count = torch.tensor([position]), count
        self.mass: list[torch.Tensor] = []

    def bias(self, site: Site, scores: torch.Tensor) -> torch.Tensor | None:
        if not is_cross(site.name):
            return None
        hidden = reads(site, self.position, self.count)
        return torch.zeros_like(scores).masked_fill(hidden, -math.inf)

    def see(self, site: Site, weights: torch.Tensor, values: torch.Tensor) -> None:
        if is_cross(site.name):
            self.mass.append(spread(weights, site, self.count)[..., self.position])


def knocking_out_a_source_word_works(model: TranslationModel, batch: Batch) -> None:
    """The hidden word gets exactly no weight; the logits change, and change back."""
    before = model(batch)
    hide = Hide(1, batch.source.shape[1])
    with watching(model, hide):
        hidden = model(batch)
    assert hide.mass
    assert all(torch.all(mass == 0) for mass in hide.mass)
    assert not torch.equal(hidden, before)
    assert torch.all(torch.isfinite(hidden))
    assert torch.equal(model(batch), before)


CONTRACT = (
    forward_equals_step_by_step,
    padding_changes_nothing,
    select_picks_rows,
)
"""For every model."""

ATTENTION_CONTRACT = (
    a_hook_sees_every_site,
    a_hook_that_does_nothing_changes_nothing,
    knocking_out_a_source_word_works,
)
"""For every model with attention."""
