"""What the tables' numbers mean, in the words that stand beside them."""

from __future__ import annotations

import textwrap

from benchmarks.ladder.rows import (
    EPOCHS,
    HEADLINE_EPOCHS,
    HEADLINE_SECONDS,
    LONGER_EPOCHS,
    LONGER_RADIUS,
    RADIUS,
)
from benchmarks.ladder.speed import UPDATES, UPDATES_IN_A_TURN
from benchmarks.race.scores import TUTORIAL_BLEU

WIDTH = 105  # of a line of the documents


def _paragraph(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), WIDTH, break_on_hyphens=False)


TITLES = {
    "ladder": "Luong's tables on short sentences",
    "longer": "The same on longer sentences",
    "words": "Unknown words",
    "tutorial": "At the size of TensorFlow's tutorial",
    "headline": "The full size",
}
LENGTH_TITLE = "BLEU by the length of the source"
SPEED_TITLE = "What attention costs in training"
REPEAT_TITLE = "To repeat a row"
AER_TEXTS = {"phrasebook": "phrasebook", "gold": "Wikipedia"}
# Of a run of ten minutes on two cores, by the tutorial's own program on the same dev and test part.
TUTORIAL_FIGURES = ("1.33", "0.733", f"{TUTORIAL_BLEU:.2f}", "2,600")

SPREAD = "Of several seeds: the mean, and in brackets the least and the most."
_COST = """
    Multiplications are those that the model would not do without attention, forward, worked out
    from sizes and the mean length of the source; W_c is the layer that joins context and state,
    feeding the part of the decoder that reads what is fed back. Pieces a second and measured
    microseconds are those of training with nothing else at work, from the table of what attention
    costs."""

NOTES = {
    "ladder": _paragraph(f"""
    One LSTM layer of 256 units on each side, the encoder reading one way, 4,000 byte-pair pieces a
    side, {EPOCHS} passes over the text; of each run the weights with the best BLEU on dev. As in
    the paper, rows with attention read the source reversed and drop 0.2 of the units; where the
    encoder reads both ways nothing is reversed. `additive` is Bahdanau's score alone, in Luong's
    path: the state h_t asks, not the one before. Local rows have D = {RADIUS}: they see
    {2 * RADIUS + 1} source pieces at most. "Source seen" is the share of the source's pieces, its
    end included, that lie in the window, a mean over the pieces of the test part's references.
    AER: forced decoding, one direction; the row of a word is that of the step that predicts it, or
    of the step that reads it (input). The phrasebook's sentences are made by a grammar of everyday
    words, which is no part of the text; Wikipedia's are far from it. {_COST}"""),
    "longer": _paragraph(f"""
    German to English, captions of images; {LONGER_EPOCHS} passes over 29,000 pairs. Local rows
    have D = {LONGER_RADIUS}: they see {2 * LONGER_RADIUS + 1} source pieces at most. All else is as
    above, the source reversed, dropout 0.2."""),
    "words": _paragraph("""
    One model, which translates three times. The dictionary is made of where the model itself
    looked in the training text: for a source word the target word that it was linked to most
    often, twice at least. `<unk>` counts as one word."""),
    "tutorial": _paragraph(f"""
    The text is in the tutorial's form (small letters without accents, five marks), 5,000 words a
    side, embeddings and states of 256, the encoder reads both ways. What differs: LSTM instead of
    GRU; 128 units a direction side by side instead of 256 added up; Luong's attention (`general`)
    instead of a layer with a residual sum and normalisation; the decoder begins with the encoder's
    last state; dropout 0.2; a learning rate that falls to zero; {EPOCHS} passes over the text,
    where the tutorial's program was stopped after ten minutes (2,728 updates of 64, 1.5 passes).
    No label smoothing, as there. Masked accuracy: the share of target tokens, the end included and
    padding not, that the model puts first given those before. The tutorial's figures are of its own
    program on the same parts, measured apart on a machine of the same kind."""),
    "headline": _paragraph(f"""
    8,000 byte-pair pieces a side; at most {HEADLINE_EPOCHS} passes and {HEADLINE_SECONDS / 3600:g}
    hours; ended before when 6 validations gave no better BLEU."""),
}
SPEED = _paragraph(f"""
    Microseconds a target piece, forward, backward and optimiser, {UPDATES} updates of 64 sentences.
    The row and the same model without attention (and without feeding) make the same updates in
    turn, {UPDATES_IN_A_TURN} at a time, with nothing beside them. `none` is a model beside its
    twin: what it differs by is chance.""")
REPEAT = _paragraph("""
    Same text, seed, threads and kind of processor: same bits, but for the row that has a limit of
    time. Rows of longer sentences need `--longer FOLDER`. A commit with a plus had changed
    files.""")
