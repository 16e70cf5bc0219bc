"""Initial weights, drawn on the CPU from (seed, name of the tensor, draw): every device and pack shares them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod, sqrt
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from bench import random
from bench.arguments import arguments, chosen
from bench.errors import UserError
from bench.registry import initialisation

if TYPE_CHECKING:
    from bench.registry import Choice

Floats = random.Floats


@dataclass(frozen=True)
class Blank:
    """A weight or bias that is to be filled, and the random numbers that belong to it."""

    shape: tuple[int, ...]
    bias: bool
    fan_in: int  # of the layer, for its bias too
    fan_out: int
    place: tuple[int, str, str, int]  # seed, purpose, name of the tensor, draw

    def uniform(self, bound: float) -> Floats:
        """Between -bound and bound."""
        numbers = random.uniform(*self.place, shape=self.shape)
        numbers -= 0.5
        numbers *= 2 * bound
        return numbers

    def normal(self, deviation: float) -> Floats:
        numbers = random.normal(*self.place, shape=self.shape)
        numbers *= deviation
        return numbers

    def constant(self, value: float) -> Floats:
        return np.full(self.shape, value)


@initialisation("torch", reference="PyTorch's default for linear and convolutional layers")
def torch_default(blank: Blank) -> Floats:
    """Uniform within 1/sqrt(fan-in), biases too: what PyTorch does unasked."""
    return blank.uniform(1 / sqrt(blank.fan_in) if blank.fan_in else 0.0)


@initialisation("glorot-uniform", reference="Glorot, Bengio (2010)", aliases=("xavier-uniform",))
def glorot_uniform(blank: Blank, bias: float = 0.0) -> Floats:
    """Uniform of variance 2/(fan-in + fan-out), biases 0: what Keras does unasked. PruNet starts biases at 0.01."""
    return blank.constant(bias) if blank.bias else blank.uniform(sqrt(6 / (blank.fan_in + blank.fan_out)))


@initialisation("glorot-normal", reference="Glorot, Bengio (2010)", aliases=("xavier-normal",))
def glorot_normal(blank: Blank) -> Floats:
    """Gaussian of variance 2/(fan-in + fan-out), biases 0: that of the lottery-ticket paper."""
    return blank.constant(0) if blank.bias else blank.normal(sqrt(2 / (blank.fan_in + blank.fan_out)))


@initialisation("kaiming-normal", reference="He, Zhang, Ren, Sun (2015)", aliases=("he-normal",))
def kaiming_normal(blank: Blank) -> Floats:
    """Gaussian of variance 2/fan-in, biases 0: keeps the scale of signals through ReLUs."""
    return blank.constant(0) if blank.bias else blank.normal(sqrt(2 / blank.fan_in))


def initial_state(module: nn.Module, choice: Choice | str, seed: int, draw: int = 0) -> dict[str, torch.Tensor]:
    """All parameters and buffers of a network before its first step; the module itself is left as it is.

    `draw` above 0 gives the other weights that the control with redrawn weights asks for.
    """
    component, given = chosen("initialisation", choice)
    options = arguments(component, given)
    fill: Callable[..., Floats] = component.make
    state: dict[str, torch.Tensor] = {}
    for prefix, layer in module.named_modules():
        for name, tensor in _own(layer):
            full = f"{prefix}.{name}" if prefix else name
            if isinstance(layer, _DRAWN):
                blank = Blank(tuple(tensor.shape), name == "bias", *_fans(layer), (seed, "init", full, draw))
                state[full] = _filled(fill(blank, **options), blank, component.name)
            else:
                state[full] = _given(layer, name, tensor, full)
    return {name: state[name] for name in module.state_dict()}


_DRAWN = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.GroupNorm, nn.LayerNorm)
_ONES = ("weight", "running_var")


def _own(layer: nn.Module) -> list[tuple[str, torch.Tensor]]:
    """The tensors that a layer itself holds and saves."""
    return list(layer.named_parameters(recurse=False)) + [
        (name, buffer)
        for name, buffer in layer.named_buffers(recurse=False)
        if name not in layer._non_persistent_buffers_set
    ]


def _fans(layer: nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d) -> tuple[int, int]:
    """How many inputs an output has, and how many outputs an input has, as torch.nn.init counts them."""
    outputs, inputs, *window = layer.weight.shape
    return inputs * prod(window), outputs * prod(window)


def _filled(numbers: Floats, blank: Blank, initialisation_name: str) -> torch.Tensor:
    if np.shape(numbers) != blank.shape:
        raise UserError(
            f"initialisation {initialisation_name}: gives an array of shape {np.shape(numbers)} for {blank.place[2]}, "
            f"which has {blank.shape}; return one number for each weight"
        )
    return torch.from_numpy(np.asarray(numbers).astype(np.float32))


def _given(layer: nn.Module, name: str, tensor: torch.Tensor, full: str) -> torch.Tensor:
    """The start of what is not drawn: the neutral values of a normalisation, else what the network itself was given."""
    if isinstance(layer, _NORMS):
        return torch.full(tensor.shape, float(name in _ONES), dtype=tensor.dtype, device="cpu")
    if tensor.is_meta:
        raise UserError(
            f"network: {full} has no initial value that is known of a {type(layer).__name__}; build the network on the "
            "CPU, so that it gives one"
        )
    return tensor.detach().to("cpu", copy=True)
