"""What an output unit or filter is worth, by what comes out of it or by the factor it is given afterwards.

Such a score is one number a unit. All weights of the unit share it, so that granularity `unit` finds the number itself.

Liu et al., Learning Efficient Convolutional Networks through Network Slimming, ICCV 2017.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from math import sqrt
from typing import Any

import torch
from torch import Tensor, nn

from bench.channels.structure import norms_after
from bench.errors import UserError
from bench.pruning.computing import Computing
from bench.pruning.view import NetView
from bench.registry import score
from bench.training.devices import sum_type

Seen = Callable[[str, nn.Module, Tensor, Tensor], None]  # a module's name, itself, what goes in and what comes out


@score(
    "activation",
    reference="Molchanov et al., ICLR 2017",
    aliases=("mean-activation",),
    data=True,
    granularities=("unit", "channel"),
)
def activation(net: NetView, batches: int = 1) -> dict[str, Tensor]:
    """The mean absolute output of a layer's unit or filter, before any activation, over the samples of some batches."""
    network = net.network
    weights = {name: weight.to(network.device) for name, weight in net.weights.items()}
    sums = {name: torch.zeros(len(weight), dtype=sum_type(network.device)) for name, weight in net.weights.items()}
    counts = dict.fromkeys(net.weights, 0)

    def look(name: str, layer: nn.Module, inputs: Tensor, outputs: Tensor) -> None:
        if name in sums:
            units = outputs.detach().movedim(1 if isinstance(layer, nn.Conv2d) else -1, 0).flatten(1)
            sums[name] += units.abs().sum(dim=1, dtype=sums[name].dtype).cpu()
            counts[name] += units.shape[1]

    with _watched(network, look), torch.no_grad():
        for inputs, _ in network.batches(batches):
            network.outputs(weights, inputs)
    return {name: _shared(sums[name] / max(1, counts[name]), weight) for name, weight in net.weights.items()}


@score(
    "norm-scale",
    reference="Liu et al., ICCV 2017",
    aliases=("network-slimming", "batch-norm-scale"),
    data=True,
    granularities=("unit", "channel"),
)
def norm_scale(net: NetView) -> dict[str, Tensor]:
    """The absolute factor that batch norm gives to a unit or filter right after its layer."""
    network = net.network
    norms = norms_after(network.module, network.shape)
    found = {name: network.other(f"{behind[-1]}.weight").abs().cpu() for name, behind in norms.items()}
    bare = [name for name in net.layers if name not in found]
    if bare:
        raise UserError(
            f"score norm-scale: no batch norm follows {', '.join(bare)}; leave that out with "
            f"exclude: [{', '.join(bare)}], or choose another score"
        )
    return {name: _shared(found[name], weight) for name, weight in net.weights.items() if name in found}


def _shared(values: Tensor, weight: Tensor) -> Tensor:
    """For each weight such a part of its unit's number that the Euclidean norm over the unit is the number."""
    share = values / sqrt(max(1, weight[0].numel()))
    return share.reshape(-1, *[1] * (weight.dim() - 1)).expand(weight.shape).clone()


@contextmanager
def _watched(network: Computing, look: Seen) -> Iterator[None]:
    """Within it, `look` is shown every module that computes a tensor from a tensor."""

    def hook(name: str) -> Callable[..., None]:
        def seen(module: nn.Module, inputs: tuple[Any, ...], outputs: Any) -> None:
            if inputs and isinstance(inputs[0], Tensor) and isinstance(outputs, Tensor):
                look(name, module, inputs[0], outputs)

        return seen

    with ExitStack() as stack:
        for name, module in network.module.named_modules():
            stack.callback(module.register_forward_hook(hook(name)).remove)
        yield
