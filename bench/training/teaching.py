"""The teachers of a pack: trained networks that look at the same batches as their students."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bench.recipe import Teacher
from bench.training.losses import Taught
from bench.training.networks import StackedNetwork
from bench.training.state import State


@dataclass(frozen=True)
class Lesson:
    """Who teaches a replica: a network, which all of a pack have in common, and its state."""

    network: StackedNetwork
    state: State


class Teachers:
    """One teacher a replica. Replicas of one teacher at one place of one data stream hear what it says once."""

    def __init__(
        self,
        lessons: Sequence[Lesson],
        settings: Sequence[Teacher],
        places: Sequence[tuple[int, int]],
        device: torch.device,
    ) -> None:
        heard = [(id(lesson.state), place) for lesson, place in zip(lessons, places, strict=True)]
        first = {one: row for row, one in reversed(list(enumerate(heard)))}
        speaking = sorted(first.values())
        states = [lessons[row].state for row in speaking]
        number = {heard[row]: place for place, row in enumerate(speaking)}
        self._network = lessons[0].network
        self._weights = torch.stack([state.weights for state in states]).to(device)
        self._buffers = torch.stack([state.buffers for state in states]).to(device)
        self._speaking = torch.tensor(speaking, device=device)
        self._hearing = torch.tensor([number[one] for one in heard], device=device)
        self._alpha = _column([one.alpha for one in settings], device)
        self._temperature = _column([one.temperature for one in settings], device)

    def at(self, inputs: Tensor) -> Taught:
        """What is said to a batch (replicas, samples, ...)."""
        said = self._network.outputs(self._weights, self._buffers, inputs.index_select(0, self._speaking))
        return Taught(said.index_select(0, self._hearing), self._alpha, self._temperature)


def teachers(
    taught: Sequence[tuple[Lesson | None, Teacher | None, tuple[int, int]]], device: torch.device
) -> Teachers | None:
    """The teachers of some replicas, each with its lesson, its settings, its seed and place in the data stream."""
    if all(settings is None for _, settings, _ in taught):
        return None
    known = [(lesson, settings, place) for lesson, settings, place in taught if lesson and settings]
    if len(known) < len(taught) or len({id(lesson.network) for lesson, _, _ in known}) > 1:
        raise ValueError("the replicas of a pack have teachers of one network, or none has")
    lessons, settings, places = zip(*known, strict=True)
    return Teachers(lessons, settings, places, device)


def _column(numbers: Sequence[float], device: torch.device) -> Tensor:
    return torch.tensor(numbers, device=device)[:, None, None]
