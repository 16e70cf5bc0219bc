"""What is left of a network, counted from its zeros, and what of it can still carry a signal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

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


def size_of(module: nn.Module, layout: Layout, weights: Tensor, multiply_adds: Mapping[str, int]) -> Size:
    """Count what a flat buffer holds."""
    matrices = layout.weights(weights)
    live = live_weights(module, matrices)
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
    return Size(layers, parameters, parameters - pruned - _dead_biases(layout, weights))


def live_weights(module: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights on a path of non-zero weights from an input to an output; all that is kept where paths branch.

    A unit that has lost all its incoming weights sends a constant, one without outgoing weights sends to nobody:
    what hangs on them does nothing that a bias could not.
    """
    kept = {name: weight != 0 for name, weight in weights.items()}
    names = list(kept)
    if not _is_line(module, names):
        return kept
    for below, name in pairwise(names):
        sending = kept[below].flatten(1).any(dim=1)
        kept[name] = _columns(kept[name], sending)
    for name, above in reversed(list(pairwise(names))):
        heard = _columns_used(kept[above], kept[name].shape[0])
        kept[name] = kept[name] & heard.reshape(-1, *[1] * (kept[name].dim() - 1))
    return kept


def _is_line(module: nn.Module, names: list[str]) -> bool:
    """Whether the layers follow each other, so that each one's outputs are the next one's inputs."""
    if not isinstance(module, nn.Sequential):
        return False
    return all("." not in name for name in names)


def _columns(kept: Tensor, sending: Tensor) -> Tensor:
    """The weights whose input still sends; a flattened image has several inputs for each of its channels."""
    inputs = sending.repeat_interleave(kept.shape[1] // len(sending))
    return kept & inputs.reshape(1, -1, *[1] * (kept.dim() - 2))


def _columns_used(kept: Tensor, senders: int) -> Tensor:
    used = kept.transpose(0, 1).flatten(1).any(dim=1)
    return used.reshape(senders, -1).any(dim=1)


def _dead_biases(layout: Layout, weights: Tensor) -> int:
    """Biases that went with their whole unit: those that are zero and have no weight left."""
    views = layout.views(weights)
    dead = 0
    for layer in layout.layers:
        if layer.bias:
            rows = views[f"{layer.name}.weight"].flatten(1).any(dim=1)
            dead += int((~rows & (views[f"{layer.name}.bias"] == 0)).sum())
    return dead
