"""Attention, in one place.

    scores   = score(query, keys)              how well they match
    mask     = scope(position, length)         where the query may look
    weights  = normalise(scores + bias, mask)  where it looks       (x the Gaussian of local-p)
    context  = weights @ values                what it sees

Everything in regard that attends comes through `attend`, and a `Hook` is asked here and nowhere
else.

Letters: B sentences, H heads, Q queries, K keys or slots of a window, D size of a value.
"""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from regard.attention.hook import Hook, Site, Values
from regard.attention.normalise import NORMALISERS
from regard.attention.scope import Reach
from regard.attention.shared import SharedKeys
from regard.attention.windows import Windows


class Attended(NamedTuple):
    """What was seen, and where it was looked for."""

    context: Float[Tensor, "B H Q D"]
    weights: Float[Tensor, "B H Q K"]


def attend(
    scores: Float[Tensor, "B H Q K"],
    values: Values | Windows | SharedKeys,
    reach: Reach,
    *,
    site: Site,
    hook: Hook | None = None,
) -> Attended:
    """Share one look out among the keys within reach, and see what is there.

    `site` names the normaliser. Without a hook, and with a hook that returns None, the same
    operations run on the same numbers: the result is the same to the bit. `Windows` and
    `SharedKeys` are for when nobody looks: a hook is shown, and may replace, values as they are.

    Raises ValueError for a normaliser that does not exist and answers of another shape.
    """
    assert hook is None or isinstance(values, Tensor), "a hook needs the values themselves"
    normalise = NORMALISERS.get(site.normaliser)
    if normalise is None:
        raise ValueError(f"no normaliser {site.normaliser!r}; there are {', '.join(NORMALISERS)}")
    bias = None if hook is None else hook.bias(site, scores)
    biased = scores if bias is None else _alike("bias", scores + bias, scores)
    weights = normalise(biased, reach.mask[:, None])
    if reach.factor is not None:
        weights = weights * reach.factor[:, None]
    if hook is not None and isinstance(values, Tensor):
        weights = _alike("weights", hook.weights(site, weights), weights)
        values = _alike("values", hook.values(site, values), values)
        hook.see(site, weights, values)
    return Attended(look(weights, values), weights)


def look(
    weights: Float[Tensor, "B H Q K"], values: Values | Windows | SharedKeys
) -> Float[Tensor, "B H Q D"]:
    """The weighted sum of the values; in a window each query has values of its own."""
    if isinstance(values, Windows | SharedKeys):
        return values.sum_up(weights.flatten(0, 1)).unflatten(0, weights.shape[:2])
    weights = weights.to(values.dtype)
    if values.dim() == weights.dim():
        return weights @ values
    return (weights[..., None, :] @ values).squeeze(-2)


def _alike(what: str, answer: Tensor | None, otherwise: Tensor) -> Tensor:
    """A hook's answer, or what there was; an answer of another shape would attend to other rows."""
    if answer is None:
        return otherwise
    if answer.shape != otherwise.shape:
        raise ValueError(
            f"a hook's {what} must fit the shape {tuple(otherwise.shape)}, "
            f"not give {tuple(answer.shape)}"
        )
    return answer
