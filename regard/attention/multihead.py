"""Multi-head attention of Vaswani 2017, for self-attention and for looking at a source.

    MultiHead(Q, K, V) = Concat(head_1 .. head_h) W_O
    head_i             = Attention(Q W_i_Q, K W_i_K, V W_i_V)

Letters: B sentences, Q queries, K keys, H heads, D size of a head, N = H D size of the model.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from regard.attention.attend import attend
from regard.attention.hook import AttentionLayer, Site
from regard.attention.normalise import NORMALISERS
from regard.attention.scope import SCOPES, Place, Reach
from regard.attention.score import SCORES
from regard.attention.windows import Windows

SELF_SCOPES = ("everything", "causal", "window")


class MultiHeadAttention(AttentionLayer):
    """Several scaled dot attentions side by side, each over its own part of the state.

    Nobody watching, and with the softmax, PyTorch's fused attention runs; otherwise, and within a
    window, the steps of `attend`. The two agree to 1e-6.

    Raises ValueError for sizes that the heads do not divide, and for names that do not exist.
    """

    def __init__(
        self,
        size: int,
        heads: int,
        *,
        scope: str = "everything",
        normaliser: str = "softmax",
        width: int = 256,
        site: str = "self",
    ) -> None:
        super().__init__(site)
        if size % heads:
            raise ValueError(f"{heads} heads do not divide a size of {size}")
        if width < 1:
            raise ValueError(f"a window of {width} keys sees nothing; it needs 1 or more")
        if scope not in SELF_SCOPES:
            raise ValueError(f"no scope {scope!r} here; there are {', '.join(SELF_SCOPES)}")
        if normaliser not in NORMALISERS:
            raise ValueError(f"no normaliser {normaliser!r}; there are {', '.join(NORMALISERS)}")
        self.heads, self.scope_name, self.normaliser, self.width = heads, scope, normaliser, width
        self.query = nn.Linear(size, size)
        self.key = nn.Linear(size, size)
        self.value = nn.Linear(size, size)
        self.out = nn.Linear(size, size)

    def forward(
        self,
        queries: Float[Tensor, "B Q N"],
        keys: Float[Tensor, "B K N"],
        lengths: Int[Tensor, " B"],
        first: int = 0,
    ) -> Float[Tensor, "B Q N"]:
        """Look from `queries`, the first of them at position `first`, at the keys of each sentence.

        Keys are padded on the right; `lengths` counts those that are there.
        """
        query = self.split(self.query(queries))
        key, value = self.split(self.key(keys)), self.split(self.value(keys))
        position = torch.arange(first, first + queries.shape[1], device=queries.device)
        place = Place(queries, position, lengths, keys.shape[1])
        reach = SCOPES[self.scope_name].reach(place, self.width, {})
        fused = self.normaliser == "softmax" and reach.keys is None
        if fused and not self.step_by_step:
            context = functional.scaled_dot_product_attention(
                query, key, value, attn_mask=reach.mask[:, None]
            )
        else:
            context = self.attend_in_steps(query, key, value, reach)
        return self.out(context.transpose(1, 2).flatten(2))

    def attend_in_steps(
        self,
        query: Float[Tensor, "B H Q D"],
        key: Float[Tensor, "B H K D"],
        value: Float[Tensor, "B H K D"],
        reach: Reach,
    ) -> Float[Tensor, "B H Q D"]:
        """Scores, weights, context, with the hook asked in between."""
        sentences, heads = query.shape[:2]
        if reach.keys is not None:
            slots = reach.keys.repeat_interleave(heads, dim=0)
            key, value = (
                Windows(each.flatten(0, 1), slots).gathered.unflatten(0, (sentences, heads))
                for each in (key, value)
            )
        scores = SCORES["scaled dot"](query.flatten(0, 1), key.flatten(0, 1))
        site = Site(self.site, reach.keys, reach.centre, self.normaliser)
        return attend(
            scores.unflatten(0, (sentences, heads)),
            value,
            reach,
            site=site,
            hook=self.hook,
        ).context

    def split(self, states: Float[Tensor, "B K N"]) -> Float[Tensor, "B H K D"]:
        """Deal a state out to the heads."""
        return states.unflatten(-1, (self.heads, -1)).transpose(1, 2)
