"""Pooling, resizing, and means over places: each channel by itself, over an image or a row of tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Node
from torch.nn import functional

from bench.channels.atoms import Axis
from bench.channels.walk import NOTHING, Known, Unknown, Value, Walk, alone, argument

_LARGEST = (
    nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d
)  # fmt: skip
_ADAPTIVE = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)
_MEANS = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
_RESIZED = (nn.Upsample, nn.UpsamplingNearest2d, nn.UpsamplingBilinear2d)
POOLINGS: tuple[type[nn.Module], ...] = (*_LARGEST, *_ADAPTIVE, *_MEANS, *_RESIZED)


def functions() -> dict[Any, Callable[[Walk, Node], Value]]:
    rules: dict[Any, Callable[[Walk, Node], Value]] = {}
    for places in (1, 2, 3):
        for kind in ("max_pool", "adaptive_max_pool", "adaptive_avg_pool"):
            for room in (torch, functional):
                if hasattr(room, f"{kind}{places}d"):
                    rules[getattr(room, f"{kind}{places}d")] = _steady
        rules[getattr(functional, f"avg_pool{places}d")] = _mean_of_windows
    rules[functional.interpolate] = _steady
    for name in ("mean", "amax", "amin"):
        rules[name] = rules[getattr(torch, name)] = _over_places
    return rules


def pooling(walk: Walk, node: Node, module: Any) -> Value:
    if isinstance(module, _MEANS):
        bare = _none(module.padding) and not module.ceil_mode and not getattr(module, "divisor_override", None)
        return _channel_by_channel(walk, node, bare)
    if getattr(module, "return_indices", False):
        raise Unknown
    return _channel_by_channel(walk, node, True)


def _steady(walk: Walk, node: Node) -> Value:
    if node.kwargs.get("return_indices"):
        raise Unknown
    return _channel_by_channel(walk, node, True)


def _mean_of_windows(walk: Walk, node: Node) -> Value:
    bare = _none(argument(node, 3, "padding", 0)) and not argument(node, 4, "ceil_mode", False)
    return _channel_by_channel(walk, node, bare and not argument(node, 6, "divisor_override"))


def _none(padding: Any) -> bool:
    return not (any(padding) if isinstance(padding, tuple | list) else padding)


def _channel_by_channel(walk: Walk, node: Node, steady: bool) -> Value:
    """A constant stays what it is, but for zeros that are mixed in at a border."""
    source = alone(walk, node)
    axis = walk.axis(source)
    if axis is None:
        return NOTHING
    if axis.dim != 1 or len(walk.shape(source)) < 3 or len(walk.shape(source)) != len(walk.shape(node)):
        raise Unknown

    def constants(known: Known) -> Tensor:
        given = known.of(source, axis)
        return given if steady else torch.where(given == 0, given, torch.nan)

    return Value(axis, constants)


def _over_places(walk: Walk, node: Node) -> Value:
    """The mean, or the largest, over dimensions other than that of the channels."""
    source = alone(walk, node)
    axis = walk.axis(source)
    if axis is None:
        return NOTHING
    rank = len(walk.shape(source))
    given = argument(node, 1, "dim")
    if given is None:
        raise Unknown
    gone = {dim % rank for dim in (given if isinstance(given, tuple | list) else (given,))}
    if axis.dim in gone or 0 in gone:
        raise Unknown
    kept = argument(node, 2, "keepdim", False)
    moved = axis if kept else Axis(axis.dim - sum(dim < axis.dim for dim in gone), axis.atoms)
    return Value(moved, lambda known: known.of(source, axis))
