"""What is left of a network, counted from its zeros, and what of it can still carry a signal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bench.channels.layers import NORMS
from bench.channels.structure import Structure, dead_factors
from bench.measures.paths import live_weights
from bench.measures.storage import Storage, storage_of
from bench.models.layout import Layout


@dataclass(frozen=True)
class LayerSize:
    name: str
    kind: str
    weights: int
    kept: int
    effective: int  # kept, and on a path from the inputs to the outputs
    multiply_adds: int  # of the whole layer, for one sample

    def multiply_adds_of(self, weights: int) -> int:
        """Those of a number of its weights: each is used equally often, once for each place of the outputs."""
        return self.multiply_adds // self.weights * weights


@dataclass(frozen=True)
class Size:
    """Counts over a whole network. Prunable are the weights of linear and convolutional layers, never biases."""

    layers: tuple[LayerSize, ...]
    parameters: int
    parameters_kept: int
    storage: Storage

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
    def effective(self) -> int:
        return sum(layer.effective for layer in self.layers)

    @property
    def effective_sparsity(self) -> float:
        return 1 - self.effective / self.weights

    @property
    def parameters_effective(self) -> int:
        """Without the weights that no path reaches; biases stay, since a unit without inputs sends its own on."""
        return self.parameters_kept - (self.kept - self.effective)

    @property
    def multiply_adds(self) -> int:
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def multiply_adds_kept(self) -> int:
        return sum(layer.multiply_adds_of(layer.kept) for layer in self.layers)

    @property
    def multiply_adds_effective(self) -> int:
        return sum(layer.multiply_adds_of(layer.effective) for layer in self.layers)

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
    companions = _dead_companions(module, shape, layout, weights)
    return Size(layers, parameters, parameters - pruned - companions, storage_of(layout, weights))


def _dead_companions(module: nn.Module, shape: tuple[int, ...], layout: Layout, weights: Tensor) -> int:
    """Biases, and factors and shifts of batch norm, that went with their unit or channel: zero, with no weight left."""
    views = layout.views(weights)
    alive = {layer.name: views[f"{layer.name}.weight"].flatten(1).any(dim=1).cpu() for layer in layout.layers}
    if all(bool(units.all()) for units in alive.values()):
        return 0
    dead = {name: ~units for name, units in alive.items()}
    if any(isinstance(layer, NORMS) for layer in module.modules()):
        for norm, places in dead_factors(Structure(module, shape), alive).items():
            dead[norm] = places
    vectors = {f"{name}.{part}": places for name, places in dead.items() for part in ("weight", "bias")}
    return sum(
        int((places & (views[name] == 0).cpu()).sum())
        for name, places in vectors.items()
        if name in views and views[name].shape == places.shape
    )
