"""Validation: how a model in training does on dev, and the best weights so far.

It changes nothing in the training itself: the random generators and the weights are left as they
were.

The state is saved before new best weights are written. So whatever kills a process, these are never
those of an update that the saved state has not come to; and where the process did not come to write
them, the state has them and writes them when it goes on (`settle_best`).
"""

from __future__ import annotations

import math
from dataclasses import asdict

import torch

from regard.translation.checkpoint import read_checkpoint, weights_of, write_checkpoint
from regard.translation.device import autocast
from regard.translation.durable import RunError
from regard.translation.progress import clock_time
from regard.translation.recipe import TrainingRecipe
from regard.translation.run import WEIGHTS, Run
from regard.translation.session import Session, in_words, save
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
        with averaged(learner.model, learner.average), session.interruption.breakable():
            scores = _scores(learner, session)
    except KeyboardInterrupt:
        if session.interruption.at_once:
            raise
        return
    finally:
        learner.model.train()
    standing.validated_at, standing.latest = standing.update, scores
    better = standing.best is None or (
        goodness(scores, settings) > goodness(standing.best.scores, settings)
    )
    standing.validations_without_better = 0 if better else standing.validations_without_better + 1
    standing.validation_seconds = session.clock() - began
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
    if better:
        standing.best = Best(standing.update, scores)
        save(learner, session)
        keep_best(learner, session.run)
    session.marked = session.clock()
    standing.validation_seconds = session.marked - began


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


def keep_best(learner: Learner, run: Run) -> None:
    """Write the weights of now, averaged if they are, as the best of the run."""
    standing = learner.standing
    facts = {"update": standing.update, "epoch": standing.epoch, "best": asdict(standing)["best"]}
    with averaged(learner.model, learner.average):
        write_checkpoint(run.best, weights_of(learner.model), facts, WEIGHTS)


def settle_best(learner: Learner, run: Run) -> str | None:
    """Have best.safetensors hold what the state says of it, before the first update follows.

    Weights that a killed process did not come to write are written. Lost ones are done without:
    the next best are kept, and a finished run keeps the last; returns a line that says so. Raises
    `RunError` where there are best weights, but no state or not the state that they belong to.
    """
    standing, best = learner.standing, learner.standing.best
    if not run.last.exists():
        if run.best.exists():
            raise RunError(
                f"{run.folder}: has best.safetensors, but not last.safetensors, from which it goes "
                "on: put that back, or train in a new folder. It can translate as it is"
            )
        return None
    if best is None and not standing.finished:
        return None  # before the first validation, or without a dev part
    belongs, kept = best.update if best else standing.update, _kept_update(run)
    if kept == belongs:
        return None
    if best is not None and best.update == standing.update and (kept or 0) < best.update:
        keep_best(learner, run)
        return None
    if kept is None:
        standing.best = standing.finished = None
        return f"{run.best} is lost: the next best weights are kept instead"
    raise RunError(
        f"{run.best}: holds the weights of update {kept:,}, not those of update {belongs:,}, as "
        "last.safetensors says: put back the two of one moment, or delete this one"
    )


def _kept_update(run: Run) -> int | None:
    """The update whose weights are kept as the best; None if none are."""
    if not run.best.exists():
        return None
    try:
        return read_checkpoint(run.best, WEIGHTS)[1]["update"]
    except RunError as error:
        raise RunError(f"{error}; or delete it to go on without it") from error
