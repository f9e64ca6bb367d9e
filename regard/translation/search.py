"""Search: find the target that a model likes best. Knows no architecture, only start, step, select.

    score = log P(target, </s>) / ((5 + n) / 6) ** length_alpha        n counts </s> (Wu 2016)

Why this penalty and not n ** alpha: it changes slowly between short lengths, where most sentences
are, so one exponent fits short and long ones; and what longer hypotheses may still gain by it is
small, so that search can stop early.

**Beam search.** At each step every live hypothesis of a sentence is continued by every piece; the
`beam` continuations with the highest log-probability are taken. Those that say `</s>` are finished,
the others live on. A beam of 1 is greedy search.

**When it stops.** A live hypothesis can only lose log-probability, and the best that length can do
for it is the penalty of the longest length allowed. If even so it could not beat the worst of the
`best` finished hypotheses kept, it is dropped: nothing it leads to would have been kept, nor have
kept out of the beam anything that would. A sentence without live hypotheses is done. So the result
is exactly that of running on to the longest length, in a fraction of the steps.

Log-probabilities are the model's own: what is forbidden (`<pad>`, `<s>`, a repeated n-gram ...) is
not shared out among the rest. Ties go to the better parent, then to the lower id, then to the
hypothesis that finished first.

Letters: B sentences, S source pieces with `</s>`, N live hypotheses of all sentences together, M
of them at the next step, V vocabulary, K continuations looked at for each (K best finished ones
kept), L pieces written so far, W width of the beam.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from regard.translation.hypothesis import Ends, Hypothesis, Trail, given, length_penalty, seeing
from regard.translation.model import BOS, EOS, PAD, UNK, Batch, TranslationModel

FORCED_PIECES = 2048  # of a batch in one pass, which holds the logits of every one
# Pieces of a side of a pair that is given: its attention grows with the product of both sides.
LONGEST_GIVEN = 1000


@dataclass(frozen=True)
class SearchSettings:
    """How to search.

    `beam` hypotheses live side by side and the `best` finished ones are kept. Lengths count target
    pieces without `</s>`; `max_length` None allows 2 S + 10 for a source of S pieces. `no_repeat` n
    forbids a run of n pieces to occur twice (0: nothing is forbidden). Pieces whose ids are in
    `forbidden` are never written. `record` keeps attention.

    Raises ValueError for what cannot be searched for.
    """

    beam: int = 5
    best: int = 1
    length_alpha: float = 0.6
    min_length: int = 0
    max_length: int | None = None
    no_repeat: int = 0
    forbid_unknown: bool = False
    forbidden: tuple[int, ...] = ()
    record: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.best <= self.beam:
            raise ValueError(
                f"best {self.best} of a beam of {self.beam}: at least 1 hypothesis can be kept, "
                "and at most as many as the beam holds"
            )
        if not 0 <= self.length_alpha < math.inf:
            raise ValueError(f"length_alpha {self.length_alpha}: must be 0 or more")
        if self.no_repeat < 0:
            raise ValueError(f"no_repeat {self.no_repeat}: must be 0 (off) or the n of an n-gram")
        longest = self.min_length if self.max_length is None else self.max_length
        if not 0 <= self.min_length <= longest:
            raise ValueError(
                f"min_length {self.min_length}, max_length {self.max_length}: lengths must be 0 or "
                "more and in this order"
            )

    def limits(self, lengths: Int[Tensor, " B"]) -> Int[Tensor, " B"]:
        """The longest target allowed for each source, given the sources' lengths with `</s>`."""
        if self.max_length is not None:
            return torch.full_like(lengths, self.max_length)
        return torch.clamp(2 * (lengths - 1) + 10, min=self.min_length)


def beam_search(
    model: TranslationModel,
    source: Int[Tensor, "B S"],
    source_mask: Bool[Tensor, "B S"],
    settings: SearchSettings | None = None,
) -> list[list[Hypothesis]]:
    """The `best` hypotheses of each sentence, best first (fewer only where there are no more).

    Raises ValueError if the model's probabilities are not numbers.
    """
    settings = settings or SearchSettings()
    lengths = source_mask.sum(1)
    trail, kept = Trail(), _Kept(settings, settings.limits(lengths))
    with at_rest(model), seeing(model, settings.record) as watcher:
        state = model.start(source, source_mask)
        rows = first_rows(torch.arange(len(source), device=source.device))
        while len(rows.last):
            logits, state = model.step(state, rows.last)
            trail.add(rows.parents, rows.last, rows.total_nats, watcher.take())
            allowed = allowed_pieces(logits, rows, kept.limits, settings)
            rows = _advance(rows, *largest(allowed, settings.beam), kept)
            state = state.select(rows.parents)
        found = iter(trail.follow(kept.ends(), lengths))
        return [[next(found) for _ in range(count)] for count in kept.counts()]


def force(
    model: TranslationModel, batch: Batch, *, length_alpha: float = 0.0, record: bool = True
) -> list[Hypothesis]:
    """What the model thinks of targets that are given, one hypothesis for each, in one pass.

    Raises ValueError if the model's probabilities are not numbers.
    """
    with at_rest(model), seeing(model, record) as watcher:
        log_probabilities = log_probabilities_of(model(batch))
        nats = log_probabilities.gather(2, batch.labels[..., None])[..., 0]
        return given(batch, nats * batch.label_mask, length_alpha, watcher.take())


def in_batches(
    lengths: Sequence[int], *, sentences: int = 64, pieces: int = 4096
) -> Iterator[list[int]]:
    """Numbers of sentences, long ones first, those of like length together.

    A batch has at most so many sentences, and so many pieces with padding (but never no sentence).
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    start = 0
    while start < len(order):
        count = max(1, min(sentences, pieces // max(1, lengths[order[start]])))
        yield order[start : start + count]
        start += count


def search_all(
    model: TranslationModel,
    sources: Sequence[Sequence[int]],
    settings: SearchSettings | None = None,
    *,
    sentences: int = 64,
) -> list[list[Hypothesis]]:
    """Beam search for any number of sources (ids without `</s>`), in their order."""

    def find(source: Tensor, source_mask: Tensor) -> list[list[Hypothesis]]:
        return beam_search(model, source, source_mask, settings)

    return find_all(find, sources, device_of(model), sentences=sentences)


def find_all(
    find: Callable[[Tensor, Tensor], list[list[Hypothesis]]],
    sources: Sequence[Sequence[int]],
    device: torch.device,
    *,
    sentences: int = 64,
) -> list[list[Hypothesis]]:
    """What `find` finds for batches of sources and their masks, in the order of the sources."""
    found: list[list[Hypothesis]] = [[] for _ in sources]
    for batch in in_batches([len(source) + 1 for source in sources], sentences=sentences):
        rows = source_rows([sources[i] for i in batch], device)
        for i, hypotheses in zip(batch, find(*rows), strict=True):
            found[i] = hypotheses
    return found


def source_rows(
    sources: Sequence[Sequence[int]], device: torch.device
) -> tuple[Int[Tensor, "B S"], Bool[Tensor, "B S"]]:
    """Sources, each with `</s>`, padded on the right; and where there is a piece."""
    width = max(map(len, sources)) + 1
    rows = torch.full((len(sources), width), PAD)
    for row, source in zip(rows, sources, strict=True):
        row[: len(source) + 1] = torch.tensor([*source, EOS])
    lengths = torch.tensor([len(source) + 1 for source in sources])
    mask = torch.arange(width) < lengths[:, None]
    return rows.to(device), mask.to(device)


def device_of(model: TranslationModel) -> torch.device:
    """Where a model's weights are."""
    parameter = next(model.parameters(), None)
    return torch.device("cpu") if parameter is None else parameter.device


@contextmanager
def at_rest(model: TranslationModel) -> Iterator[None]:
    """Nothing is learned and nothing dropped out; afterwards the model is as before."""
    training = model.training
    model.eval()
    try:
        # Not inference_mode: there, autocast would convert the weights anew at every step.
        with torch.no_grad():
            yield
    finally:
        model.train(training)


@dataclass(frozen=True)
class Rows:
    """The live hypotheses of all sentences, a row each.

    `owner` is the number of a row's sentence and `place` its place in that sentence's beam;
    `parents` are the rows of the step before that they continue, by the piece `last`.
    """

    owner: Int[Tensor, " N"]
    place: Int[Tensor, " N"]
    parents: Int[Tensor, " N"]
    last: Int[Tensor, " N"]
    total_nats: Float[Tensor, " N"]
    written: Int[Tensor, "N L"]

    @property
    def length(self) -> int:
        """Pieces written so far."""
        return self.written.shape[1]

    def after(
        self,
        parents: Int[Tensor, " M"],
        pieces: Int[Tensor, " M"],
        total_nats: Float[Tensor, " M"],
        place: Int[Tensor, " M"] | None = None,
    ) -> Rows:
        """The rows of the next step: each continues a parent by a piece."""
        written = torch.cat([self.written[parents], pieces[:, None]], dim=1)
        place = self.place[parents] if place is None else place
        return Rows(self.owner[parents], place, parents, pieces, total_nats, written)


def first_rows(owner: Int[Tensor, " N"]) -> Rows:
    """One empty hypothesis for each."""
    zeros = torch.zeros_like(owner)
    written = owner.new_empty(len(owner), 0)
    return Rows(owner, zeros, owner, torch.full_like(owner, BOS), zeros.float(), written)


class _Kept:
    """The best finished hypotheses of each sentence, and what it takes to be better."""

    def __init__(self, settings: SearchSettings, limits: Int[Tensor, " B"]) -> None:
        self.settings, self.limits = settings, limits
        empty = limits[:, None].expand(-1, settings.best)
        self._table = {
            "step": torch.zeros_like(empty),
            "row": torch.zeros_like(empty),
            "total_nats": torch.zeros_like(empty, dtype=torch.float32),
            "score": torch.full_like(empty, -math.inf, dtype=torch.float32),
        }

    def add(
        self,
        ended: Bool[Tensor, "B W"],
        step: int,
        rows: Int[Tensor, "B W"],
        totals: Float[Tensor, "B W"],
    ) -> None:
        """Let what ended compete with what was kept."""
        score = totals / length_penalty(torch.full_like(rows, step + 1), self.settings.length_alpha)
        new = {
            "step": torch.full_like(rows, step),
            "row": rows,
            "total_nats": totals,
            "score": score.masked_fill(~ended, -math.inf),
        }
        both = {name: torch.cat([old, new[name]], dim=1) for name, old in self._table.items()}
        order = both["score"].sort(dim=1, descending=True, stable=True).indices
        order = order[:, : self.settings.best]
        self._table = {name: values.gather(1, order) for name, values in both.items()}

    def hopeful(self, totals: Float[Tensor, "B W"]) -> Bool[Tensor, "B W"]:
        """True for each live hypothesis that may still become better than the worst one kept."""
        most = length_penalty(self.limits + 1, self.settings.length_alpha)
        return totals / most[:, None] > self._table["score"][:, -1:]

    def ends(self) -> Ends:
        """All that is kept, sentence by sentence, best first."""
        full = self._table["score"] > -math.inf
        sentence, _ = full.nonzero(as_tuple=True)
        table = {name: values[full] for name, values in self._table.items()}
        return Ends(sentence, cut=table["step"] == self.limits[sentence], **table)

    def counts(self) -> list[int]:
        """How many are kept of each sentence."""
        return (self._table["score"] > -math.inf).sum(1).tolist()


def _advance(
    rows: Rows, values: Float[Tensor, "N K"], pieces: Int[Tensor, "N K"], kept: _Kept
) -> Rows:
    """Take each sentence's best continuations; keep what ended, go on with what may get better."""
    beam, count = kept.settings.beam, values.shape[1]
    wide = values.new_full((len(kept.limits), beam, count), -math.inf)
    wide[rows.owner, rows.place] = rows.total_nats[:, None] + values
    row_at = rows.owner.new_zeros(len(kept.limits), beam)
    row_at[rows.owner, rows.place] = torch.arange(len(rows.last), device=values.device)
    totals, order = wide.flatten(1).sort(dim=1, descending=True, stable=True)
    totals, order = totals[:, :beam], order[:, :beam]
    parents = row_at.gather(1, order // count)
    taken = pieces[parents, order % count]
    possible = totals > -math.inf
    ended = possible & (taken == EOS)
    if ended.any():
        kept.add(ended, rows.length, parents, totals)
    lives = possible & ~ended & kept.hopeful(totals)
    place = (lives.cumsum(1) - 1)[lives]
    return rows.after(parents[lives], taken[lives], totals[lives], place)


def log_probabilities_of(logits: Float[Tensor, "*rows V"]) -> Float[Tensor, "*rows V"]:
    """A new tensor, which may be written to. (torch's logsumexp takes four times as long.)"""
    log_probabilities = logits.float().log_softmax(-1)
    if log_probabilities[..., EOS].isnan().any():
        raise ValueError(
            "the model's probabilities are not numbers (NaN or infinite logits); its weights are "
            "damaged or its training diverged: use an earlier checkpoint"
        )
    return log_probabilities


def allowed_pieces(
    logits: Float[Tensor, "N V"], rows: Rows, limits: Int[Tensor, " B"], settings: SearchSettings
) -> Float[Tensor, "N V"]:
    """Log-probabilities of every continuation, -inf for those that are not allowed."""
    allowed = log_probabilities_of(logits)
    end = allowed[:, EOS].clone()
    unknown = [UNK] if settings.forbid_unknown else []
    allowed[:, [PAD, BOS, *unknown, *settings.forbidden]] = -math.inf
    if rows.length < settings.min_length:
        allowed[:, EOS] = -math.inf
    must_end = rows.length >= limits[rows.owner]
    if 0 < settings.no_repeat <= rows.length:
        allowed.scatter_(1, _repeating(rows.written, settings.no_repeat), -math.inf)
        must_end = must_end | (allowed.amax(1) == -math.inf)
    if must_end.any():
        allowed[must_end] = -math.inf
        allowed[must_end, EOS] = end[must_end]
    return allowed


def _repeating(written: Int[Tensor, "N L"], n: int) -> Int[Tensor, "N R"]:
    """Pieces that would complete a run of n a second time; `PAD`, which is forbidden, for none."""
    runs = written.unfold(1, n, 1)
    latest = written[:, written.shape[1] - n + 1 :]
    return torch.where((runs[..., :-1] == latest[:, None]).all(-1), runs[..., -1], PAD)


def largest(
    values: Float[Tensor, "N V"], count: int
) -> tuple[Float[Tensor, "N K"], Int[Tensor, "N K"]]:
    """The largest of each row, largest first, of equal ones those that come first."""
    count = min(count, values.shape[1])
    wider = min(2 * count + 8, values.shape[1])
    top, places = values.topk(wider)
    if wider < values.shape[1]:
        # topk does not say which of equal values it takes, and in half precision many are equal:
        # where a tie may go on outside of what it took, and only there, the row is sorted.
        tied = (top[:, count - 1] == top[:, -1]) & (top[:, -1] > -math.inf)
        if tied.any():
            top[tied], places[tied] = (
                part[:, :wider] for part in values[tied].sort(descending=True, stable=True)
            )
    # topk says nothing of the order of equal values either: by place, then stably by value.
    places, order = places.sort(1)
    top, again = top.gather(1, order).sort(dim=1, descending=True, stable=True)
    return top[:, :count], places.gather(1, again[:, :count])
