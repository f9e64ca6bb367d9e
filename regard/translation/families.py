"""Every family of translation models, by the name that a recipe gives it."""

from __future__ import annotations

from regard.translation.model import TranslationModel
from regard.translation.recipe import ModelRecipe
from regard.translation.rnn import Rnn

FAMILIES = {"rnn": Rnn}


def build(
    recipe: ModelRecipe, source_size: int, target_size: int, *, shared: bool = False
) -> TranslationModel:
    """A new model as the recipe describes it, for vocabularies of these sizes.

    `shared` says that both languages have one vocabulary.
    """
    return FAMILIES[recipe.family](recipe, source_size, target_size, shared=shared)
