"""Replicas laid on top of each other for training, and taken apart again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bench.recipe import Optimiser, Training, digest
from bench.training.optimisers import moment_names
from bench.training.state import State


@dataclass
class Stack:
    """The flat buffers of many replicas, (replicas, width) each. Training changes them in place, masks too where it is
    to move what is pruned."""

    weights: Tensor
    buffers: Tensor
    masks: Tensor | None  # 1 and 0 as floats; None while no replica has lost anything
    moments: dict[str, Tensor]
    gradient: Tensor

    def keep(self, rows: Tensor) -> Stack:
        """The stack with only these replicas."""
        return Stack(
            self.weights[rows],
            self.buffers[rows],
            None if self.masks is None else self.masks[rows],
            {name: moment[rows] for name, moment in self.moments.items()},
            self.gradient[rows],
        )


def lay(states: Sequence[State], optimisers: Sequence[Optimiser], device: torch.device) -> Stack:
    """Stack states that are about to be trained; a state whose optimiser does not go on begins with a fresh one."""
    weights = torch.stack([state.weights for state in states]).to(device)
    pruned = any(not bool(state.mask.all()) for state in states)
    masks = torch.stack([state.mask for state in states]).to(device, torch.float32) if pruned else None
    moments = {
        name: torch.stack(
            [
                state.moments[name]
                if state.continues(settings) and name in state.moments
                else torch.zeros_like(state.weights)
                for state, settings in zip(states, optimisers, strict=True)
            ]
        ).to(device)
        for name in moment_names(optimisers[0].kind)
    }
    buffers = torch.stack([state.buffers for state in states]).to(device)
    return Stack(weights, buffers, masks, moments, torch.zeros_like(weights))


def updates_behind(state: State, settings: Optimiser) -> int:
    """How many updates the optimiser has made that goes on, 0 when it begins."""
    return state.updates if state.continues(settings) else 0


def take(stack: Stack, row: int, before: State, training: Training, start: int, stop: int) -> State:
    """The state of one replica after the steps from `start` to `stop`."""
    settings = training.optimiser
    return State(
        weights=stack.weights[row].cpu().clone(),
        mask=before.mask if stack.masks is None else stack.masks[row].cpu() != 0,
        buffers=stack.buffers[row].cpu().clone(),
        moments={name: moment[row].cpu().clone() for name, moment in stack.moments.items()},
        updates=updates_behind(before, settings) + training.learning_steps(start, stop),
        optimiser=digest(settings),
        order=before.order + stop - start,
    )
