"""How wide a pack pays: a short measurement on the device, with this network, batch and optimiser."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from bench.recipe import Schedule, Training
from bench.training.content import Content
from bench.training.loop import Member, train
from bench.training.networks import StackedNetwork
from bench.training.optimisers import moment_names
from bench.training.state import State

WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
SECONDS_A_WIDTH = 0.4
SLOW = 0.05  # seconds a step of one replica from which a width that does not pay ends the search
GAIN = 0.97  # a wider pack has to be at least this much quicker a run, else the narrower one is taken
MEMORY = 4 * 10**9  # bytes that the flat buffers of a pack may take where the device does not say how much it has


@dataclass(frozen=True)
class Calibration:
    """The width that was chosen, and how long a step of a pack takes: so long, and so much more for each replica."""

    width: int
    seconds_per_step: float
    seconds_per_replica: float
    most: int = WIDTHS[-1]  # the widest that could be tried, for want of more replicas

    def holds(self, replicas: int) -> bool:
        """Whether it says how wide a pack of so many replicas pays: not when more could be stacked than were tried."""
        return min(replicas, WIDTHS[-1]) <= self.most or self.width < self.most // 2

    def seconds(self, steps: float, replica_steps: float) -> float:
        """How long so many steps of packs take that are so many steps of replicas in all."""
        return steps * self.seconds_per_step + replica_steps * self.seconds_per_replica


def calibrate(
    network: StackedNetwork, content: Content, training: Training, seed: int, first: State, most: int
) -> Calibration:
    """Try wider and wider packs for as long as they pay."""
    tried: dict[int, float] = {}
    best = 1
    for width in WIDTHS:
        if width > 1 and (width > most or not _may(width, network, training)):
            break
        try:
            tried[width] = _seconds(network, content, training, seed, first, width)
        except (torch.OutOfMemoryError, MemoryError):
            break
        if tried[width] / width < tried[best] / best * GAIN:
            best = width
        elif width >= 4 * best or tried[1] > SLOW:
            break
    if best == 1:
        return Calibration(1, 0.0, tried[1], most)
    each = max(0.0, (tried[best] - tried[1]) / (best - 1))
    return Calibration(best, max(0.0, tried[1] - each), each, most)


def _may(width: int, network: StackedNetwork, training: Training) -> bool:
    if network.widest and width > network.widest:
        return False
    buffers = 3 + len(moment_names(training.optimiser.kind))
    return width * network.parameters.width * 4 * buffers <= MEMORY


def _seconds(
    network: StackedNetwork, content: Content, training: Training, seed: int, first: State, width: int
) -> float:
    """Seconds a step of the pack: the best of some goes, of as many steps as fit."""
    steps = 1
    best = float("inf")
    spent = 0.0
    goes = 0
    while goes < 2 or (spent < SECONDS_A_WIDTH and goes < 14):
        took = _go(network, content, training, seed, [first] * width, steps)
        spent += took
        goes += 1
        best = min(best, took / steps)
        if took < SECONDS_A_WIDTH / 8:
            steps *= 2
    return best


def _go(
    network: StackedNetwork, content: Content, training: Training, seed: int, states: Sequence[State], steps: int
) -> float:
    schedule = Schedule("constant", steps)
    alone = Training(training.optimiser, schedule, training.batch, augmentation=training.augmentation)
    began = time.perf_counter()
    train(network, content, [Member(seed, state, alone, 0, steps) for state in states], curve_at=_never)
    return time.perf_counter() - began


def _never(*_: int) -> list[int]:
    """No looks at the validation data: only the steps are timed."""
    return []
