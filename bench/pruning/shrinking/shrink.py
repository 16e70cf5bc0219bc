"""A smaller network with the same outputs."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from bench.channels.flow import flow_of
from bench.channels.tracing import faithful
from bench.errors import UserError, nearest
from bench.pruning.shrinking.deciding import decide
from bench.pruning.shrinking.rebuilding import rebuild


def shrink(network: nn.Module, masks: Mapping[str, Tensor] | None, shape: tuple[int, ...]) -> nn.Module:
    """A copy of a network for samples of a shape, without the channels that do nothing.

    A weight under a mask (by the name of its layer, or of the parameter) that is False counts as zero. What can go is
    decided by zeros alone: channels that nobody hears, and channels that are constant, whose constant the biases of
    those who hear them take over. So the outputs in evaluation stay what they are, up to rounding, for any input.
    What cannot be followed stays whole. Where sizes are written into the forward, the copy is a graph of the operations
    in evaluation, without the dropout that a function may do in training; else it is of the class of the network.
    """
    modes = {name: module.training for name, module in network.named_modules()}
    smaller = masked(network, masks or {})
    flow = flow_of(smaller, tuple(shape))
    if flow is not None and faithful(flow.traced):
        smaller = rebuild(flow, decide(flow))
    for name, module in smaller.named_modules():
        module.training = modes.get(name, network.training)
    return smaller


def masked(network: nn.Module, masks: Mapping[str, Tensor]) -> nn.Module:
    """A copy with zeros under the masks."""
    result = copy.deepcopy(network)
    parameters = dict(result.named_parameters())
    for given, mask in masks.items():
        name = given if given in parameters else f"{given}.weight"
        if name not in parameters:
            raise UserError(f"masks: the network has no layer or parameter {given!r}; {nearest(given, parameters)}")
        if mask.shape != parameters[name].shape:
            raise UserError(
                f"masks: that of {given!r} has the shape {tuple(mask.shape)}; give one number a weight, in the shape "
                f"{tuple(parameters[name].shape)}"
            )
        with torch.no_grad():
            parameters[name].mul_(mask.to(parameters[name]))
    return result
