"""What pruning asks about the structure of a network: what stands behind a layer, and which units are one channel."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench.channels.atoms import Places
from bench.channels.flow import flow_of
from bench.channels.tracing import Shape

_LAYERS = (nn.Linear, nn.Conv2d)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


@dataclass(frozen=True)
class Channels:
    """The channels of a network by number. What has one number is tied: it can be taken out together only."""

    units: Mapping[str, Places]  # of each layer: the channel of each unit or filter
    factors: Mapping[str, Places]  # of each batch norm and the like: the channel of each of its factors
    open: frozenset[int]  # those that run on into what cannot be followed, such as the outputs


class Structure:
    """The structure of one network, found out when it is asked for."""

    def __init__(self, module: nn.Module, shape: Shape) -> None:
        self._module = module
        self._shape = shape

    @cached_property
    def norms(self) -> dict[str, tuple[str, ...]]:
        return norms_after(self._module, self._shape)

    @cached_property
    def channels(self) -> Channels | None:
        return channels_of(self._module, self._shape)


def channels_of(module: nn.Module, shape: Shape) -> Channels | None:
    """The channels of a network for samples of a shape; None where its operations cannot be told."""
    flow = flow_of(copy.deepcopy(module), shape)
    if flow is None:
        return None
    roots = flow.atoms.roots(range(flow.atoms.count))
    units = {layer.name: roots[layer.outputs.atoms] for layer in flow.layers if layer.kind != "each"}
    factors = {layer.name: roots[layer.outputs.atoms] for layer in flow.layers if layer.kind == "each"}
    return Channels(units, factors, frozenset(int(root) for root in flow.atoms.fixed()))


def norms_after(module: nn.Module, shape: Shape) -> dict[str, tuple[str, ...]]:
    """For each layer the batch norms that get its outputs as they are and give each unit a factor and a shift."""
    made: dict[int, tuple[str, nn.Module, Tensor]] = {}  # by identity; holding the tensors keeps the identities apart
    found: dict[str, tuple[str, ...]] = {}

    def look(name: str, layer: nn.Module, inputs: Tensor, outputs: Tensor) -> None:
        if isinstance(layer, _LAYERS):
            made[id(outputs)] = name, layer, outputs
        elif isinstance(layer, _NORMS) and layer.affine and id(inputs) in made:
            source, before, _ = made[id(inputs)]
            if isinstance(before, nn.Conv2d) or inputs.dim() == 2:
                found[source] = (*found.get(source, ()), name)

    first = next(module.parameters())
    training = module.training
    with ExitStack() as stack, torch.no_grad():
        for name, layer in module.named_modules():
            stack.callback(layer.register_forward_hook(_shown(name, look)).remove)
        module.eval()(torch.zeros(1, *shape, device=first.device, dtype=first.dtype))
    module.train(training)
    return found


def _shown(name: str, look: Callable[[str, nn.Module, Tensor, Tensor], None]) -> Callable[..., None]:
    def seen(module: nn.Module, inputs: tuple[Any, ...], outputs: Any) -> None:
        if inputs and isinstance(inputs[0], Tensor) and isinstance(outputs, Tensor):
            look(name, module, inputs[0], outputs)

    return seen


def dead_factors(structure: Structure, alive: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """For each batch norm the places that get nothing, by the units that still have weights.

    They stand right behind a unit that has none, or on a channel in which no unit has any.
    """
    dead = {norm: ~alive[name] for name, norms in structure.norms.items() for norm in norms}
    channels = structure.channels
    if channels is not None:
        units = [(channels.units[name], places) for name, places in alive.items() if name in channels.units]
        there = {int(number) for numbers, places in units for number in numbers[places.numpy()]}
        gone = {int(number) for numbers, _ in units for number in numbers} - there
        for name, numbers in channels.factors.items():
            places = torch.tensor([int(number) in gone for number in numbers], dtype=torch.bool)
            dead[name] = dead[name] | places if name in dead else places
    return dead


def numbered(places: Places, among: Places) -> Places:
    """For each channel its place among some that are sorted."""
    return np.searchsorted(among, places)
