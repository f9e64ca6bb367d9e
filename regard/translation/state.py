"""Everything that decides how a training goes on, in memory and in one file.

Tensors: weights, their running average, the optimiser's memory, the random generators. The rest is
a `Standing`, kept as JSON beside them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor, nn

from regard.translation.checkpoint import (
    REMEDY,
    put_weights,
    read_checkpoint,
    weights_of,
    with_prefix,
    without_prefix,
    write_checkpoint,
)
from regard.translation.device import choose_precision, precision_name
from regard.translation.durable import RunError
from regard.translation.model import TranslationModel
from regard.translation.recipe import NO_END, Recipe, TrainingRecipe
from regard.translation.run import (
    AVERAGE,
    LIMITS,
    MODEL,
    TRAINING_STATE,
    Run,
    refuse_another_recipe,
)
from regard.translation.schedule import Plan, learning_rate
from regard.translation.update import Step

OPTIMISER = "optimiser/"
RANDOM = "random/"


@dataclass(frozen=True)
class Scores:
    """How a model does on dev: plain cross-entropy in nats a piece, and BLEU in percent."""

    loss_nats_per_piece: float
    bleu: float | None


@dataclass(frozen=True)
class Best:
    """The update that did best on dev so far, and how well."""

    update: int
    scores: Scores


@dataclass
class Sums:
    """What has been trained on since the sums were last emptied.

    `used` counts the updates whose loss and gradient were numbers; the rest were skipped.
    """

    updates: int = 0
    used: int = 0
    tokens: int = 0
    nats: float = 0.0
    alignment_nats: float = 0.0
    gradient_norms: float = 0.0
    seconds: float = 0.0

    def add(self, step: Step, seconds: float) -> None:
        """Count one more update."""
        self.updates += 1
        self.seconds += seconds
        if step.finite:
            self.used += 1
            self.tokens += step.tokens
            self.nats += step.nats
            self.alignment_nats += step.alignment_nats
            self.gradient_norms += step.gradient_norm


@dataclass
class Standing:
    """Where a training stands between two updates.

    The next update takes batch `batch` of epoch `epoch`. `validated_at` is the last update that was
    tried on dev, which took `validation_seconds`. `seconds` counts from the start of the command,
    over all its continuations, and stood at `limits_began_at` when training began under its present
    limits. `since_plan` tells the speed since the budget of seconds was last turned into updates,
    without the very first update; `save_seconds` is what the save before this one took.
    """

    plan: Plan
    update: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0
    limits_began_at: float = 0.0
    best: Best | None = None
    latest: Scores | None = None
    validated_at: int = 0
    validation_seconds: float = 0.0
    validations_without_better: int = 0
    save_seconds: float = 0.0
    skipped: int = 0
    skipped_in_a_row: int = 0
    since_log: Sums = field(default_factory=Sums)
    since_plan: Sums = field(default_factory=Sums)
    log_bytes: int = 0
    finished: str | None = None


@dataclass
class Learner:
    """A model in training with all that belongs to it; `precision` as resolved on the device."""

    model: TranslationModel
    optimiser: torch.optim.Optimizer
    average: dict[str, Tensor] | None
    standing: Standing
    device: torch.device
    precision: torch.dtype


def make_optimiser(settings: TrainingRecipe, model: nn.Module) -> torch.optim.Optimizer:
    """The recipe's optimiser over the model's parameters; its rate is set at every update."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if settings.optimiser == "sgd":
        return torch.optim.SGD(parameters, lr=settings.learning_rate, fused=True)
    return torch.optim.Adam(
        parameters, lr=settings.learning_rate, betas=(0.9, settings.beta2), fused=True
    )


def make_learner(
    model: TranslationModel, settings: TrainingRecipe, plan: Plan, device: torch.device
) -> Learner:
    """A learner that has not learned anything yet; seeds the random generators."""
    model.to(device)
    average = None
    if settings.average:
        average = {name: p.detach().clone() for name, p in model.named_parameters()}
    torch.manual_seed(settings.seed)
    optimiser = make_optimiser(settings, model)
    precision = choose_precision(settings.precision, device)
    return Learner(model, optimiser, average, Standing(plan), device, precision)


def save_state(learner: Learner, recipe: Recipe, corpus_digest: str, path: Path) -> None:
    """Write a learner's whole state as one file, whole or not at all."""
    tensors = with_prefix(MODEL, weights_of(learner.model))
    tensors |= with_prefix(AVERAGE, learner.average or {})
    for number, memory in learner.optimiser.state_dict()["state"].items():
        kept = {name: value for name, value in memory.items() if isinstance(value, Tensor)}
        tensors |= with_prefix(f"{OPTIMISER}{number}/", kept)
    tensors |= with_prefix(RANDOM, _random_states(learner.device))
    facts = {
        "standing": asdict(learner.standing),
        "recipe": recipe.model_dump(),
        "corpus": corpus_digest,
        **circumstances(learner),
    }
    write_checkpoint(path, tensors, facts, TRAINING_STATE)


def load_state(learner: Learner, run: Run, corpus_digest: str) -> list[str]:
    """Put the saved state of a run into a fresh learner.

    The learner's plan, made for the run's limits, is kept when they were changed; otherwise the
    saved one is. Another patience only lets a run go on that patience had ended. Returns what a
    person should know, a line each: where the learning rate jumps, and what keeps the rest from
    being bit-identical to an unbroken run (on the CPU; elsewhere kernels may add in any order).
    Raises `RunError` when the file is damaged, or belongs to another recipe or text.
    """
    path = run.last
    tensors, facts = read_checkpoint(path, TRAINING_STATE)
    refuse_another_recipe(run, facts.get("recipe", {}), run.recipe)
    if facts.get("corpus") != corpus_digest:
        raise RunError(
            f"{run.folder}: the text in {run.corpus.name} is not the one trained on: "
            "put that back, or train in a new folder"
        )
    put_weights(learner.model, without_prefix(MODEL, tensors), path)
    averages = without_prefix(AVERAGE, tensors)
    if averages.keys() != (learner.average or {}).keys():
        raise RunError(
            f"{path}: does not hold the running average that the recipe asks for: {REMEDY}"
        )
    for name, average in (learner.average or {}).items():
        average.copy_(averages[name])
    plan = learner.standing.plan
    try:
        learner.standing = TypeAdapter(Standing).validate_python(facts["standing"])
        _load_optimiser(learner.optimiser, without_prefix(OPTIMISER, tensors))
        _set_random_states(learner.device, without_prefix(RANDOM, tensors))
    except (KeyError, ValueError, ValidationError, RuntimeError, TypeError) as error:
        reason = " ".join(repr(error).split())[:150]
        raise RunError(
            f"{path}: this regard cannot go on from it ({reason}): "
            "use the regard that wrote it, or train in a new folder"
        ) from error
    begun, now = facts["recipe"]["training"], run.recipe.training.model_dump()
    standing, said = learner.standing, []
    if any(begun.get(limit) != now[limit] for limit in LIMITS):
        said = _what_the_rate_does(standing, plan, run.recipe.training)
        standing.plan, standing.finished = plan, None
        standing.validations_without_better = 0  # what the old plan's rate no longer bettered
    elif standing.finished == "patience" and begun.get("patience") != now["patience"]:
        standing.finished = None
    return said + differences(facts, learner)


def _what_the_rate_does(standing: Standing, plan: Plan, settings: TrainingRecipe) -> list[str]:
    """A line for people when another plan makes the learning rate jump."""
    before = learning_rate(settings, standing.plan, max(0, standing.update - 1), standing.epoch)
    after = learning_rate(settings, plan, standing.update, standing.epoch)
    if math.isclose(before, after, rel_tol=0.05):
        return []
    falls = ", and falls to zero at the new end" if settings.schedule in NO_END else ""
    return [
        f"The limits are new: the learning rate goes from {before:.2g} to {after:.2g}{falls}. Dev "
        "may get worse at first; the best weights so far are kept until others are better"
    ]


def _load_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        number, _, key = name.partition("/")
        # A copy: the allocator then places it as it would in an unbroken run.
        state.setdefault(int(number), {})[key] = tensor.clone()
    whole = optimiser.state_dict()
    known = {number for group in whole["param_groups"] for number in group["params"]}
    if not state.keys() <= known:
        raise ValueError("the optimiser's memory is for other parameters")
    whole["state"] = state
    optimiser.load_state_dict(whole)


def _random_states(device: torch.device) -> dict[str, Tensor]:
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def _set_random_states(device: torch.device, states: Mapping[str, Tensor]) -> None:
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
    if device.type == "mps" and "mps" in states:
        torch.mps.set_rng_state(states["mps"])


def circumstances(learner: Learner) -> dict[str, Any]:
    """What the bits depend on beside recipe and text."""
    return {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": learner.device.type,
        "precision": precision_name(learner.precision),
    }


def differences(facts: Mapping[str, Any], learner: Learner) -> list[str]:
    """What keeps a run that goes on from the bits of an unbroken one, a line each."""
    found = [
        f"Saved with {name} {facts.get(name)}, going on with {value}: "
        "the numbers will not be bit-identical to an unbroken run's"
        for name, value in circumstances(learner).items()
        if facts.get(name) != value
    ]
    if not found and learner.device.type != "cpu":
        found.append(
            f"On {learner.device.type} the last bits may differ from an unbroken run's: "
            "the same bits are promised on the CPU"
        )
    return found
