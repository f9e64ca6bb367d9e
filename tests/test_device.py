"""Where and how precisely: what is there is chosen, what is not is refused by name."""

from __future__ import annotations

import pytest
import torch

from regard.translation.device import (
    autocast,
    choose_device,
    choose_precision,
    has_bfloat16,
    precision_name,
)

CPU = torch.device("cpu")


def test_auto_is_a_device_that_works() -> None:
    device = choose_device()
    assert float(torch.ones(3, device=device).sum()) == 3
    assert choose_device("cpu") == CPU


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "meta"])
def test_a_device_that_is_not_there_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=f"device {name}: "):
        choose_device(name)


def test_auto_precision_follows_the_hardware() -> None:
    expected = torch.bfloat16 if has_bfloat16(CPU) else torch.float32
    assert choose_precision("auto", CPU) == expected
    assert choose_precision("bfloat16", CPU) == torch.bfloat16
    assert choose_precision("float32", CPU) == torch.float32
    with pytest.raises(ValueError, match="precision half: write auto, float32 or bfloat16"):
        choose_precision("half", CPU)


def test_a_precision_has_the_name_that_it_is_chosen_by() -> None:
    for name in ("float32", "bfloat16"):
        assert precision_name(choose_precision(name, CPU)) == name


def test_products_are_worked_out_in_the_precision_asked_for() -> None:
    product = torch.nn.Linear(3, 2)
    with autocast(CPU, torch.bfloat16):
        assert product(torch.ones(1, 3)).dtype == torch.bfloat16
    with autocast(CPU, torch.float32):
        assert product(torch.ones(1, 3)).dtype == torch.float32
