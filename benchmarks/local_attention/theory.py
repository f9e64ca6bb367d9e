"""What a look costs by its equations, for the score `general`.

    scores    h_t W_a, then a product with every key seen
    local-p   W_p h_t and v_p, for the centre
    context   every key seen, weighted

N is the size of h and of the keys, K the keys seen: all S, or the 2 D + 1 slots of a window.
"""

from __future__ import annotations

BYTES_OF_A_NUMBER = 4


def keys_seen(scope: str, length: float, radius: int) -> float:
    """K, those outside the sentence too: a window is worked out whole."""
    return length if scope == "everything" else 2 * radius + 1


def of_general(size: int, keys: float) -> float:
    """Multiplications of h_t W_a, and of a product with every key."""
    return size * size + keys * size


def of_scope(scope: str, size: int) -> float:
    """Multiplications of W_p h_t and v_p, where the centre is predicted."""
    return size * size + size if scope == "local-p" else 0


def multiplications(work: str, scope: str, length: int, size: int, radius: int) -> float:
    """Those of a target word. Backward takes two products for each one; tanh is not counted."""
    keys = keys_seen(scope, length, radius)
    forward = of_general(size, keys) + of_scope(scope, size) + keys * size
    return {"writing": forward, "training": 3 * forward}[work]


def numbers_held(work: str, scope: str, length: int, size: int, radius: int) -> float:
    """The least that must be there at once for a target word, without keys, query and results.

    Writing: h_t W_a, scores, weights and, for local-p, the Gaussian. Training, as the scores'
    gradient is found: h_t W_a and its gradient, the weights, their gradient and the scores', and
    for local-p the Gaussian and tanh(W_p h_t).
    """
    keys = keys_seen(scope, length, radius)
    gaussian, hidden = (keys, size) if scope == "local-p" else (0, 0)
    return {
        "writing": size + 2 * keys + gaussian,
        "training": 2 * size + 3 * keys + gaussian + hidden,
    }[work]
