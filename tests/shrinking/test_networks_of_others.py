"""Networks that others wrote, with branches, gates, depthwise convolutions and joined channels, half of which go."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torchvision import models

from bench import shrink
from bench.channels.structure import Structure
from tests.shrinking.making import Masks, apart, drawn, parameters, some_weights, with_zeros

SHAPE = (3, 64, 64)
PARTLY = {"efficientnet_b0", "shufflenet_v2_x0_5", "convnext_tiny"}  # which shuffle channels, or drop whole branches
NAMES = ("resnet50", "mobilenet_v2", "mobilenet_v3_small", "densenet121", "squeezenet1_1", *sorted(PARTLY))


def half_of_the_channels(module: nn.Module) -> Masks:
    """Each channel that can be followed to its end goes with this chance, and all that stands on it."""
    channels = Structure(module, SHAPE).channels
    assert channels is not None
    owners = {**channels.units, **channels.factors}
    generator = torch.Generator().manual_seed(0)
    numbers = sorted({int(number) for places in owners.values() for number in places} - channels.open)
    gone = {number for number in numbers if torch.rand((), generator=generator) < 0.5}
    masks: Masks = {}
    for name, places in owners.items():
        kept = torch.tensor([int(number) not in gone for number in places])
        for part, parameter in module.get_submodule(name).named_parameters(recurse=False):
            masks[f"{name}.{part}"] = kept.reshape(-1, *[1] * (parameter.dim() - 1)).expand(parameter.shape)
    return masks


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_networks_of_torchvision(name: str) -> None:
    module = drawn(getattr(models, name)(weights=None, num_classes=10)).double()
    masks = half_of_the_channels(module)
    smaller = shrink(module, masks, SHAPE)
    assert apart(with_zeros(module, masks), smaller, SHAPE) < 1e-9
    assert parameters(smaller) < (0.6 if name in PARTLY else 0.3) * parameters(module)
    thin = some_weights(module, 0.95)
    assert apart(with_zeros(module, thin), shrink(module, thin, SHAPE), SHAPE) < 1e-9
