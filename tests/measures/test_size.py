"""What is left of a network, by the numbers."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from bench import shrink
from bench.measures.size import size_of
from bench.models.base import build, multiply_adds, prunable_layers
from bench.models.layout import parameter_layout
from bench.registry import Choice
from tests.shrinking.making import drawn, pruned


def test_counts_of_a_small_network() -> None:
    module = nn.Sequential(
        OrderedDict(fc1=nn.Linear(3, 2), relu1=nn.ReLU(), fc2=nn.Linear(2, 2), relu2=nn.ReLU()),
    )
    layout = parameter_layout(module)
    tensors = {
        "fc1.weight": torch.tensor([[1.0, 0.0, 2.0], [0.0, 0.0, 0.0]]),
        "fc1.bias": torch.tensor([0.5, 0.0]),  # the second unit is gone with its bias
        "fc2.weight": torch.tensor([[3.0, 4.0], [0.0, 5.0]]),
        "fc2.bias": torch.tensor([0.0, 0.0]),  # biases that happen to be zero are there all the same
    }
    size = size_of(module, (3,), layout, layout.flatten(tensors), multiply_adds(module, (3,)))
    assert [(layer.weights, layer.kept, layer.effective) for layer in size.layers] == [(6, 2, 2), (4, 3, 1)]
    assert (size.weights, size.kept) == (10, 5)
    assert size.sparsity == 0.5
    assert size.effective_sparsity == 0.7
    assert (size.parameters, size.parameters_kept) == (14, 8)
    assert (size.multiply_adds, size.multiply_adds_kept) == (10, 5)


def test_a_network_that_branches_is_counted_by_its_paths() -> None:
    """What the shortcut of a residual network passes on stays alive when the layer beside it is empty."""

    class Beside(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(2, 2)
            self.beside = nn.Linear(2, 2)
            self.output = nn.Linear(2, 1)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            passed = self.first(inputs)
            outputs: torch.Tensor = self.output(passed + self.beside(passed))
            return outputs

    module = Beside()
    layout = parameter_layout(module)
    weights = torch.ones(layout.width)
    layout.weights(weights)["beside"].zero_()
    size = size_of(module, (2,), layout, weights, multiply_adds(module, (2,)))
    assert [layer.effective for layer in size.layers] == [4, 0, 2]
    layout.weights(weights)["first"][0] = 0  # unit 0 can now be reached by way of `beside` alone
    layout.weights(weights)["beside"][0, 1] = 1
    size = size_of(module, (2,), layout, weights, multiply_adds(module, (2,)))
    assert [layer.effective for layer in size.layers] == [2, 1, 2]
    assert size.empty_layers == ()


def test_batch_norm_that_went_with_its_unit_is_gone() -> None:
    """A shift that is left still sends, and one that happens to be zero beside weights is there."""
    module = nn.Sequential(
        OrderedDict(conv=nn.Conv2d(1, 3, 3), norm=nn.BatchNorm2d(3), flatten=nn.Flatten(), output=nn.Linear(3, 2))
    )
    layout = parameter_layout(module)
    weights = layout.flatten({place.name: torch.ones(place.shape) for place in layout.places})
    views, macs = layout.views(weights), multiply_adds(module, (1, 3, 3))
    views["norm.bias"][0] = 0
    assert size_of(module, (1, 3, 3), layout, weights, macs).parameters_kept == 44
    views["conv.weight"][1] = 0
    assert size_of(module, (1, 3, 3), layout, weights, macs).parameters_kept == 44 - 9
    for vector in ("conv.bias", "norm.weight", "norm.bias"):
        views[vector][1] = 0
    assert size_of(module, (1, 3, 3), layout, weights, macs).parameters_kept == 44 - 12


def test_batch_norm_behind_a_sum_is_gone_with_the_whole_channel() -> None:
    """A wide residual network normalises sums: what is gone there is what a shrunk copy is without."""
    module = drawn(build(Choice("wrn-22-2"), (3, 8, 8), 4))
    masks = pruned(module, (3, 8, 8), 0.5, "channel")
    layout = parameter_layout(module)
    weights = layout.flatten({name: parameter.detach() for name, parameter in module.named_parameters()})
    weights = weights * layout.flatten({name: mask.float() for name, mask in masks.items()})
    size = size_of(module, (3, 8, 8), layout, weights, multiply_adds(module, (3, 8, 8)))
    smaller = shrink(module, masks, (3, 8, 8))
    unheard = size.kept - sum(layer.weights for layer in prunable_layers(smaller))
    assert size.parameters_kept - unheard == sum(parameter.numel() for parameter in smaller.parameters())
