"""Guided alignment: attention is taught by word links, while the model learns to translate.

    loss = loss of the labels - lambda * sum_t sum_s p_t(s) log a_t(s)

p_t shares target piece t out evenly among the source pieces that it is linked to; a piece without a
link adds nothing. Chen, Matusov, Khadivi and Peter 2016, "Guided alignment training for topic-aware
neural machine translation". The weights a_t come through the hook: a model does not know.

Which look is a target piece's, a_t, is a choice (`regard.record.alignment.rows_of_words`): that of
the step that predicts it, which has not read it yet, serves translation; that of the step that
reads it, which knows what it looks for, serves the links. A local window stands wherever its own
step puts it, so it is guided in the row that it belongs to; a link outside of it is left out, as no
weight can reach there. The Gaussian of local-p is part of its weights, so links move its centre.

Letters: B sentences, H heads, L labels, S source pieces with `</s>`, C links.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from regard.translation.hypothesis import seeing
from regard.translation.model import Batch, Loss, TranslationModel
from regard.translation.recipe import TrainingRecipe

STEPS_LATER = {"predicted": 0, "input": 1}  # than the step that predicts the piece


def guided_loss(
    model: TranslationModel, batch: Batch, settings: TrainingRecipe
) -> tuple[Loss, Float[Tensor, ""]]:
    """The loss of a batch that has links, guided by them; and what they cost in nats, detached.

    The plain cross-entropy of the labels is reported as ever. Of several attentions to the source
    the last is guided, the mean of its heads.
    """
    assert batch.links is not None, "batches of a text without links cannot guide"
    with seeing(model, wanted=True) as watcher:
        loss = model.loss(batch, settings.label_smoothing)
    name, looks = watcher.take().popitem()
    weights = looks.laid_out(name, batch.source.shape[1])
    nats = alignment_nats(weights, batch.links, STEPS_LATER[settings.guided_rows])
    training_nats = loss.training_nats + settings.guided_alignment * nats
    return replace(loss, training_nats=training_nats), nats.detach()


def alignment_nats(
    weights: Float[Tensor, "B H L S"], links: Int[Tensor, "C 3"], steps_later: int = 0
) -> Float[Tensor, ""]:
    """The cross-entropy between links and looks, summed over the target pieces that have links.

    A link is (sentence, target piece, source piece). One whose weight is 0, because it lies outside
    of a window, is no part of its piece's share.
    """
    sentence, target, source = links.unbind(1)
    step = target + steps_later
    weight = weights.mean(dim=1)[sentence, step, source].float()
    reached = (weight > 0).float()
    row = sentence * weights.shape[2] + step
    count = reached.new_zeros(weights.shape[0] * weights.shape[2]).index_add(0, row, reached)
    share = reached / count[row].clamp(min=1)
    return -(share * weight.clamp(min=torch.finfo(weight.dtype).tiny).log()).sum()
