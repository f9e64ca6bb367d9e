"""The attentional layer of Luong, Pham and Manning 2015, global and local.

    a_t  = align(h_t, hbar_s)              eq. 7, within the scope
    c_t  = sum_s a_t(s) hbar_s
    h~_t = tanh(W_c [c_t ; h_t])           eq. 5, no bias

Letters: B sentences (or rows of a search), Q target positions, S source positions, N size of h, M
size of hbar, K keys or slots of a window, W slots alone, R rows of a search, X rows chosen of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from regard.attention.attend import Attended, attend
from regard.attention.hook import AttentionLayer, Site
from regard.attention.normalise import NORMALISERS
from regard.attention.scope import SCOPES, Place
from regard.attention.score import SAME_SIZE, SCORES, Sizes
from regard.attention.shared import SharedKeys
from regard.attention.windows import Windows


@dataclass(frozen=True)
class Source:
    """What attention needs of source sentences, made once: keys, and what the score made of them.

    `owner` names the sentence of each row of a search; None: row n reads sentence n. Rows come and
    go without a copy of any key: a window is gathered from where it is, and `row_keys` copies only
    when the rows' sentences have changed. `shared` has what the score made, and the keys, as the
    steps of a loop share them (`for_steps`): row n reads sentence n there.
    """

    keys: Float[Tensor, "B S M"]
    prepared: Float[Tensor, "B S _"]
    lengths: Int[Tensor, " B"]
    owner: Int[Tensor, " R"] | None = None
    shared: tuple[SharedKeys, SharedKeys] | None = None

    def for_steps(self) -> Source:
        """The same source for a loop over target words: gradients of its keys are found at once.

        What is made of it serves one pass forward and backward. Where rows were selected, each gets
        a copy of its sentence.
        """
        source = Source(self.row_keys, self.row_prepared, self.row_lengths)
        keys = SharedKeys(source.keys)
        prepared = keys if source.prepared is source.keys else SharedKeys(source.prepared)
        return replace(source, shared=(prepared, keys))

    def select(self, rows: Int[Tensor, " X"]) -> Source:
        """The sources of the rows named."""
        before = torch.arange(len(self.lengths), device=rows.device)
        before = before if self.owner is None else self.owner
        owner = before[rows]
        if torch.equal(owner, before):
            return self
        return replace(self, owner=owner, shared=None)  # what is shared knows no owner

    @cached_property
    def row_lengths(self) -> Int[Tensor, " R"]:
        """The length of each row's sentence."""
        return self.lengths if self.owner is None else self.lengths[self.owner]

    @cached_property
    def row_keys(self) -> Float[Tensor, "R S M"]:
        """The keys of each row's sentence."""
        return self.keys if self.owner is None else self.keys[self.owner]

    @cached_property
    def row_prepared(self) -> Float[Tensor, "R S _"]:
        """What the score made of them."""
        if self.prepared is self.keys:
            return self.row_keys
        return self.prepared if self.owner is None else self.prepared[self.owner]

    def windows(self, slots: Int[Tensor, "R Q W"]) -> tuple[Windows, Windows]:
        """What each row's windows hold of what the score made, and of the keys."""
        if self.shared is None:
            keys = Windows(self.keys, slots, self.owner)
            return keys if self.prepared is self.keys else replace(keys, keys=self.prepared), keys
        prepared, values = self.shared
        keys = values.windows(slots)
        return keys if prepared is values else prepared.windows(slots), keys


class Looked(NamedTuple):
    """The attentional state h~ of every query, and the weights that led to it."""

    attentional: Float[Tensor, "B Q N"]
    weights: Float[Tensor, "B Q K"]


class LuongAttention(AttentionLayer):
    """Every score, in every scope that the paper defines for it.

    `radius` is the paper's D: local attention sees up to 2 D + 1 keys. `length` is the longest
    source that `location` has weights for. Keys and positions are in the order of the text.

    Raises ValueError for names that do not exist and combinations that are not defined: `location`
    scores whole sentences, so it has no local form; `dot` needs states of equal size.
    """

    def __init__(
        self,
        size: int,
        *,
        key_size: int | None = None,
        score: str = "general",
        scope: str = "everything",
        normaliser: str = "softmax",
        radius: int = 10,
        length: int = 50,
        site: str = "decoder.cross",
    ) -> None:
        super().__init__(site)
        key_size = size if key_size is None else key_size
        check(score, scope, normaliser, size=size, key_size=key_size, radius=radius)
        self.score_name, self.scope_name, self.normaliser = score, scope, normaliser
        self.radius = radius
        self.score_weights = learn(SCORES[score].shapes(Sizes(size, key_size, length)))
        self.scope_weights = learn(SCOPES[scope].shapes(size), SCOPES[scope].begin_at_zero)
        self.combine = nn.Linear(key_size + size, size, bias=False)  # W_c

    def prepare(self, keys: Float[Tensor, "B S M"], key_mask: Bool[Tensor, "B S"]) -> Source:
        """Do once what depends on the source alone; keys are padded on the right."""
        prepared = SCORES[self.score_name].prepare(keys, dict(self.score_weights))
        return Source(keys, prepared, key_mask.sum(dim=1))

    def forward(
        self, query: Float[Tensor, "B Q N"], source: Source, position: Int[Tensor, " Q"]
    ) -> Looked:
        """Look from the target positions named, whose decoder states are the query."""
        seen = self.look(query, source, position)
        both = torch.cat([seen.context[:, 0], query], dim=-1)
        return Looked(torch.tanh(self.combine(both)), seen.weights[:, 0])

    def look(
        self, query: Float[Tensor, "B Q N"], source: Source, position: Int[Tensor, " Q"]
    ) -> Attended:
        """Where each query looks and what it sees there, of one head: all but h~."""
        # Otherwise `matmul` with a matrix that needs no gradient may copy it for every row.
        query = query.contiguous()
        place = Place(query, position, source.row_lengths, source.keys.shape[1])
        reach = SCOPES[self.scope_name].reach(place, self.radius, dict(self.scope_weights))
        if reach.keys is None:
            if source.shared is None or self.step_by_step:
                prepared, values = source.row_prepared, source.row_keys[:, None]
            else:
                prepared, values = source.shared
        else:
            prepared, values = source.windows(reach.keys)
            if self.step_by_step:
                prepared, values = prepared.gathered, values.gathered[:, None]
        scores = SCORES[self.score_name].compare(query, prepared, dict(self.score_weights))
        site = Site(self.site, reach.keys, reach.centre, self.normaliser)
        return attend(scores[:, None], values, reach, site=site, hook=self.hook)


def learn(shapes: dict[str, tuple[int, ...]], at_zero: Sequence[str] = ()) -> nn.ParameterDict:
    """Weights of the shapes given, uniform in [-0.1, 0.1] as in the paper, or 0 if named.

    Those are drawn as well, so that the others do not depend on which they are.
    """
    learned = nn.ParameterDict(
        {
            name: nn.Parameter(torch.empty(shape).uniform_(-0.1, 0.1))
            for name, shape in shapes.items()
        }
    )
    for name in at_zero:
        nn.init.zeros_(learned[name])
    return learned


def check(
    score: str, scope: str, normaliser: str, *, size: int, key_size: int, radius: int
) -> None:
    """Refuse names that do not exist and combinations that the paper does not define."""
    for name, kind, known in (
        (score, "score", SCORES),
        (scope, "scope", SCOPES),
        (normaliser, "normaliser", NORMALISERS),
    ):
        if name not in known:
            raise ValueError(f"no {kind} {name!r}; there are {', '.join(known)}")
    if scope in ("causal", "window"):
        raise ValueError(
            f"scope {scope!r} is for self-attention: a target word has no position in the source; "
            "use everything, local-m or local-p"
        )
    if score == "location" and scope != "everything":
        raise ValueError(
            f"score 'location' with scope {scope!r} is not defined: its weights belong to the "
            "positions of a whole sentence; use scope 'everything'"
        )
    if score in SAME_SIZE and size != key_size:
        raise ValueError(
            f"score {score!r} multiplies query and key, but their sizes are {size} and {key_size}; "
            "make them equal or use 'general'"
        )
    if radius < (1 if scope == "local-p" else 0):
        raise ValueError(f"radius {radius} is too small for scope {scope!r}")
