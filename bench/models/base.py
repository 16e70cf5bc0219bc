"""Building a network by its registered name, and what pruning needs to know of its layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import nn

from bench.arguments import arguments, chosen
from bench.errors import UserError

if TYPE_CHECKING:
    from bench.registry import Choice


BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


@dataclass(frozen=True)
class LayerInfo:
    """A layer whose weights can be pruned. Its tensors are called `name`.weight and, where it has one, `name`.bias."""

    name: str
    kind: Literal["linear", "conv"]
    shape: tuple[int, ...]  # of the weight: outputs first
    bias: bool
    first: bool  # the first of the prunable layers
    output: bool  # the last of them

    @property
    def weights(self) -> int:
        size = 1
        for length in self.shape:
            size *= length
        return size


def build(choice: Choice | str, shape: tuple[int, ...], classes: int) -> nn.Module:
    """The network for samples of this shape. Under `torch.device("meta")` it is a plan of itself and costs nothing."""
    component, given = chosen("network", choice)
    options = arguments(component, given, not_options=("shape", "classes"))
    module: nn.Module = component.make(tuple(shape), classes, **options)
    return module


def given_weights(choice: Choice | str) -> Mapping[str, torch.Tensor]:
    """The initial values that a network brings itself, such as those of a user's file, in place of drawn ones."""
    component, given = chosen("network", choice)
    find = component.extra.get("weights")
    found: Mapping[str, torch.Tensor] | None = find(given) if find else None
    return found or {}


def picture(name: str, shape: tuple[int, ...], least: int = 1) -> tuple[int, int, int]:
    """Channels, height and width of the samples, for a network that takes images of at least so many pixels a side."""
    if len(shape) != 3:
        size = " x ".join(str(length) for length in shape)
        raise UserError(f"{name}: takes images, and a sample here is {size} numbers; choose a network such as mlp")
    channels, height, width = shape
    if min(height, width) < least:
        raise UserError(
            f"{name}: takes images of at least {least}x{least}, these are {height}x{width}; choose a smaller network"
        )
    return channels, height, width


def prunable_layers(module: nn.Module) -> tuple[LayerInfo, ...]:
    """The linear and convolutional layers, in the order in which the network names them."""
    kinds: list[tuple[str, Literal["linear", "conv"], nn.Linear | nn.Conv2d]] = []
    for name, layer in module.named_modules():
        if isinstance(layer, nn.Linear):
            kinds.append((name, "linear", layer))
        elif isinstance(layer, nn.Conv2d):
            kinds.append((name, "conv", layer))
    last = len(kinds) - 1
    return tuple(
        LayerInfo(name, kind, tuple(layer.weight.shape), layer.bias is not None, place == 0, place == last)
        for place, (name, kind, layer) in enumerate(kinds)
    )


def has_batch_norm(module: nn.Module) -> bool:
    return any(isinstance(part, BATCH_NORMS) for part in module.modules())


def multiply_adds(module: nn.Module, shape: tuple[int, ...]) -> dict[str, int]:
    """For each prunable layer the multiply-adds of one sample. The module may lie on the meta device."""
    counts: dict[str, int] = {}

    def count(name: str, layer: nn.Linear | nn.Conv2d) -> Any:
        def hook(_: nn.Module, __: Any, output: torch.Tensor) -> None:
            places = output.numel() // layer.weight.shape[0]
            counts[name] = counts.get(name, 0) + places * layer.weight.numel()

        return layer.register_forward_hook(hook)

    layers = {layer.name: module.get_submodule(layer.name) for layer in prunable_layers(module)}
    hooks = [count(name, layer) for name, layer in layers.items() if isinstance(layer, nn.Linear | nn.Conv2d)]
    training = module.training
    try:
        device = next(module.parameters()).device
        with torch.no_grad():
            module.eval()(torch.zeros(1, *shape, device=device))
    finally:
        module.train(training)
        for hook in hooks:
            hook.remove()
    return counts
