"""Dropout whose mask is handed in, so that each replica of a pack has a generator of its own.

What a replica drops depends on its seed, on its place in the data stream and on the layer, not on who else is trained.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from bench import random
from bench.training.losses import Places


class HandedIn(nn.Module):
    """Multiplies with `kept` while training: 0 where dropped, else what makes up for it."""

    kept: Tensor

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability
        self.register_buffer("kept", torch.ones(()), persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs * self.kept if self.training and self.probability > 0 else inputs


def with_handed_in_dropout(module: nn.Module) -> nn.Module:
    """A copy of the network in which the masks of all dropout layers are buffers called `LAYER.kept`."""
    copied = copy.deepcopy(module)
    for name, layer in list(copied.named_modules()):
        if type(layer) is nn.Dropout and name:
            holder, _, own = name.rpartition(".")
            setattr(copied.get_submodule(holder), own, HandedIn(layer.p))
    return copied


def dropout_shapes(module: nn.Module, tensors: Mapping[str, Tensor], sample: Tensor) -> dict[str, tuple[int, ...]]:
    """For each dropout layer the shape of what it is given for one sample."""
    shapes: dict[str, tuple[int, ...]] = {}
    hooks = []
    for name, layer in module.named_modules():
        if isinstance(layer, HandedIn):

            def note(_: nn.Module, inputs: tuple[Any, ...], name: str = name) -> None:
                shapes[name] = tuple(inputs[0].shape[1:])

            hooks.append(layer.register_forward_pre_hook(note))
    if hooks:
        functional_call(module.eval(), dict(tensors), (sample,))
    for hook in hooks:
        hook.remove()
    return shapes


def dropout_masks(
    module: nn.Module, shapes: dict[str, tuple[int, ...]], batch: int, places: Places, device: torch.device
) -> dict[str, Tensor]:
    """The masks (replicas, batch, ...) of each dropout layer, for replicas at these places of their streams."""
    found: dict[str, list[Tensor]] = {name: [] for name in shapes}
    for seed, place in places:
        generator = torch.Generator(device)
        generator.manual_seed(seed_of(seed, place))
        for name, shape in shapes.items():
            layer = module.get_submodule(name)
            keep = 1 - float(layer.probability)  # type: ignore[arg-type]
            drawn = torch.rand((batch, *shape), generator=generator, device=device) < keep
            found[name].append(drawn.to(torch.float32).div_(keep or 1.0))
    return {f"{name}.kept": torch.stack(drawn) for name, drawn in found.items()}


def seed_of(seed: int, place: int) -> int:
    """What a generator starts from for a step of a replica."""
    return int(random.words(seed, "dropout", place, count=1)[0] >> 1)
