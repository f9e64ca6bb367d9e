"""A record with all that one can have, which the tests of records change and spoil."""

from __future__ import annotations

from typing import Any

import numpy as np

from regard.record.attention import AttentionMap, AttentionRecord, Token

SOURCE, TARGET = "gato negro", "black"
KEYS = (Token("ga", 0, 2), Token("to", 2, 4), Token("negro", 5, 10), Token("</s>", 10, 10))
QUERIES = (Token("black", 0, 5), Token("</s>", 5, 5))


def weights(*, heads: int = 3) -> np.ndarray:
    rows = np.array([[0.1, 0.2, 0.6, 0.1], [0.0, 0.0, 0.25, 0.5]], dtype=np.float32)
    return np.stack([rows * scale for scale in np.linspace(1, 0.5, heads, dtype=np.float32)])


def a_map(**changes: Any) -> AttentionMap:
    given = {"site": "cross", "weights": weights(), "query_tokens": QUERIES, "key_tokens": KEYS}
    return AttentionMap(**(given | changes))


def a_window(**changes: Any) -> AttentionMap:
    kept = np.array([[[0.0, 0.3, 0.4], [0.5, 0.2, 0.0]]], dtype=np.float32)
    return a_map(**({"site": "local", "weights": kept, "first": np.array([-1, 2])} | changes))


def a_record(**changes: Any) -> AttentionRecord:
    local = a_window(centre=np.array([0.25, 3.0], dtype=np.float32), radius=1)
    given = {
        "maps": (a_map(), local, a_map(site="s", normaliser="sigmoid", weights=np.ones((1, 2, 4)))),
        "source": SOURCE,
        "target": TARGET,
        "model": "a model",
        "settings": {"beam": 4, "alpha": 0.5, "names": ["á", None, True]},
    }
    return AttentionRecord(**(given | changes))
