"""Small things to try components on: options, data, a network in training."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Mapping
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
import torch

from bench import random
from bench.data.base import from_arrays, open_named
from bench.data.policy import DataPolicy
from bench.durations import Duration
from bench.models.base import build
from bench.models.initialisations import initial_state
from bench.models.layout import Layout
from bench.recipe import Optimiser, Schedule, Training
from bench.registry import Choice, Component
from bench.suite.options import annotation_of, known_options
from bench.training.content import Content
from bench.training.networks import StackedNetwork, stacked
from bench.training.state import State


def policy() -> DataPolicy:
    """Data as they are found here; nothing is fetched for a test."""
    return DataPolicy.from_environment(download=False)


def options(component: Component) -> tuple[tuple[str, Any], ...]:
    """A value for each option that has no default; what the component registers as `sample` counts, as for files."""
    needed = {
        name: parameter
        for name, parameter in known_options(component).items()
        if parameter.default is inspect.Parameter.empty
    }
    given: Mapping[str, Any] = component.extra.get("sample", {})
    made = {name: _sample(annotation_of(component, one)) for name, one in needed.items() if name not in given}
    return tuple(sorted({**given, **made}.items()))


def by_python_name(component: Component) -> dict[str, Any]:
    return {name.replace("-", "_"): value for name, value in options(component)}


def _sample(annotation: Any) -> Any:
    if typing.get_origin(annotation) is typing.Literal:
        return typing.get_args(annotation)[0]
    if typing.get_origin(annotation) is tuple:
        return (_sample(typing.get_args(annotation)[0]),)
    simple: dict[Any, Any] = {Duration: Duration(0.5, "share"), int: 1, float: 0.5, bool: True, str: "a"}
    return simple.get(annotation)


def training(length: int, rate: float = 0.1) -> Training:
    return Training(Optimiser("sgd", rate, momentum=0.9), Schedule("linear", length), 20)


@lru_cache(maxsize=4)
def content(data: str) -> Content:
    """A small data set, ready for training."""
    return Content(open_named(data, {}, policy()), torch.device("cpu"))


@lru_cache(maxsize=4)
def noise(shape: tuple[int, ...], classes: int) -> Content:
    """Images without meaning, for what only has to compute."""
    count = 60
    pixels = random.words(0, "noise", count=count * prod(shape)).astype("<u8").view(np.uint8)[::8]
    labels = np.arange(count) % classes
    parts = {"train": count - 20, "validation": 10, "test": 10}
    images = pixels.reshape(count, *shape)
    dataset = from_arrays("noise", images, labels, parts, source="noise", shift=127.5, factor=1 / 73.6)
    return Content(dataset, torch.device("cpu"))


def network(name: Choice, shape: tuple[int, ...], classes: int) -> tuple[torch.nn.Module, StackedNetwork]:
    module = build(name, shape, classes)
    return module, stacked(module)


def drawn(module: torch.nn.Module, network: StackedNetwork, seed: int) -> State:
    """The state before the first step."""
    tensors = initial_state(module, "torch", seed)
    return State(
        weights=_flat(network.parameters, tensors),
        mask=torch.ones(network.parameters.width, dtype=torch.bool),
        buffers=_flat(network.buffers, tensors),
    )


def _flat(layout: Layout, tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    return layout.flatten({place.name: tensors[place.name].float() for place in layout.places})
