"""What is left of a network, counted from its zeros, and what of it can still carry a signal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bench.channels.structure import norms_after
from bench.measures.paths import live_weights
from bench.models.layout import Layout


@dataclass(frozen=True)
class LayerSize:
    name: str
    kind: str
    weights: int
    kept: int
    effective: int  # kept, and on a path from the inputs to the outputs
    multiply_adds: int  # of the whole layer, for one sample


@dataclass(frozen=True)
class Size:
    """Counts over a whole network. Prunable are the weights of linear and convolutional layers, never biases."""

    layers: tuple[LayerSize, ...]
    parameters: int
    parameters_kept: int

    @property
    def weights(self) -> int:
        return sum(layer.weights for layer in self.layers)

    @property
    def kept(self) -> int:
        return sum(layer.kept for layer in self.layers)

    @property
    def sparsity(self) -> float:
        return 1 - self.kept / self.weights

    @property
    def effective_sparsity(self) -> float:
        return 1 - sum(layer.effective for layer in self.layers) / self.weights

    @property
    def multiply_adds(self) -> int:
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def multiply_adds_kept(self) -> int:
        return sum(round(layer.multiply_adds * layer.kept / layer.weights) for layer in self.layers)

    @property
    def empty_layers(self) -> tuple[str, ...]:
        return tuple(layer.name for layer in self.layers if layer.kept == 0)


def size_of(
    module: nn.Module, shape: tuple[int, ...], layout: Layout, weights: Tensor, multiply_adds: Mapping[str, int]
) -> Size:
    """Count what a flat buffer holds, for samples of a shape."""
    matrices = layout.weights(weights)
    live = live_weights(module, shape, matrices)
    layers = tuple(
        LayerSize(
            name=layer.name,
            kind=layer.kind,
            weights=matrices[layer.name].numel(),
            kept=int(torch.count_nonzero(matrices[layer.name])),
            effective=int(torch.count_nonzero(live[layer.name])),
            multiply_adds=multiply_adds[layer.name],
        )
        for layer in layout.layers
    )
    parameters = sum(place.size for place in layout.places)
    pruned = sum(layer.weights - layer.kept for layer in layers)
    return Size(layers, parameters, parameters - pruned - _dead_companions(module, shape, layout, weights))


def _dead_companions(module: nn.Module, shape: tuple[int, ...], layout: Layout, weights: Tensor) -> int:
    """Biases, and factors and shifts of batch norm, that went with their whole unit: zero, and no weight is left."""
    views = layout.views(weights)
    dead = {layer.name: ~views[f"{layer.name}.weight"].flatten(1).any(dim=1) for layer in layout.layers}
    if not any(bool(units.any()) for units in dead.values()):
        return 0
    norms = norms_after(module, shape)
    count = 0
    for name, units in dead.items():
        vectors = [f"{name}.bias", *(f"{norm}.{part}" for norm in norms.get(name, ()) for part in ("weight", "bias"))]
        count += sum(int((units & (views[vector] == 0)).sum()) for vector in vectors if vector in views)
    return count
