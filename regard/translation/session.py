"""What one process trains with, what it says about it, and how it saves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from regard.translation.corpus import Corpus
from regard.translation.device import precision_name
from regard.translation.interruption import Interruption
from regard.translation.model import Batch, TranslationModel
from regard.translation.progress import Display, Log, Shown
from regard.translation.recipe import TrainingRecipe
from regard.translation.run import Run
from regard.translation.schedule import Costs, learning_rate, seconds_for
from regard.translation.state import Learner, Scores, Standing, Sums, save_state

DevBleu = Callable[[TranslationModel], float]


@dataclass
class Session:
    """What one process trains with.

    `seconds_before` were spent before it began; the seconds of an update run from `marked`, where
    the last update, validation or save ended.
    """

    run: Run
    settings: TrainingRecipe
    corpus: Corpus
    updates_per_epoch: int
    dev: Sequence[Batch]
    dev_bleu: DevBleu | None
    display: Display
    log: Log
    interruption: Interruption
    clock: Callable[[], float]
    began: float
    seconds_before: float
    marked: float
    saved_at: float

    def seconds(self) -> float:
        """Time since the command began, over all its continuations."""
        return self.seconds_before + self.clock() - self.began


def save(learner: Learner, session: Session) -> None:
    """Write the whole state; the log is on the disk before the state that counts on it."""
    began = session.clock()
    standing = learner.standing
    standing.seconds = session.seconds()
    standing.log_bytes = session.log.sync()
    save_state(learner, session.run.recipe, session.corpus.digest, session.run.last)
    session.marked = session.saved_at = session.clock()
    standing.save_seconds = session.saved_at - began


def say_what_begins(learner: Learner, session: Session) -> None:
    """Say what is trained, on what."""
    standing = learner.standing
    parameters = sum(parameter.numel() for parameter in learner.model.parameters())
    precision = precision_name(learner.precision)
    verb = f"Going on after update {standing.update:,}" if standing.update else "Training"
    session.display.say(
        f"{verb}: {len(session.corpus):,} pairs, {session.updates_per_epoch:,} updates an epoch; "
        f"{parameters:,} parameters, {precision} on {learner.device.type}"
    )


def why_it_ended(standing: Standing, limit: int | None) -> str:
    """What ended a finished run; `limit` is the number of updates that its recipe allows."""
    if standing.finished == "patience":
        return f"none of {standing.validations_without_better} validations was better"
    return "the time is used up" if _time_ended(standing, limit) else "all updates are done"


def how_to_extend(run: Run, standing: Standing, limit: int | None) -> str:
    """The command that gives a finished run more of what ended it; `limit` as in `why_it_ended`."""
    training = run.recipe.training
    longer = f"To train it longer, for example: regard train --resume {run.folder}"
    if standing.finished == "patience":
        return f"{longer} --set training.patience={2 * training.patience}"
    if _time_ended(standing, limit):
        return f"{longer} --for {2 * math.ceil(training.seconds)}s (the time in all)"
    key = "updates" if limit == training.updates else "epochs"
    return f"{longer} --set training.{key}={2 * getattr(training, key)}"


def _time_ended(standing: Standing, limit: int | None) -> bool:
    """Whether the clock ended a run, or a plan that turned its time into fewer updates."""
    return standing.finished == "seconds" or standing.plan.updates != limit


def log_training(learner: Learner, session: Session) -> None:
    """Write what the updates since the last such line were like, and forget it."""
    standing, sums = learner.standing, learner.standing.since_log
    # Not the optimiser's: that one has none yet where a run goes on only to end.
    rate = learning_rate(session.settings, standing.plan, standing.update - 1, standing.epoch)
    tokens = max(1, sums.tokens)
    guided = bool(session.settings.guided_alignment)
    of_links = {"alignment_nats_per_piece": sums.alignment_nats / tokens} if guided else {}
    session.log.write(
        "training",
        update=standing.update,
        epoch=standing.epoch,
        loss_nats_per_piece=sums.nats / tokens,
        **of_links,
        gradient_norm=sums.gradient_norms / max(1, sums.used),
        learning_rate=rate,
        target_tokens_per_s=round(sums.tokens / max(1e-9, sums.seconds), 1),
        skipped_updates=standing.skipped,
        seconds=round(standing.seconds, 3),
    )
    standing.since_log = Sums()


def progress_now(standing: Standing, session: Session) -> Shown:
    """What the progress display says now."""
    sums = standing.since_log if standing.since_log.tokens else standing.since_plan
    left = []
    if session.settings.seconds:
        left.append(session.settings.seconds - standing.seconds)
    if standing.plan.updates is not None and standing.since_plan.updates:
        left.append(_seconds_left(standing.plan.updates, standing))
    return Shown(
        update=standing.update,
        updates=standing.plan.updates,
        epoch=standing.epoch,
        loss_nats_per_piece=sums.nats / max(1, sums.tokens),
        target_tokens_per_s=sums.tokens / max(1e-9, sums.seconds),
        seconds=standing.seconds,
        seconds_left=min(left, default=None),
        scores=f"dev {in_words(standing.latest)}" if standing.latest else "",
    )


def _seconds_left(updates: int, standing: Standing) -> float:
    """What the rest of `updates` updates takes at the speed since the last plan."""
    since = standing.since_plan
    costs = Costs(since.seconds / since.updates, standing.validation_seconds, standing.save_seconds)
    since_validation = standing.update - standing.validated_at
    return seconds_for(
        updates - standing.update, costs, since_validation, standing.plan.validate_every
    )


def best_in_words(standing: Standing) -> str:
    """The best so far, to end a sentence with; nothing before the first validation."""
    if standing.best is None:
        return ""
    return f"; best on dev at update {standing.best.update:,}: {in_words(standing.best.scores)}"


def in_words(scores: Scores) -> str:
    """Scores on dev, for people."""
    bleu = "" if scores.bleu is None else f", BLEU {scores.bleu:.1f}"
    return f"{scores.loss_nats_per_piece:.3f} nats a piece{bleu}"
