"""Train a translation model: one loop, from the first update or from where it stopped.

    batches -> loss -> gradient -> clip -> optimiser (-> running average)
            -> now and then: dev, log, save -> stop

What an update does is a function of the state that is saved, never of the clock: a run that was
killed and went on ends with the same bits as one that was not (on the CPU, with as many threads; a
GPU adds in no fixed order). Only how many updates a budget of
seconds is worth is measured, once, and then kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import torch

from regard.translation.checkpoint import weights_of, write_checkpoint
from regard.translation.corpus import Corpus
from regard.translation.device import autocast, choose_device
from regard.translation.durable import locked, remove_leftovers
from regard.translation.interruption import interruptible
from regard.translation.model import Batch, TranslationModel
from regard.translation.progress import Display, Log, Silence, clock_time
from regard.translation.recipe import TrainingRecipe
from regard.translation.run import WEIGHTS, Run, keep_recipe
from regard.translation.schedule import (
    PROBE_SHARE,
    PROBE_UPDATES,
    first_plan,
    learning_rate,
    measured_plan,
)
from regard.translation.session import (
    DevBleu,
    Session,
    best_in_words,
    glance,
    how_to_extend,
    in_words,
    log_training,
    save,
    say_what_begins,
)
from regard.translation.state import (
    Best,
    Learner,
    Scores,
    Standing,
    load_state,
    make_learner,
)
from regard.translation.update import (
    Group,
    averaged,
    find_gradient,
    follow_average,
    groups,
    updates_per_epoch,
)

MOST_SKIPPED_IN_A_ROW = 5
SAVING_SHARE = 0.02  # at most so much of the time goes into saves that only the clock asks for


class TrainingError(ValueError):
    """A training that cannot begin or go on: what happened, and what to change."""


@dataclass(frozen=True)
class Outcome:
    """How a training ended: by "updates", "seconds", "patience", or "interrupted" (it can go on).

    `seconds` counts from the start of the command, over all its continuations.
    """

    reason: str
    update: int
    epoch: int
    seconds: float
    best: Best | None


def train(
    run: Run,
    model: TranslationModel,
    corpus: Corpus,
    dev: Sequence[Batch],
    *,
    dev_bleu: DevBleu | None = None,
    device: torch.device | None = None,
    already_spent_seconds: float = 0.0,
    display: Display | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Train a new model in its run folder, or go on where the run stopped.

    `dev` holds the dev part in batches; `dev_bleu` translates it and returns BLEU in percent; it
    should bound the length of a translation, since an untrained model does not know when to stop.
    `already_spent_seconds` is what this command has taken so far. The run's recipe is written into
    its folder once nothing is refused any more; what is refused changes nothing there. The first
    Ctrl-C saves and returns, the second raises KeyboardInterrupt. Raises `RunError` for a folder
    that is damaged, in use, foreign or on a full disk, `TrainingError` when the loss is no longer a
    number.
    """
    began = clock()
    settings = run.recipe.training
    device, display = device or choose_device(), display or Silence()
    if dev and settings.stop_by == "bleu" and dev_bleu is None:
        raise TrainingError("training.stop_by = bleu needs a function that translates dev")
    if not dev and not (settings.updates or settings.epochs or settings.seconds):
        raise TrainingError(
            "without a dev part it would never stop: set training.updates, epochs or seconds"
        )
    with locked(run.folder), interruptible() as interruption:
        remove_leftovers(run.folder)
        per_epoch = updates_per_epoch(corpus, settings)
        plan = first_plan(settings, per_epoch)
        learner = make_learner(model, settings, plan, device)
        if run.last.exists():
            for line in load_state(learner, run, corpus.digest):
                display.say(line)
        standing = learner.standing
        if standing.plan is plan:  # of a new run, or of new limits
            spent_seconds = standing.seconds + already_spent_seconds + clock() - began
            _refuse_no_time(run, standing, spent_seconds)
        keep_recipe(run)
        if standing.finished:
            how = how_to_extend(run, standing, plan)
            done = f"finished ({standing.finished}){best_in_words(standing)}"
            display.say(f"{run.folder}: {done}. {how}")
            return _outcome(standing, standing.finished)
        log = Log(run.log, standing.log_bytes)
        session = Session(
            run=run,
            settings=settings,
            corpus=corpus,
            updates_per_epoch=per_epoch,
            dev=dev,
            dev_bleu=dev_bleu,
            display=display,
            log=log,
            interruption=interruption,
            clock=clock,
            began=began,
            seconds_before=standing.seconds + already_spent_seconds,
            update_before=standing.update,
            marked=clock(),
            saved_at=clock(),
        )
        try:
            say_what_begins(learner, session)
            return _follow(learner, session)
        finally:
            log.close()


def _follow(learner: Learner, session: Session) -> Outcome:
    """The loop: stop, or one more update."""
    standing, settings = learner.standing, session.settings
    learner.model.train()
    todo = groups(session.corpus, settings, standing.epoch, standing.batch)
    # Who asks to stop is not made to wait for a look at dev; going on begins with it.
    while not session.interruption.asked:
        standing.seconds = session.seconds()
        if not standing.plan.measured and _speed_is_known(standing, settings):
            _measure(learner, session)
        reason = _reason_to_stop(standing, settings)
        if reason or standing.update % standing.plan.validate_every == 0:
            _look(learner, session)
            reason = reason or _reason_to_stop(standing, settings)
        if session.interruption.asked:
            break
        if reason:
            return _finish(learner, session, reason)
        _learn(learner, session, next(todo))
        session.display.show(lambda: glance(standing, session))
        if standing.since_log.updates >= settings.log_every:
            log_training(learner, session)
        between = max(settings.save_every_seconds, session.save_seconds / SAVING_SHARE)
        if session.clock() - session.saved_at >= between:
            save(learner, session)
    return _leave(learner, session)


def _refuse_no_time(run: Run, standing: Standing, spent: float) -> None:
    """Refuse to begin where as many seconds are `spent` as the recipe gives in all."""
    given = run.recipe.training.seconds
    if not given or spent < given:
        return
    if standing.update:
        raise TrainingError(
            f"{run.folder}: took {clock_time(spent)} so far, and {clock_time(given)} are "
            "to be the time in all: no time is left. Give more (--for)"
        )
    raise TrainingError(
        f"preparing took {clock_time(spent)} of the {clock_time(given)} "
        "given: no time is left to train in. Give more"
    )


def _reason_to_stop(standing: Standing, settings: TrainingRecipe) -> str | None:
    if standing.plan.updates is not None and standing.update >= standing.plan.updates:
        return "updates"
    if settings.patience and standing.looks_without_better >= settings.patience:
        return "patience"
    # A guard: the plan is meant to end before.
    if settings.seconds and standing.seconds + standing.look_seconds >= settings.seconds:
        return "seconds"
    return None


def _learn(learner: Learner, session: Session, group: Group) -> None:
    """One update, and the position after it."""
    standing, settings = learner.standing, session.settings
    step = find_gradient(learner.model, group.batches, settings, learner.device, learner.precision)
    if step.finite:
        rate = learning_rate(settings, standing.plan, standing.update, group.epoch)
        for parameters in learner.optimiser.param_groups:
            parameters["lr"] = rate
        learner.optimiser.step()
        standing.skipped_in_a_row = 0
    else:
        standing.skipped += 1
        standing.skipped_in_a_row += 1
    learner.optimiser.zero_grad(set_to_none=True)
    standing.update += 1
    standing.epoch, standing.batch = group.epoch, group.taken
    if learner.average is not None:
        follow_average(learner.average, learner.model, settings.average, standing.update)
    now = session.clock()
    seconds, session.marked = now - session.marked, now
    if standing.update > 1:  # the first is slower than all others
        standing.probe.add(step, seconds)
    standing.since_log.add(step, seconds)
    if standing.skipped_in_a_row >= MOST_SKIPPED_IN_A_ROW:
        raise TrainingError(
            f"update {standing.update}: the loss or its gradient is not a number, for the "
            f"{MOST_SKIPPED_IN_A_ROW}th time in a row. What was saved is whole; begin a new run "
            "with a lower training.learning_rate, or with training.precision=float32"
        )


def _look(learner: Learner, session: Session) -> None:
    """Try the model on dev, once after an update; keep it if it is the best so far.

    A Ctrl-C in between leaves everything as if nobody had looked.
    """
    standing, settings = learner.standing, session.settings
    if not session.dev or standing.looked_at == standing.update:
        return
    began = session.clock()
    learner.model.eval()
    try:
        with averaged(learner.model, learner.average):
            with session.interruption.breakable():
                scores = _score(learner, session)
            standing.looked_at, standing.latest = standing.update, scores
            better = standing.best is None or (
                goodness(scores, settings) > goodness(standing.best.scores, settings)
            )
            standing.looks_without_better = 0 if better else standing.looks_without_better + 1
            if better:
                standing.best = Best(standing.update, scores)
                _keep_best(learner, session)
    except KeyboardInterrupt:
        if session.interruption.at_once:
            raise
        return
    finally:
        learner.model.train()
    session.marked = session.clock()
    standing.look_seconds = session.marked - began
    standing.seconds = session.seconds()
    session.log.write(
        "dev",
        update=standing.update,
        epoch=standing.epoch,
        loss_nats_per_piece=scores.loss_nats_per_piece,
        bleu_percent=scores.bleu,
        best=better,
        seconds=round(standing.seconds, 3),
        look_seconds=round(standing.look_seconds, 3),
    )
    best = "  best so far" if better else ""
    where = f"update {standing.update:,}  epoch {standing.epoch + 1}"
    session.display.say(f"{where}  {clock_time(standing.seconds)}  {in_words(scores)}{best}")


@torch.no_grad()
def _score(learner: Learner, session: Session) -> Scores:
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


def _speed_is_known(standing: Standing, settings: TrainingRecipe) -> bool:
    probe = standing.probe
    enough = probe.seconds >= PROBE_SHARE * settings.seconds
    return enough and probe.updates >= PROBE_UPDATES and probe.tokens > 0


def _measure(learner: Learner, session: Session) -> None:
    """Fix, once, how many updates the seconds left are worth, and save that."""
    standing, settings, probe = learner.standing, session.settings, learner.standing.probe
    _look(learner, session)
    if session.interruption.asked:
        return
    per_epoch = session.updates_per_epoch
    tokens_per_update = (session.corpus.target_pieces + len(session.corpus)) / per_epoch
    # Batches differ in length: the slower of the two ways to count is the safe one.
    seconds_per_update = max(
        probe.seconds / probe.updates, probe.seconds / probe.tokens * tokens_per_update
    )
    standing.plan = measured_plan(
        standing.plan,
        settings,
        update=standing.update,
        seconds_left=settings.seconds - session.seconds(),
        seconds_per_update=seconds_per_update,
        seconds_per_look=standing.look_seconds,
    )
    plan = standing.plan
    session.log.write("plan", update=standing.update, **asdict(plan))
    session.display.say(
        f"At this speed {plan.updates:,} updates ({(plan.updates or 0) / per_epoch:.1f} epochs) "
        f"fit into {clock_time(settings.seconds)}; dev after every {plan.validate_every:,}"
    )
    save(learner, session)


def _keep_best(learner: Learner, session: Session) -> None:
    standing = learner.standing
    facts = {"update": standing.update, "epoch": standing.epoch, "best": asdict(standing)["best"]}
    write_checkpoint(session.run.best, weights_of(learner.model), facts, WEIGHTS)


def _leave(learner: Learner, session: Session) -> Outcome:
    save(learner, session)
    session.display.say(
        f"Saved at update {learner.standing.update:,}. "
        f"To go on: regard train --resume {session.run.folder}"
    )
    return _outcome(learner.standing, "interrupted")


def _finish(learner: Learner, session: Session, reason: str) -> Outcome:
    standing = learner.standing
    if standing.since_log.updates:
        log_training(learner, session)
    if standing.best is None:
        with averaged(learner.model, learner.average):
            _keep_best(learner, session)
    standing.finished = reason
    standing.seconds = session.seconds()
    session.log.write(
        "end", reason=reason, update=standing.update, seconds=round(standing.seconds, 3)
    )
    save(learner, session)
    why = {
        "updates": "all updates are done",
        "patience": f"no better for {standing.looks_without_better} looks at dev",
        "seconds": "the time is up",
    }
    session.display.say(
        f"Finished after update {standing.update:,}, {clock_time(standing.seconds)}: "
        f"{why[reason]}{best_in_words(standing)}"
    )
    return _outcome(standing, reason)


def _outcome(standing: Standing, reason: str) -> Outcome:
    return Outcome(reason, standing.update, standing.epoch, standing.seconds, standing.best)
