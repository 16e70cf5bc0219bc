"""Every registered network, shrunk after pruning: the same outputs from fewer parameters."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from bench import shrink
from bench.models.base import build, prunable_layers
from bench.registry import registry
from tests.models.choosing import chosen
from tests.shrinking.making import Masks, apart, drawn, parameters, pruned, some_units, some_weights, with_zeros

LARGE = ("resnet-18", "resnet-32", "resnet-56", "vgg-16-bn", "wrn-28-2", "lightcnn-29", "conv-2", "conv-6")
SMALLER = {"mlgroup-flowers-cnn": (3, 20, 20), "lightcnn-9": (1, 24, 24), "lightcnn-29": (1, 24, 24)}
NAMES = [name for name in registry("network").names() if name != "file"]
VARIANTS = [(name, {}) for name in NAMES] + [
    ("resnet-20", {"shortcut": "pad"}),
    ("resnet-56", {"shortcut": "pad"}),
    ("mlp", {"sizes": (40, 30), "activation": "tanh", "head": "softmax"}),
]
EACH = [
    pytest.param(name, options, marks=[pytest.mark.long] if name in LARGE else [], id=f"{name}{'-'.join(options)}")
    for name, options in VARIANTS
]


def made(name: str, options: dict[str, object]) -> tuple[nn.Module, tuple[int, ...]]:
    shape = SMALLER.get(name) or registry("network").get(name).extra.get("home") or (1, 28, 28)
    return drawn(build(chosen(name, **options), shape, 7)), shape


def held(module: nn.Module, masks: Masks, shape: tuple[int, ...]) -> nn.Module:
    """The shrunk network, with the same outputs as the pruned one."""
    smaller = shrink(module, masks, shape)
    assert apart(with_zeros(module, masks), smaller, shape) < 1e-4
    return smaller


@pytest.mark.parametrize(("name", "options"), EACH)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_units(name: str, options: dict[str, object], share: float) -> None:
    module, shape = made(name, options)
    smaller = held(module, some_units(module, share), shape)
    assert parameters(smaller) < parameters(module) * (1 - share / 20)


@pytest.mark.parametrize(("name", "options"), EACH)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_units_with_their_batch_norms(name: str, options: dict[str, object], share: float) -> None:
    """Nothing is left of a unit that goes, so that it is taken out wherever no sum or pair needs its place."""
    module, shape = made(name, options)
    smaller = held(module, pruned(module, shape, share, "unit"), shape)
    assert parameters(smaller) < parameters(module) * (1 - share / 3)


@pytest.mark.parametrize(("name", "options"), EACH)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_channels(name: str, options: dict[str, object], share: float) -> None:
    """What is asked is what is left, in every layer whose channels can be followed."""
    module, shape = made(name, options)
    masks = pruned(module, shape, share, "channel")
    smaller = held(module, masks, shape)
    for layer in prunable_layers(smaller)[:-1]:
        rows = masks[f"{layer.name}.weight"].flatten(1).any(dim=1)
        assert layer.shape[0] == max(1, int(rows.sum()))
        if not rows.all():
            assert abs(layer.shape[0] / len(rows) - (1 - share)) <= 1.5 / len(rows) + 0.02


@pytest.mark.parametrize(("name", "options"), EACH)
@pytest.mark.parametrize("share", [0.9, 0.99])
def test_weights(name: str, options: dict[str, object], share: float) -> None:
    module, shape = made(name, options)
    smaller = held(module, some_weights(module, share), shape)
    assert parameters(smaller) <= parameters(module)


@pytest.mark.parametrize(("name", "options"), EACH)
def test_nothing_goes_of_a_network_that_is_whole(name: str, options: dict[str, object]) -> None:
    module, shape = made(name, options)
    smaller = shrink(module, None, shape)
    before, after = module.state_dict(), smaller.state_dict()
    assert list(before) == list(after)
    assert all(torch.equal(before[key], after[key]) for key in before)


@pytest.mark.parametrize(("name", "options"), EACH)
def test_a_collapsed_network_gives_its_constant(name: str, options: dict[str, object]) -> None:
    """Without any weight it is down to a channel a layer, or a pair of them, where channels can be followed."""
    module, shape = made(name, options)
    smaller = held(module, some_weights(module, 1.0), shape)
    if name != "vit-tiny":
        assert all(layer.shape[0] <= 2 for layer in prunable_layers(smaller)[:-1])


def test_the_network_of_the_forai_challenge_at_95_per_cent() -> None:
    """Units are rows of 784-1000-1000-500-200-10: 50, 50, 25 and 10 are left."""
    module = drawn(build(chosen("mlp-1000-1000-500-200"), (1, 28, 28), 10))
    smaller = held(module, some_units(module, 0.95), (1, 28, 28))
    assert [tuple(layer.weight.shape) for layer in smaller if isinstance(layer, nn.Linear)] == [
        (50, 784), (50, 50), (25, 50), (10, 25), (10, 10)
    ]  # fmt: skip
    assert parameters(smaller) == 43445
