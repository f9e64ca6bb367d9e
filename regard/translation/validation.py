"""Validation: how a model in training does on dev, and the best weights so far.

It changes nothing in the training itself: the random generators and the weights are left as they
were.
"""

from __future__ import annotations

import math
from dataclasses import asdict

import torch

from regard.translation.checkpoint import weights_of, write_checkpoint
from regard.translation.device import autocast
from regard.translation.progress import clock_time
from regard.translation.recipe import TrainingRecipe
from regard.translation.run import WEIGHTS
from regard.translation.session import Session, in_words
from regard.translation.state import Best, Learner, Scores
from regard.translation.update import averaged


def validate(learner: Learner, session: Session) -> None:
    """Try the model on dev, once after an update; keep it if it is the best so far.

    A Ctrl-C in between leaves everything as it was before.
    """
    standing, settings = learner.standing, session.settings
    if not session.dev or standing.validated_at == standing.update:
        return
    began = session.clock()
    learner.model.eval()
    try:
        with averaged(learner.model, learner.average):
            with session.interruption.breakable():
                scores = _scores(learner, session)
            standing.validated_at, standing.latest = standing.update, scores
            better = standing.best is None or (
                goodness(scores, settings) > goodness(standing.best.scores, settings)
            )
            standing.validations_without_better += 1
            if better:
                standing.validations_without_better = 0
                standing.best = Best(standing.update, scores)
                keep_best(learner, session)
    except KeyboardInterrupt:
        if session.interruption.at_once:
            raise
        return
    finally:
        learner.model.train()
    session.marked = session.clock()
    standing.validation_seconds = session.marked - began
    standing.seconds = session.seconds()
    session.log.write(
        "validation",
        update=standing.update,
        epoch=standing.epoch,
        loss_nats_per_piece=scores.loss_nats_per_piece,
        bleu_percent=scores.bleu,
        best=better,
        seconds=round(standing.seconds, 3),
        validation_seconds=round(standing.validation_seconds, 3),
    )
    best = "  best so far" if better else ""
    where = f"update {standing.update:,}  epoch {standing.epoch + 1}"
    session.display.say(f"{where}  {clock_time(standing.seconds)}  {in_words(scores)}{best}")


@torch.no_grad()
def _scores(learner: Learner, session: Session) -> Scores:
    """How the model does on dev; the random generators are left as they were."""
    devices = [learner.device] if learner.device.type == "cuda" else []
    with torch.random.fork_rng(devices), autocast(learner.device, learner.precision):
        nats, tokens = 0.0, 0
        for batch in session.dev:
            loss = learner.model.loss(batch.to(learner.device), 0.0)
            nats += float(loss.nats)
            tokens += loss.tokens
        bleu = session.dev_bleu(learner.model) if session.dev_bleu else None
    return Scores(nats / tokens, bleu)


def goodness(scores: Scores, settings: TrainingRecipe) -> tuple[float, float]:
    """What the best model has most of: BLEU, then a low loss; or a low loss alone."""
    loss = scores.loss_nats_per_piece
    low_loss = -loss if math.isfinite(loss) else -math.inf
    if settings.stop_by == "bleu" and scores.bleu is not None:
        return scores.bleu, low_loss
    return low_loss, 0.0


def keep_best(learner: Learner, session: Session) -> None:
    """Write the weights that the model has now as the best of the run."""
    standing = learner.standing
    facts = {"update": standing.update, "epoch": standing.epoch, "best": asdict(standing)["best"]}
    write_checkpoint(session.run.best, weights_of(learner.model), facts, WEIGHTS)
