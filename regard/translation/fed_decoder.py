"""A stacked LSTM decoder with input feeding, over all words of a target that is known.

Letters: B sentences, L target words, E size of an embedding, H units, Y layers.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from regard.translation.lstm import LstmStack

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
    stack = LstmStack(lstm)
    words = embedded.permute(1, 2, 0).to(stack.precision).contiguous()
    states, cells = list(hidden.mT), list(cell.mT.contiguous())
    fed = torch.zeros_like(states[-1])
    attentional = []
    positions = torch.arange(len(words), device=embedded.device)
    for position, word in zip(positions.split(1), words, strict=True):
        states, cells = stack(states, cells, word, fed)
        seen = look(states[-1].mT[:, None], position)
        attentional.append(seen)
        fed = seen.mT
    return torch.stack(attentional, dim=1)
