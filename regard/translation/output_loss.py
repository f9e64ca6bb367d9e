"""The output layer and its loss in one, with the gradient worked out along with the loss.

Logits are by far the largest numbers of a small translator: 600 labels over 8,000 pieces take 19 MB
in float32, as much again for their probabilities, and again for their gradient. Here some rows at a
time go from state to gradient, and what is kept is the gradient of the logits, in the precision of
the products.

Letters: W labels that count, H size of a state, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from regard.attention.normalise import at_least_float32
from regard.attention.shared import working_type
from regard.translation.model import Loss, cross_entropy

LOGITS_AT_ONCE = 2**21  # 8 MB in float32; with fewer rows a product is slower, most in float32


def output_loss(
    states: Float[Tensor, "W H"],
    weight: Float[Tensor, "V H"],
    bias: Float[Tensor, " V"],
    labels: Int[Tensor, " W"],
    label_smoothing: float = 0.0,
) -> Loss:
    """The summed cross-entropy of the logits `states @ weight.T + bias`: see `cross_entropy`."""
    if not torch.is_grad_enabled():
        rows = _rows_at_once(weight)
        parts = zip(states.split(rows), labels.split(rows), strict=True)
        losses = [
            cross_entropy(functional.linear(some, weight, bias), said, label_smoothing)
            for some, said in parts
        ]
        training = torch.stack([loss.training_nats for loss in losses]).sum()
        return Loss(training, torch.stack([loss.nats for loss in losses]).sum(), len(labels))
    training, plain = _OutputLoss.apply(states, weight, bias, labels, label_smoothing)
    return Loss(training, plain.detach(), len(labels))


def _rows_at_once(weight: Tensor) -> int:
    return max(1, LOGITS_AT_ONCE // len(weight))


class _OutputLoss(torch.autograd.Function):
    """With probabilities p and smoothing s, logits have the gradient p - (1 - s) [label] - s / V.

    The loss is log Z - (1 - s) z_label - s mean(z), and log Z - z_label when it is not smoothed.
    """

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, weight: Tensor, bias: Tensor, labels: Tensor, smoothing: float
    ) -> tuple[Tensor, Tensor]:
        precision, vocabulary = working_type(weight), len(weight)
        inputs, matrix, offsets = states.to(precision), weight.to(precision), bias.to(precision)
        training, plain = at_least_float32(states.new_zeros(2)).unbind()
        of_logits = inputs.new_empty(len(inputs), vocabulary)
        of_states, of_bias = torch.empty_like(inputs), torch.zeros_like(bias)
        rows = _rows_at_once(weight)
        for start in range(0, len(inputs), rows):
            part = slice(start, start + rows)
            label = labels[part, None]
            logits = torch.addmm(offsets, inputs[part], matrix.t())
            logits = at_least_float32(logits)
            of_label, mean = logits.gather(1, label), logits.mean(dim=1, keepdim=True)
            highest = logits.amax(dim=1, keepdim=True)
            probabilities = logits.sub_(highest).exp_()
            sums = probabilities.sum(dim=1, keepdim=True)
            log_sum = highest + sums.log()
            plain += (log_sum - of_label).sum()
            training += (log_sum - (1 - smoothing) * of_label - smoothing * mean).sum()
            gradient = probabilities.div_(sums)
            if smoothing:
                gradient.sub_(smoothing / vocabulary)
            gradient.scatter_add_(1, label, torch.full_like(of_label, smoothing - 1))
            of_bias += gradient.sum(dim=0)
            of_logits[part] = gradient
            of_states[part] = of_logits[part] @ matrix
        ctx.type = weight.dtype
        ctx.save_for_backward(of_states.to(states.dtype), of_bias, of_logits, inputs)
        return training, plain

    @staticmethod
    def backward(ctx: Any, of_training: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[reportIncompatibleMethodOverride]
        of_states, of_bias, of_logits, inputs = ctx.saved_tensors
        # A factor costs less on the states than on the weights of the whole vocabulary.
        of_weight = (of_logits.t() @ (inputs * of_training)).to(ctx.type)
        return of_states * of_training, of_weight, of_bias * of_training, None, None
