"""A stacked LSTM decoder with input feeding, over all words of a target that is known.

What each word says of its gates does not wait for the words before it: it is one product for all of
them. What waits, step by step, is a product with [what is fed ; the layer's own last state], whose
matrix all steps share.

Letters: B sentences, L target words, E size of an embedding, H units, G = 4 H gates, Y layers.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from regard.translation.shared_weight import SharedWeight

Look = Callable[[Float[Tensor, "B 1 H"], Int[Tensor, " 1"]], Float[Tensor, "B H"]]
"""From the top state at a target position to the attentional state there."""


def write_fed(
    lstm: nn.LSTM,
    embedded: Float[Tensor, "B L E"],
    hidden: Float[Tensor, "Y B H"],
    cell: Float[Tensor, "Y B H"],
    look: Look,
) -> Float[Tensor, "B L H"]:
    """The attentional state h~ of every word; h~ of the word before is part of a word's input.

    `lstm` reads [embedding ; h~], and drops out between its layers when it trains.
    """
    size = embedded.shape[-1]
    matrices, biases = [], []
    for of_input, of_last, *both in lstm.all_weights:
        lowest = not matrices
        matrices.append(SharedWeight(of_input[:, size:] if lowest else of_input, of_last))
        biases.append(both[0] + both[1])
    of_words = functional.linear(
        embedded.transpose(0, 1), lstm.all_weights[0][0][:, :size], biases[0]
    )
    states, cells = list(hidden), list(cell)
    below = torch.zeros_like(states[-1])
    attentional = []
    positions = torch.arange(len(of_words), device=embedded.device)
    for position, of_word in zip(positions.split(1), of_words, strict=True):
        for n, matrix in enumerate(matrices):
            if n:
                below = functional.dropout(below, lstm.dropout, lstm.training)
            gates = matrix(torch.cat([below, states[n]], dim=1)) + (biases[n] if n else of_word)
            states[n], cells[n] = lstm_cell(gates, cells[n])
            below = states[n]
        below = look(below[:, None], position)
        attentional.append(below)
    return torch.stack(attentional, dim=1)


def lstm_cell(
    gates: Float[Tensor, "B G"], cell: Float[Tensor, "B H"]
) -> tuple[Float[Tensor, "B H"], Float[Tensor, "B H"]]:
    """The state and the cell after one word, as PyTorch's LSTM has them.

    The cell keeps its own precision, whatever that of the gates.
    """
    into, forget, candidate, out = gates.to(cell.dtype).chunk(4, dim=1)
    cell = forget.sigmoid() * cell + into.sigmoid() * candidate.tanh()
    return out.sigmoid() * cell.tanh(), cell
