"""Train a translation model: one loop, from the first update or from where it stopped.

    batches -> loss -> gradient -> clip -> optimiser (-> running average)
            -> now and then: validation, plan, log, save -> stop

What an update does is a function of the state that is saved, never of the clock: a run that was
killed and went on ends with the same bits as one that was not (on the CPU, with as many threads; a
GPU adds in no fixed order). Only how many updates the seconds left are worth is measured, now and
then; that is saved, too, before an update follows it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import torch

from regard.translation.corpus import Corpus
from regard.translation.device import choose_device
from regard.translation.durable import locked, remove_leftovers
from regard.translation.interruption import interruptible
from regard.translation.model import Batch, TranslationModel
from regard.translation.progress import Display, Log, Silence, clock_time, time_taken
from regard.translation.recipe import TrainingRecipe
from regard.translation.run import Run, keep_recipe
from regard.translation.schedule import (
    PLANNED_UPDATES,
    Costs,
    first_plan,
    learning_rate,
    plan_the_rest,
    seconds_between_saves,
    seconds_to_next_plan,
    update_limit,
)
from regard.translation.session import (
    DevBleu,
    Session,
    best_in_words,
    how_to_extend,
    log_training,
    progress_now,
    save,
    say_what_begins,
    why_it_ended,
)
from regard.translation.state import (
    Best,
    Learner,
    Standing,
    Sums,
    load_state,
    make_learner,
)
from regard.translation.update import (
    Group,
    find_gradient,
    follow_average,
    groups,
    updates_per_epoch,
)
from regard.translation.validation import keep_best, settle_best, validate

MOST_SKIPPED_IN_A_ROW = 5


class TrainingError(ValueError):
    """A training that cannot begin or go on: what happened, and what to change."""


@dataclass(frozen=True)
class Outcome:
    """How a training ended: by "updates", "seconds", "patience", or "interrupted" (it can go on).

    A time that was given is turned into updates and ends by those; by "seconds" if it was over
    before. `seconds` counts from the start of the command, over all its continuations.
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
    if settings.guided_alignment and corpus.links is None:
        raise TrainingError("training.guided_alignment needs a text that came with links")
    with locked(run.folder), interruptible() as interruption:
        remove_leftovers(run.folder)
        per_epoch = updates_per_epoch(corpus, settings)
        plan = first_plan(settings, per_epoch)
        learner = make_learner(model, settings, plan, device)
        said = load_state(learner, run, corpus.digest) if run.last.exists() else []
        standing = learner.standing
        if standing.plan is plan:  # of a new run, or of new limits
            spent_seconds = standing.seconds + already_spent_seconds + clock() - began
            _refuse_no_time(run, standing, spent_seconds)
            standing.limits_began_at = spent_seconds
        for line in said:
            display.say(line)
        if line := settle_best(learner, run):
            display.say(line)
        keep_recipe(run)
        if standing.finished:
            limit = update_limit(settings, per_epoch)
            why, how = why_it_ended(standing, limit), how_to_extend(run, standing, limit)
            display.say(f"{run.folder}: finished ({why}){best_in_words(standing)}. {how}")
            return _outcome(standing, "interrupted" if interruption.asked else standing.finished)
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
            marked=clock(),
            saved_at=clock(),
        )
        try:
            say_what_begins(learner, session)
            return _go_on(learner, session)
        finally:
            log.close()


def _go_on(learner: Learner, session: Session) -> Outcome:
    """The loop: stop, or one more update."""
    standing, settings = learner.standing, session.settings
    learner.model.train()
    upcoming = groups(session.corpus, settings, standing.epoch, standing.batch)
    # Who asks to stop is not made to wait for a validation; going on begins with it.
    while not session.interruption.asked:
        standing.seconds = session.seconds()
        reason = _reason_to_stop(standing, settings)
        if reason or standing.update - standing.validated_at >= standing.plan.validate_every:
            validate(learner, session)
            reason = reason or _reason_to_stop(standing, settings)
        if session.interruption.asked:
            break
        if reason:
            return _finish(learner, session, reason)
        if _planning_is_due(standing, settings):
            _plan_the_rest(learner, session)
            continue  # there may be no time for another update
        _learn(learner, session, next(upcoming))
        session.display.show(lambda: progress_now(standing, session))
        if standing.since_log.updates >= settings.log_every:
            log_training(learner, session)
        between = seconds_between_saves(settings, standing.save_seconds)
        if session.clock() - session.saved_at >= between:
            save(learner, session)
    return _end_for_now(learner, session)


def _refuse_no_time(run: Run, standing: Standing, spent: float) -> None:
    """Refuse to begin where as many seconds are `spent` as the recipe gives in all."""
    given = run.recipe.training.seconds
    if not given or spent < given:
        return
    if standing.update:
        raise TrainingError(
            f"{run.folder}: took {time_taken(spent)} so far, and {time_taken(given)} are "
            "to be the time in all: no time is left. Give more (--for)"
        )
    enough = "1m" if given < 60 else f"{2 * math.ceil(given)}s"
    raise TrainingError(
        f"{time_taken(spent)} of the {time_taken(given)} given went by before the first update: "
        "no time is left to train in. The text is prepared: "
        f"regard train --resume {run.folder} --for {enough}"
    )


def _reason_to_stop(standing: Standing, settings: TrainingRecipe) -> str | None:
    if standing.plan.updates is not None and standing.update >= standing.plan.updates:
        return "updates"
    if settings.patience and standing.validations_without_better >= settings.patience:
        return "patience"
    # A guard: the plan is meant to end before.
    if settings.seconds and standing.seconds + standing.validation_seconds >= settings.seconds:
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
        standing.since_plan.add(step, seconds)
    standing.since_log.add(step, seconds)
    if standing.skipped_in_a_row >= MOST_SKIPPED_IN_A_ROW:
        raise TrainingError(
            f"update {standing.update}: the loss or its gradient is not a number, for the "
            f"{MOST_SKIPPED_IN_A_ROW}th time in a row. What was saved is whole; begin a new run "
            "with a lower training.learning_rate, or with training.precision=float32"
        )


def _planning_is_due(standing: Standing, settings: TrainingRecipe) -> bool:
    """Whether enough was trained since the last plan to tell the speed, and to save once more."""
    since = standing.since_plan
    if not settings.seconds or since.updates < PLANNED_UPDATES or not since.tokens:
        return False
    given = _seconds_given(standing, settings)
    return since.seconds >= seconds_to_next_plan(standing.plan, given, standing.save_seconds)


def _seconds_given(standing: Standing, settings: TrainingRecipe) -> float:
    """What was left of the time when training began under its present limits."""
    return settings.seconds - standing.limits_began_at


def _plan_the_rest(learner: Learner, session: Session) -> None:
    """Turn the seconds left into updates, and save that before the next update follows it."""
    standing, settings = learner.standing, session.settings
    if not standing.validated_at:  # so that it is known what a validation takes
        validate(learner, session)
        if session.interruption.asked:
            return
    first = not standing.plan.measured
    standing.plan = plan_the_rest(
        standing.plan,
        settings,
        _costs(standing, session),
        limit=update_limit(settings, session.updates_per_epoch),
        update=standing.update,
        validated_at=standing.validated_at,
        seconds_given=_seconds_given(standing, settings),
        seconds_left=settings.seconds - session.seconds(),
    )
    standing.since_plan = Sums()
    plan = standing.plan
    session.log.write("plan", update=standing.update, **asdict(plan))
    if first:
        epochs = (plan.updates or 0) / session.updates_per_epoch
        session.display.say(
            f"At this speed {plan.updates:,} updates ({epochs:.1f} epochs) fit into "
            f"{clock_time(settings.seconds)}; dev after every {plan.validate_every:,}"
        )
    save(learner, session)


def _costs(standing: Standing, session: Session) -> Costs:
    """What updates took since the last plan, and the latest validation and save."""
    since, corpus = standing.since_plan, session.corpus
    tokens_per_update = (corpus.target_pieces + len(corpus)) / session.updates_per_epoch
    # Batches differ in length: the slower of the two ways to count is the safe one.
    update_seconds = max(
        since.seconds / since.updates, since.seconds / since.tokens * tokens_per_update
    )
    return Costs(update_seconds, standing.validation_seconds, standing.save_seconds)


def _end_for_now(learner: Learner, session: Session) -> Outcome:
    """Save, because somebody asked to stop; the run can go on."""
    save(learner, session)
    session.display.say(
        f"Saved at update {learner.standing.update:,}. "
        f"To go on: regard train --resume {session.run.folder}"
    )
    return _outcome(learner.standing, "interrupted")


def _finish(learner: Learner, session: Session, reason: str) -> Outcome:
    """Save for the last time, because of what the recipe says."""
    standing = learner.standing
    if standing.since_log.updates:
        log_training(learner, session)
    if standing.best is None:
        save(learner, session)
        keep_best(learner, session.run)
    standing.finished = reason
    standing.seconds = session.seconds()
    session.log.write(
        "end", reason=reason, update=standing.update, seconds=round(standing.seconds, 3)
    )
    save(learner, session)
    why = why_it_ended(standing, update_limit(session.settings, session.updates_per_epoch))
    session.display.say(
        f"Finished after update {standing.update:,}, {clock_time(standing.seconds)}: "
        f"{why}{best_in_words(standing)}"
    )
    return _outcome(standing, "interrupted" if session.interruption.asked else reason)


def _outcome(standing: Standing, reason: str) -> Outcome:
    return Outcome(reason, standing.update, standing.epoch, standing.seconds, standing.best)
