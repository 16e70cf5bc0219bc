"""Small nets, data and states of our own to train."""

from __future__ import annotations

import bench  # isort: skip  # sets what has to stand before torch loads

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from bench.data.base import Dataset, from_arrays
from bench.models.mlp import mlp
from bench.recipe import Optimiser, Schedule, Select, Training
from bench.training.content import Content
from bench.training.loop import Member, Trained, train
from bench.training.networks import StackedNetwork, stacked
from bench.training.state import State

CPU = torch.device("cpu")
LENGTH = 40  # the schedule of most trainings here

OPTIMISERS = {
    "plain sgd": Optimiser("sgd", 0.2),
    "sgd with weight decay": Optimiser("sgd", 0.1, weight_decay=1e-2),
    "momentum": Optimiser("sgd", 0.05, momentum=0.9),
    "nesterov and weight decay": Optimiser("sgd", 0.05, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "adam": Optimiser("adam", 3e-3),
    "adam with weight decay": Optimiser("adam", 3e-3, weight_decay=1e-2, beta1=0.8, beta2=0.95, eps=1e-6),
    "adamw": Optimiser("adamw", 3e-3, weight_decay=1e-2),
    "adadelta": Optimiser("adadelta", 1.0),
    "adadelta with weight decay": Optimiser("adadelta", 0.7, weight_decay=1e-2, rho=0.8, eps=1e-5),
}


def net(*sizes: int, **options: Any) -> nn.Module:
    """A fully connected network: inputs, hidden layers, classes."""
    return mlp((sizes[0],), sizes[-1], sizes=tuple(sizes[1:-1]), **options)


def data(
    samples: int = 90, features: int = 6, classes: int = 3, counts: Sequence[int] | None = None, seed: int = 0
) -> Dataset:
    """Noise with a trace of order: the classes lie around centres."""
    numbers = np.random.default_rng(seed)
    labels = numbers.integers(0, classes, samples)
    centres = numbers.normal(size=(classes, features))
    inputs = (centres[labels] + numbers.normal(size=(samples, features))).astype("f4")
    train_count, validation = counts[:2] if counts else (samples * 6 // 10, samples * 2 // 10)
    parts = {"train": train_count, "validation": validation, "test": samples - train_count - validation}
    return from_arrays("noise", inputs, labels, parts, source="a test")


def images(
    samples: int = 60, shape: tuple[int, ...] = (2, 6, 6), classes: int = 3, shown: int | None = None
) -> Dataset:
    """Noise, brighter in one corner by the class. `shown` is the side of what a network gets of larger images."""
    numbers = np.random.default_rng(1)
    labels = numbers.integers(0, classes, samples)
    pixels = numbers.integers(0, 200, (samples, *shape), dtype=np.uint8)
    pixels[np.arange(samples), 0, 1 + labels, 1] = 255
    third = samples // 3
    parts = {"train": samples - 2 * third, "validation": third, "test": third}
    dataset = from_arrays(
        "images", pixels, labels, parts, source="a test", shift=(120.0,) * shape[0], factor=(0.01,) * shape[0]
    )
    if shown is not None:
        dataset.info = replace(dataset.info, shape=(shape[0], shown, shown))
    return dataset


def state(network: StackedNetwork, seed: int, kept: float = 1.0) -> State:
    """Drawn weights of which about a share is kept; biases stay."""
    generator = torch.Generator().manual_seed(seed)
    layout = network.parameters
    drawn = {
        place.name: torch.randn(place.shape, generator=generator) / max(1, place.shape[-1]) ** 0.5
        for place in layout.places
    }
    mask = torch.ones(layout.width, dtype=torch.bool)
    if kept < 1:
        mask = (torch.rand(layout.width, generator=generator) < kept) | ~layout.prunable()
    return State(layout.flatten(drawn) * mask, mask, torch.zeros(network.buffers.width))


def training(optimiser: Optimiser, batch: int = 7, length: int = LENGTH, **settings: Any) -> Training:
    select = settings.pop("select", Select())
    return Training(optimiser, Schedule(settings.pop("kind", "linear"), length, **settings), batch, select=select)


def alone(network: StackedNetwork, content: Content, member: Member) -> Trained:
    return train(network, content, [member])[0]


def cut(network: StackedNetwork, content: Content, member: Member, stops: Iterable[int]) -> State:
    """The end of a training that was stopped and taken up again at these steps."""
    reached, step = member.state, member.start
    for stop in [*sorted(set(stops)), member.stop]:
        if stop > step:
            reached = alone(network, content, replace(member, state=reached, start=step, stop=stop)).state
            step = stop
    return reached


def same(one: State, other: State) -> bool:
    """Whether two states agree to the last bit."""
    return (
        torch.equal(one.weights, other.weights)
        and torch.equal(one.mask, other.mask)
        and torch.equal(one.buffers, other.buffers)
        and one.moments.keys() == other.moments.keys()
        and all(torch.equal(moment, other.moments[name]) for name, moment in one.moments.items())
        and (one.updates, one.optimiser, one.order) == (other.updates, other.optimiser, other.order)
    )


__all__ = [
    "CPU",
    "LENGTH",
    "OPTIMISERS",
    "alone",
    "bench",
    "cut",
    "data",
    "images",
    "net",
    "same",
    "stacked",
    "state",
    "training",
]
