"""Where each tensor of a network lies in the one flat buffer that holds a whole replica.

Every parameter begins at a multiple of 16 floats and so does every replica. A value then sits at the same place of a
vector register whatever the replica's place in a stack, which is what makes a result the same at any width.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bench.models.base import LayerInfo, prunable_layers

ALIGNMENT = 16


@dataclass(frozen=True)
class Place:
    """A named tensor's place in the buffer."""

    name: str
    offset: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class Layout:
    """The places of the parameters, or of the buffers, of a network."""

    places: tuple[Place, ...]
    width: int
    layers: tuple[LayerInfo, ...]

    def views(self, flat: Tensor) -> dict[str, Tensor]:
        """Each tensor as a view of a flat buffer, (width,) or stacked (replicas, width)."""
        lead = flat.shape[:-1]
        return {
            place.name: flat.narrow(-1, place.offset, place.size).view((*lead, *place.shape)) for place in self.places
        }

    def flatten(self, tensors: Mapping[str, Tensor], fill: float = 0.0) -> Tensor:
        """One flat buffer that holds the named tensors; what lies between them is filled."""
        first = next(iter(tensors.values()), torch.empty(0))
        flat = torch.full((self.width,), fill, dtype=first.dtype)
        for name, view in self.views(flat).items():
            view.copy_(tensors[name])
        return flat

    def weights(self, flat: Tensor) -> dict[str, Tensor]:
        """The weights of the prunable layers by the layer's name, as views."""
        views = self.views(flat)
        return {layer.name: views[f"{layer.name}.weight"] for layer in self.layers}

    def prunable(self) -> Tensor:
        """True at every place of the buffer that holds a prunable weight."""
        flat = torch.zeros(self.width, dtype=torch.bool)
        for weight in self.weights(flat).values():
            weight.fill_(True)
        return flat


def _lay(tensors: Mapping[str, Tensor], layers: tuple[LayerInfo, ...]) -> Layout:
    places = []
    offset = 0
    for name, tensor in tensors.items():
        places.append(Place(name, offset, tuple(tensor.shape)))
        offset += math.ceil(max(tensor.numel(), 1) / ALIGNMENT) * ALIGNMENT
    return Layout(tuple(places), offset, layers)


def parameter_layout(module: nn.Module) -> Layout:
    return _lay(dict(module.named_parameters()), prunable_layers(module))


def buffer_layout(module: nn.Module) -> Layout:
    """Of the buffers that belong to a state; those that a network does not save are constants, and stay in it."""
    saved = module.state_dict()
    return _lay({name: buffer for name, buffer in module.named_buffers() if name in saved}, ())
