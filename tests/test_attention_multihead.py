"""The heads of Vaswani 2017: fused or step by step, everywhere or in a window."""

from __future__ import annotations

import math

import pytest
import torch

from regard.attention import Hook, MultiHeadAttention, watching


@pytest.mark.parametrize("scope", ["everything", "causal"])
def test_the_fused_path_agrees_with_the_explicit_one(scope: str) -> None:
    torch.manual_seed(0)
    layer = MultiHeadAttention(12, 3, scope=scope)
    states, lengths = torch.randn(4, 9, 12), torch.tensor([9, 5, 1, 7])
    fused = layer(states, states, lengths)
    layer.explicit = True
    explicit = layer(states, states, lengths)
    torch.testing.assert_close(fused, explicit, atol=1e-6, rtol=0)
    with watching(layer, Hook()):
        assert torch.equal(layer(states, states, lengths), explicit)


def test_a_head_is_scaled_dot_attention_over_its_own_part() -> None:
    torch.manual_seed(0)
    layer = MultiHeadAttention(6, 2, scope="window", width=3)
    states, lengths = torch.randn(1, 5, 6), torch.tensor([5])
    found = layer(states, states, lengths)[0]
    query, key, value = layer.query(states)[0], layer.key(states)[0], layer.value(states)[0]
    for position in range(5):
        heads = []
        for part in (slice(0, 3), slice(3, 6)):
            near = slice(max(0, position - 2), position + 1)
            weights = torch.softmax(key[near, part] @ query[position, part] / math.sqrt(3), dim=0)
            heads.append(weights @ value[near, part])
        torch.testing.assert_close(found[position], layer.out(torch.cat(heads)))


def test_a_window_as_wide_as_the_text_is_causal_attention() -> None:
    torch.manual_seed(0)
    causal = MultiHeadAttention(6, 2, scope="causal")
    window = MultiHeadAttention(6, 2, scope="window", width=8)
    window.load_state_dict(causal.state_dict())
    states, lengths = torch.randn(3, 8, 6), torch.tensor([8, 2, 5])
    rows = torch.arange(8) < lengths[:, None]
    torch.testing.assert_close(
        window(states, states, lengths)[rows], causal(states, states, lengths)[rows]
    )


def test_heads_must_divide_the_size() -> None:
    with pytest.raises(ValueError, match="5 heads do not divide a size of 12"):
        MultiHeadAttention(12, 5)


def test_a_window_must_see_something() -> None:
    with pytest.raises(ValueError, match="a window of 0 keys sees nothing"):
        MultiHeadAttention(12, 3, scope="window", width=0)
