"""Counting the weights and multiply-adds of a network against torch's own counter, without computing anything."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bench.models.base import build, multiply_adds, prunable_layers
from bench.models.initialisations import initial_state
from tests.models.choosing import chosen


def planned(name: str, shape: tuple[int, ...], classes: int, **options: Any) -> nn.Module:
    """The network on the meta device, which costs nothing at any size."""
    with torch.device("meta"):
        return build(chosen(name, **options), shape, classes)


def started(name: str, shape: tuple[int, ...], classes: int, **options: Any) -> nn.Module:
    """The network with its initial weights, in evaluation."""
    network = build(chosen(name, **options), shape, classes)
    network.load_state_dict(initial_state(network, "torch", 0))
    return network.eval()


def weights(network: nn.Module) -> dict[str, int]:
    return {layer.name: layer.weights for layer in prunable_layers(network)}


def others(network: nn.Module) -> int:
    """The parameters that are not prunable: biases, and scale and shift of normalisations."""
    return sum(parameter.numel() for parameter in network.parameters()) - sum(weights(network).values())


def assert_counts_agree(network: nn.Module, shape: tuple[int, ...]) -> None:
    """Our multiply-adds are half of torch's operations, as a whole and by kind of layer."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.eval()(torch.zeros(1, *shape, device="meta"))
    counts = multiply_adds(network, shape)
    assert set(counts) == {layer.name for layer in prunable_layers(network)}
    assert 2 * sum(counts.values()) == counter.get_total_flops()
    by_kind = {str(operation): number for operation, number in counter.get_flop_counts()["Global"].items()}
    convolutions = sum(counts[layer.name] for layer in prunable_layers(network) if layer.kind == "conv")
    assert 2 * convolutions == by_kind.get("aten.convolution", 0)


def assert_fits(name: str, shape: tuple[int, ...], classes: int, **options: Any) -> None:
    """Takes samples of this shape and gives a finite number for each class, the output layer last."""
    network = started(name, shape, classes, **options)
    samples = torch.linspace(-1, 1, 2 * torch.Size(shape).numel()).view(2, *shape)
    with torch.no_grad():
        outputs = network(samples)
    assert outputs.shape == (2, classes)
    assert outputs.isfinite().all()
    assert not torch.equal(outputs[0], outputs[1])
    layers = prunable_layers(network)
    assert layers[-1].name == "output"
    assert layers[-1].shape[0] == classes
    if layers[0].kind == "conv":
        assert layers[0].shape[1] == shape[0]
