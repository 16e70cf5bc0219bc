"""The loss of a batch and what it says to the outputs, for each replica of a stack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

Places = Sequence[tuple[int, int]]  # of each replica the seed, and how many batches of its stream lie behind it


@dataclass(frozen=True)
class Taught:
    """What the teacher of each replica says to its batch, and how much that counts: see recipe.Teacher."""

    outputs: Tensor  # (replicas, samples, classes)
    alpha: Tensor  # (replicas, 1, 1), as is the temperature
    temperature: Tensor

    def each(self, change: Callable[[Tensor], Tensor]) -> Taught:
        """The same after a change of the replicas."""
        return Taught(change(self.outputs), change(self.alpha), change(self.temperature))


@dataclass(frozen=True)
class Batch:
    """What a stack of replicas learns from in one step."""

    inputs: Tensor  # (replicas, samples, ...)
    labels: Tensor  # (replicas, samples)
    places: Places = ()  # where the network draws random numbers while it is trained
    taught: Taught | None = None

    def taught_alone(self, row: int) -> Taught | None:
        """What one replica is taught."""
        return self.taught.each(lambda tensor: tensor[row : row + 1]) if self.taught else None


def loss_and_delta(outputs: Tensor, labels: Tensor, taught: Taught | None = None) -> tuple[Tensor, Tensor]:
    """The mean loss of each replica, and its derivative by the outputs (replicas, samples, classes)."""
    losses, delta = _by_labels(outputs, labels)
    if taught is None:
        return losses, delta
    soft = functional.log_softmax(outputs / taught.temperature, dim=-1)
    goal = functional.log_softmax(taught.outputs / taught.temperature, dim=-1)
    wanted = goal.exp()
    alpha, scale = taught.alpha, taught.alpha * taught.temperature
    divergences = (wanted * (goal - soft)).sum(dim=-1).mean(dim=1)
    losses = losses * (1 - alpha)[:, 0, 0] + divergences * (scale * taught.temperature)[:, 0, 0]
    delta.mul_(1 - alpha).add_((soft.exp_() - wanted).mul_(scale / outputs.shape[1]))
    return losses, delta


def _by_labels(outputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    logs = functional.log_softmax(outputs, dim=-1)
    picked = labels.unsqueeze(-1)
    losses = -logs.gather(-1, picked).squeeze(-1).mean(dim=1)
    delta = logs.exp_()
    delta.scatter_add_(-1, picked, torch.full_like(picked, -1, dtype=delta.dtype))
    return losses, delta.div_(outputs.shape[1])


def sample_losses(outputs: Tensor, labels: Tensor) -> Tensor:
    """The loss of every sample (replicas, samples)."""
    logs = functional.log_softmax(outputs, dim=-1)
    return -logs.gather(-1, labels.unsqueeze(-1)).squeeze(-1)
