"""Layers with parameters: those that make new channels out of all others, and those that treat each by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.fx import Node

from bench.channels.atoms import Axis
from bench.channels.pointwise import ACTIVATIONS, SILENT, activation, as_it_is, computed
from bench.channels.pooling import POOLINGS, pooling
from bench.channels.shapes import flatten_module
from bench.channels.walk import NOTHING, Known, Layer, Unknown, Value, Walk, alone

Conv: TypeAlias = nn.Conv1d | nn.Conv2d | nn.Conv3d
Norm: TypeAlias = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d
CONVS: dict[type[nn.Module], int] = {nn.Conv1d: 1, nn.Conv2d: 2, nn.Conv3d: 3}
NORMS: tuple[type[nn.Module], ...] = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def modules() -> dict[type[nn.Module], Callable[[Walk, Node, Any], Value]]:
    """The rules by exact type; a class of one's own that is derived from one of these may do anything."""
    rules: dict[type[nn.Module], Callable[[Walk, Node, Any], Value]] = {nn.Linear: linear, nn.PReLU: prelu}
    rules.update(dict.fromkeys(CONVS, convolution))
    rules.update(dict.fromkeys(NORMS, batch_norm))
    rules.update(dict.fromkeys(ACTIVATIONS, activation))
    rules.update({kind: lambda walk, node, _: as_it_is(walk, node) for kind in SILENT})
    rules.update(dict.fromkeys(POOLINGS, pooling))
    rules.update({nn.Flatten: flatten_module})
    return rules


def linear(walk: Walk, node: Node, module: nn.Linear) -> Value:
    source = alone(walk, node)
    return _dense(walk, node, module, source, len(walk.shape(source)) - 1)


def convolution(walk: Walk, node: Node, module: Conv) -> Value:
    source = alone(walk, node)
    if len(walk.shape(source)) != CONVS[type(module)] + 2:  # a single sample, without the axis of samples
        raise Unknown
    if module.groups == 1:
        return _dense(walk, node, module, source, 1)
    inputs = walk.axis(source)
    if module.groups != module.in_channels or inputs is None or inputs.dim != 1:
        raise Unknown
    return _depthwise(walk, node, module, source, inputs)


def _dense(walk: Walk, node: Node, module: nn.Linear | Conv, source: Node, dim: int) -> Value:
    """All inputs go into all outputs, so that new atoms begin here."""
    inputs = walk.axis(source)
    if inputs is not None and inputs.dim != dim:
        walk.fix(source)
        inputs = None
    name = str(node.target)
    outputs = Axis(dim, walk.atoms.fresh(module.weight.shape[0]))
    walk.layers.append(Layer(name, module, "dense", source, inputs, outputs))

    def constants(known: Known) -> Tensor:
        weight = module.weight.detach()
        if inputs is None:
            return torch.where(weight.flatten(1).any(dim=1).cpu(), torch.nan, known.biases[name])
        given = known.of(source, inputs)
        through = foldable(module, given)
        live = windows(weight[:, ~through]).any(dim=1)
        return torch.where(live, torch.nan, known.biases[name] + folded(weight, given, through))

    return Value(outputs, constants)


def windows(weight: Tensor) -> Tensor:
    """Whether any weight leads from an input to an output: (outputs, inputs)."""
    used = weight != 0
    return (used.flatten(2).any(dim=2) if used.dim() > 2 else used).cpu()


def foldable(module: nn.Module, constants: Tensor) -> Tensor:
    """Which constant inputs give the same everywhere. At a border of zeros only nothing does."""
    known = ~constants.isnan()
    return known if isinstance(module, nn.Linear) or _same_at_the_border(module) else known & (constants == 0)


def folded(weight: Tensor, constants: Tensor, which: Tensor) -> Tensor:
    """What some constant inputs add to each output."""
    adding = which & (constants != 0)
    weight = weight[:, adding].cpu().double()
    summed = weight.flatten(2).sum(dim=2) if weight.dim() > 2 else weight
    return summed @ constants[adding]


def _same_at_the_border(module: Any) -> bool:
    if module.padding_mode != "zeros" or module.padding == "valid":
        return True
    if module.padding == "same":
        return all(length == 1 for length in module.kernel_size)
    return not any(module.padding)


def _depthwise(walk: Walk, node: Node, module: Conv, source: Node, inputs: Axis) -> Value:
    """Each input has outputs of its own, tied to it."""
    each = module.out_channels // module.in_channels
    name = str(node.target)
    atoms = inputs.atoms.repeat(each)
    outputs = Axis(1, atoms)
    walk.layers.append(Layer(name, module, "depthwise", source, inputs, outputs))

    def constants(known: Known) -> Tensor:
        weight = module.weight.detach()
        given = known.of(source, inputs).repeat_interleave(each)
        silent = ~weight.flatten(1).any(dim=1).cpu()
        through = foldable(module, given) | silent
        added = weight.flatten(1).sum(dim=1).cpu().double() * torch.where(silent, 0.0, torch.nan_to_num(given))
        return torch.where(through, known.biases[name] + added, torch.nan)

    return Value(outputs, constants)


def _each(walk: Walk, node: Node, module: nn.Module) -> tuple[Node, Axis] | None:
    """The source and axis of a layer with a parameter for each channel."""
    source = alone(walk, node)
    axis = walk.axis(source)
    if axis is None:
        return None
    if axis.dim != 1:
        raise Unknown
    walk.layers.append(Layer(str(node.target), module, "each", source, axis, axis))
    return source, axis


def batch_norm(walk: Walk, node: Node, module: Norm) -> Value:
    if module.running_mean is None or module.running_var is None:
        raise Unknown
    found = _each(walk, node, module)
    if found is None:
        return NOTHING
    source, axis = found

    def constants(known: Known) -> Tensor:
        mean, variance = (_plain(one) for one in (module.running_mean, module.running_var))
        factor = torch.rsqrt(variance + module.eps)
        shift = torch.zeros_like(mean)
        if module.affine:
            factor, shift = factor * _plain(module.weight), _plain(module.bias)
        passed = shift + factor * (torch.nan_to_num(known.of(source, axis)) - mean)
        live = known.of(source, axis).isnan() & (factor != 0)
        return torch.where(live, torch.nan, torch.where(factor == 0, shift, passed))

    return Value(axis, constants)


def _plain(tensor: Any) -> Tensor:
    found: Tensor = tensor.detach().cpu().double()
    return found


def prelu(walk: Walk, node: Node, module: nn.PReLU) -> Value:
    if module.num_parameters == 1:
        source = alone(walk, node)
        shared = walk.axis(source)
        if shared is None:
            return NOTHING
        slope = _plain(module.weight)
        return Value(shared, lambda known: computed(lambda one: _bent(one, slope), known.of(source, shared)))
    found = _each(walk, node, module)
    if found is None:
        return NOTHING
    source, axis = found
    return Value(axis, lambda known: computed(lambda one: _bent(one, _plain(module.weight)), known.of(source, axis)))


def _bent(numbers: Tensor, slope: Tensor) -> Tensor:
    return torch.where(numbers > 0, numbers, slope * numbers)
