"""Networks as scores see them, and the same ones apart from the suite, in double precision."""

from __future__ import annotations

import bench  # isort: skip  # sets what has to stand before torch loads

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor, nn

from bench.contract import samples
from bench.models.initialisations import initial_state
from bench.models.layout import Layout, buffer_layout, parameter_layout
from bench.pruning.computing import Computing
from bench.pruning.view import NetView
from bench.registry import Choice, registry
from bench.training.state import State

BATCH = 8
SEED = 3


@dataclass(frozen=True)
class Case:
    """A network in a state of its own, on images without meaning."""

    module: nn.Module
    state: State
    shape: tuple[int, ...]
    classes: int

    @property
    def layout(self) -> Layout:
        return parameter_layout(self.module)

    @property
    def plain(self) -> nn.Module:
        """The network with its own parameters, in double precision, ready to be used without us."""
        tensors = {**self.layout.views(self.state.weights), **buffer_layout(self.module).views(self.state.buffers)}
        self.module.load_state_dict(tensors)
        return self.module.double().eval()

    def computing(self, state: State | None = None) -> Computing:
        layouts = self.layout, buffer_layout(self.module)
        content = samples.noise(self.shape, self.classes)
        return Computing(self.module, layouts, state or self.state, content, BATCH, (SEED, "here"))

    def view(self) -> NetView:
        """In double precision, so that scores can be held to exact numbers."""
        weights = {name: weight.double() for name, weight in self.layout.weights(self.state.weights).items()}
        masks = dict(self.layout.weights(self.state.mask))
        return NetView(weights, masks, (), SEED, "here", self.computing(), tuple(weights))

    def masked(self, share: float, seed: int = 0) -> Case:
        """The same with about this share of the weights gone."""
        drawn = torch.rand(self.layout.width, generator=torch.Generator().manual_seed(seed))
        return replace(self, state=self.state.masked((drawn >= share) | ~self.layout.prunable()))


def case(module: nn.Module, shape: tuple[int, ...], classes: int, seed: int = 1, initialisation: str = "torch") -> Case:
    """A network just drawn; what batch norm has learnt is drawn as well, so that it cannot be overlooked."""
    tensors = initial_state(module, Choice(initialisation), seed)
    generator = torch.Generator().manual_seed(seed)
    for prefix, layer in module.named_modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            for name in ("weight", "bias", "running_mean", "running_var"):
                drawn = torch.randn(layer.num_features, generator=generator)
                tensors[f"{prefix}.{name}"] = drawn.abs() + 0.5 if name == "running_var" else drawn
    return Case(module, fresh(module, tensors), shape, classes)


def fresh(module: nn.Module, tensors: Mapping[str, Tensor]) -> State:
    parameters, buffers = parameter_layout(module), buffer_layout(module)
    return State(
        weights=parameters.flatten({place.name: tensors[place.name].float() for place in parameters.places}),
        mask=torch.ones(parameters.width, dtype=torch.bool),
        buffers=buffers.flatten({place.name: tensors[place.name].float() for place in buffers.places}),
    )


def scores(name: str, net: NetView, **options: object) -> dict[str, Tensor]:
    found: dict[str, Tensor] = registry("score").get(name).make(net, **options)
    return found


def mlp(*sizes: int, activation: type[nn.Module] = nn.Tanh, bias: bool = True) -> nn.Module:
    """Linear layers in a line; fc1, fc2, ... and output."""
    layers: list[tuple[str, nn.Module]] = [("flatten", nn.Flatten())]
    for number, (inputs, outputs) in enumerate(pairwise(sizes[:-1]), start=1):
        layers += [(f"fc{number}", nn.Linear(inputs, outputs, bias=bias)), (f"act{number}", activation())]
    layers.append(("output", nn.Linear(sizes[-2], sizes[-1], bias=bias)))
    module = nn.Sequential()
    for name, layer in layers:
        module.add_module(name, layer)
    return module


def small_conv() -> nn.Module:
    """For images of 2x6x6 and three classes."""
    module = nn.Sequential()
    for name, layer in (
        ("conv1", nn.Conv2d(2, 4, 3, padding=1)),
        ("norm1", nn.BatchNorm2d(4)),
        ("relu1", nn.ReLU()),
        ("pool1", nn.MaxPool2d(2)),
        ("conv2", nn.Conv2d(4, 5, 3, bias=False)),
        ("norm2", nn.BatchNorm2d(5)),
        ("relu2", nn.ReLU()),
        ("flatten", nn.Flatten()),
        ("output", nn.Linear(5, 3)),
    ):
        module.add_module(name, layer)
    return module


__all__ = ["BATCH", "SEED", "Case", "bench", "case", "fresh", "mlp", "scores", "small_conv"]
