"""Networks to shrink, drawn so that nothing in them is 0 or 1 by chance, and what of them is pruned."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from bench.channels.structure import Structure
from bench.executors.changes import prune
from bench.models.base import BATCH_NORMS, prunable_layers
from bench.models.layout import parameter_layout
from bench.recipe import Level, Prune, Score
from bench.training.state import State

Masks = dict[str, Tensor]


def drawn(module: nn.Module, seed: int = 0) -> nn.Module:
    """With parameters and statistics of their own, in evaluation."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in module.modules():
            for name, parameter in layer.named_parameters(recurse=False):
                spread = parameter[0].numel() ** -0.5 if parameter.dim() > 1 else 0.3
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * spread)
                if isinstance(layer, BATCH_NORMS) and name == "weight":
                    parameter.add_(1)
            if isinstance(layer, BATCH_NORMS):
                for name, buffer in layer.named_buffers():
                    if name == "running_mean":
                        buffer.copy_(torch.randn(buffer.shape, generator=generator) * 0.3)
                    elif name == "running_var":
                        buffer.copy_(torch.rand(buffer.shape, generator=generator) + 0.5)
    return module.eval()


def some_weights(module: nn.Module, share: float, seed: int = 0) -> Masks:
    """Each weight of a prunable layer goes with this chance."""
    generator = torch.Generator().manual_seed(seed)
    return {layer.name: torch.rand(layer.shape, generator=generator) >= share for layer in prunable_layers(module)}


def some_units(module: nn.Module, share: float, seed: int = 0) -> Masks:
    """This share of the units of each layer but the output goes, with their biases."""
    generator = torch.Generator().manual_seed(seed)
    masks: Masks = {}
    for layer in prunable_layers(module)[:-1]:
        kept = torch.ones(layer.shape[0], dtype=torch.bool)
        kept[torch.randperm(len(kept), generator=generator)[: round(share * len(kept))]] = False
        masks[f"{layer.name}.weight"] = kept.reshape(-1, *[1] * (len(layer.shape) - 1)).expand(layer.shape)
        if layer.bias:
            masks[f"{layer.name}.bias"] = kept
    return masks


def with_zeros(module: nn.Module, masks: Mapping[str, Tensor]) -> nn.Module:
    """A copy with zeros under its masks: what a shrunk network is held against."""
    result = copy.deepcopy(module)
    with torch.no_grad():
        for name, mask in masks.items():
            whole = dict(result.named_parameters())
            whole[name if name in whole else f"{name}.weight"][~mask] = 0
    return result.eval()


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def apart(one: nn.Module, other: nn.Module, shape: tuple[int, ...], seed: int = 5) -> float:
    """How far the outputs of two networks lie apart, as a share of the largest."""
    first = next(one.parameters())
    inputs = torch.randn(3, *shape, generator=torch.Generator().manual_seed(seed)).to(first.dtype)
    with torch.no_grad():
        outputs, others = one(inputs), other(inputs)
    assert outputs.shape == others.shape
    gap, largest = float((outputs - others).abs().max()), float(outputs.abs().max())
    return gap / largest if gap else 0.0


def pruned(module: nn.Module, shape: tuple[int, ...], share: float, granularity: str, scope: str = "layer") -> Masks:
    """The masks of a Prune by magnitude, of all parameters. Layers whose channels cannot be told stay whole."""
    layout, structure = parameter_layout(module), Structure(module, shape)
    names = [layer.name for layer in layout.layers[:-1]]
    if granularity == "channel":
        channels = structure.channels
        assert channels is not None
        names = [name for name in names if not set(channels.units[name]) & channels.open]
    weights = layout.flatten({name: parameter.detach() for name, parameter in module.named_parameters()})
    state = State(weights, torch.ones(layout.width, dtype=torch.bool), torch.zeros(0))
    level = Level(1, tuple((name, share) for name in names))
    step = Prune(level, Score("magnitude"), granularity, scope, norms=granularity == "unit")
    return dict(layout.views(prune(state, step, layout, (), 0, "here", structure=structure).mask))
