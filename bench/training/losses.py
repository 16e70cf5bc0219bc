"""The loss of a batch and what it says to the outputs, for each replica of a stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

Places = Sequence[tuple[int, int]]  # of each replica the seed, and how many batches of its stream lie behind it


@dataclass(frozen=True)
class Batch:
    """What a stack of replicas learns from in one step."""

    inputs: Tensor  # (replicas, samples, ...)
    labels: Tensor  # (replicas, samples)
    places: Places = ()  # where the network draws random numbers while it is trained


def loss_and_delta(outputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The mean loss of each replica, and its derivative by the outputs (replicas, samples, classes)."""
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
