"""Luong's translator: a stacked LSTM reads, a stacked LSTM writes and looks back.

At step t the decoder reads y_{t-1} (and with input feeding h~_{t-1}), has the state h_t, looks at
the source and predicts y_t from h~_t. Without attention it predicts from h_t, and all that it
knows of the source is the encoder's last state.

Letters: B sentences, S source pieces, L labels, N rows of a search, E size of an embedding, H size
of a state, Y layers, D directions, V vocabulary.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from regard.attention import SCOPES, LuongAttention, Source
from regard.translation.dropout import Dropout
from regard.translation.fed_decoder import write_fed
from regard.translation.lstm import LstmStack
from regard.translation.model import Batch, Loss, State, TranslationModel
from regard.translation.output_loss import output_loss
from regard.translation.recipe import ModelRecipe

FIRST_BIASES = 0.1  # they begin within ± this (Luong 2015, 4.1)


@dataclass(frozen=True)
class RnnState:
    """A decoder between two words: LSTM states, h~ of the word before, and the source.

    `stack` has the decoder's weights, put together once for all steps of a search.
    """

    hidden: Float[Tensor, "Y N H"]
    cell: Float[Tensor, "Y N H"]
    attentional: Float[Tensor, "N H"]
    source: Source | None
    written: int
    stack: LstmStack | None = None

    def select(self, rows: Int[Tensor, " X"]) -> RnnState:
        """The rows named, in that order."""
        return replace(
            self,
            hidden=self.hidden[:, rows],
            cell=self.cell[:, rows],
            attentional=self.attentional[rows],
            source=None if self.source is None else self.source.select(rows),
        )


class Rnn(TranslationModel):
    """The encoder and decoder of Luong 2015, with any of its attentions or none.

    `shared` says that both languages have one vocabulary, so that a tied model has one embedding.
    """

    def __init__(
        self, recipe: ModelRecipe, source_size: int, target_size: int, *, shared: bool = False
    ) -> None:
        super().__init__()
        hidden, layers = recipe.hidden, recipe.layers
        self.input_feeding, self.reverse_source = recipe.input_feeding, recipe.reverse_source
        self.source_embedding = nn.Embedding(source_size, recipe.embedding)
        self.target_embedding = nn.Embedding(target_size, recipe.embedding)
        directions = 2 if recipe.bidirectional else 1
        between = recipe.dropout if layers > 1 else 0.0
        self.encoder = nn.LSTM(
            recipe.embedding,
            hidden // directions,
            layers,
            batch_first=True,
            dropout=between,
            bidirectional=recipe.bidirectional,
        )
        fed = hidden if recipe.input_feeding else 0
        self.decoder = nn.LSTM(
            recipe.embedding + fed, hidden, layers, batch_first=True, dropout=between
        )
        self.attention = (
            None
            if recipe.attention == "none"
            else LuongAttention(
                hidden,
                score=recipe.attention,
                scope=recipe.scope,
                normaliser=recipe.normaliser,
                radius=recipe.radius,
                length=recipe.max_length,
                site="decoder.cross",
            )
        )
        self.dropout = Dropout(recipe.dropout)
        self.output = nn.Linear(hidden, target_size)
        initialise(self)
        if recipe.tied:
            self.output.weight = self.target_embedding.weight
            if shared:
                self.source_embedding.weight = self.target_embedding.weight

    def forward(self, batch: Batch) -> Float[Tensor, "B L V"]:
        """Logits of every label, each given the true words before it."""
        return self.predict(self.read_and_write(batch))

    def loss(self, batch: Batch, label_smoothing: float = 0.0) -> Loss:
        """The cross-entropy of the labels, summed; no logits are worked out for padding."""
        rows = batch.label_mask
        states = self.dropout(self.read_and_write(batch)[rows])
        return output_loss(
            states, self.output.weight, self.output.bias, batch.labels[rows], label_smoothing
        )

    def read_and_write(self, batch: Batch) -> Float[Tensor, "B L H"]:
        """h~ before each label, given the true words before it."""
        state = self.start(batch.source, batch.source_mask)
        embedded = self.dropout(self.target_embedding(batch.inputs))
        if not self.input_feeding:
            return self.write(embedded, state)

        source = None if state.source is None else state.source.for_steps()

        def look(top: Float[Tensor, "B 1 H"], position: Int[Tensor, " 1"]) -> Float[Tensor, "B H"]:
            if self.attention is None or source is None:
                return top[:, 0]
            return self.attention(top, source, position).attentional[:, 0]

        return write_fed(self.decoder, embedded, state.hidden, state.cell, look)

    def start(self, source: Int[Tensor, "B S"], source_mask: Bool[Tensor, "B S"]) -> RnnState:
        """Read the source in its length order, and hand the last state to the decoder."""
        lengths = source_mask.sum(dim=1)
        if self.reverse_source:
            source = reverse(source, lengths)
        embedded = self.dropout(self.source_embedding(source))
        packed = pack_padded_sequence(
            embedded, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        read, (hidden, cell) = self.encoder(packed)
        states = pad_packed_sequence(read, batch_first=True, total_length=source.shape[1])[0]
        if self.reverse_source:
            states = reverse(states, lengths)
        hidden, cell = self.bridge(hidden), self.bridge(cell)
        seen = None if self.attention is None else self.attention.prepare(states, source_mask)
        return RnnState(hidden, cell, torch.zeros_like(hidden[-1]), seen, written=0)

    def step(self, state: State, last: Int[Tensor, " N"]) -> tuple[Float[Tensor, "N V"], RnnState]:
        """Logits of the next word after `last` was written, and the state then."""
        assert isinstance(state, RnnState)
        stack = state.stack or LstmStack(self.decoder)
        word = self.dropout(self.target_embedding(last)).mT
        read = (word, state.attentional.mT) if self.input_feeding else (word,)
        hidden, cells = stack(state.hidden.mT.unbind(), state.cell.mT.unbind(), *read)
        attentional = hidden[-1].mT
        if self.attention is not None and state.source is not None:
            position = torch.tensor([state.written], device=last.device)
            attentional = self.attention(attentional[:, None], state.source, position).attentional
            attentional = attentional[:, 0]
        state = replace(
            state,
            hidden=torch.stack(hidden).mT,
            cell=torch.stack(cells).mT,
            attentional=attentional,
            written=state.written + 1,
            stack=stack,
        )
        return self.predict(attentional), state

    def write(self, embedded: Float[Tensor, "B L E"], state: RnnState) -> Float[Tensor, "B L H"]:
        """h~ after each of the words read, without input feeding: all of them at once."""
        states, _ = self.decoder(embedded, (state.hidden, state.cell))
        if self.attention is None or state.source is None:
            return states
        position = torch.arange(embedded.shape[1], device=embedded.device)
        return self.attention(states, state.source, position).attentional

    def predict(self, attentional: Float[Tensor, "*N H"]) -> Float[Tensor, "*N V"]:
        """p(y_t | y_<t, x) = softmax(W_s h~_t), as logits   (Luong 2015, eq. 6)."""
        return self.output(self.dropout(attentional))

    def bridge(self, last: Float[Tensor, "_ B _"]) -> Float[Tensor, "Y B H"]:
        """The encoder's last state for each layer of the decoder, both directions side by side."""
        layers = self.decoder.num_layers
        by_direction = last.unflatten(0, (layers, -1)).transpose(1, 2)
        return by_direction.flatten(2).contiguous()


def reverse(
    rows: Int[Tensor, "B S"] | Float[Tensor, "B S H"], lengths: Int[Tensor, " B"]
) -> Tensor:
    """Turn the words of each sentence round; `</s>` stays last, padding where it is.

    Doing it twice gives the order of the text again.
    """
    place = torch.arange(rows.shape[1], device=rows.device).expand(len(lengths), -1)
    turned = lengths[:, None] - 2 - place
    place = torch.where(turned >= 0, turned, place)
    return rows.gather(1, place if rows.dim() == 2 else place[..., None].expand_as(rows))


def initialise(model: Rnn) -> None:
    """Uniform in [-0.1, 0.1] as in Luong 2015; weights wider where there are fewer units than its.

    A sum over n inputs grows as sqrt(n), so sqrt(10 / n) keeps what the paper's layers begin with.
    Weights of a scope that are to begin at 0 do. Without attention the last state must carry the
    whole source: there forget gates begin open, and all other biases at 0 (docs/why.md).
    """
    spread = math.sqrt(10 / model.decoder.hidden_size)
    at_zero = () if model.attention is None else SCOPES[model.attention.scope_name].begin_at_zero
    for name, parameter in model.named_parameters():
        if model.attention is None and "bias" in name:
            nn.init.zeros_(parameter)
        elif name.rpartition(".")[2] not in at_zero:
            bound = FIRST_BIASES if "bias" in name else spread
            nn.init.uniform_(parameter, -bound, bound)
    if model.attention is None:
        for lstm in (model.encoder, model.decoder):
            open_forget_gates(lstm)


def open_forget_gates(lstm: nn.LSTM) -> None:
    """Give the forget gates of an LSTM, all of whose biases are 0, a bias of 1."""
    for name, bias in lstm.named_parameters():
        if name.startswith("bias_ih"):
            nn.init.ones_(bias.detach()[lstm.hidden_size : 2 * lstm.hidden_size])
