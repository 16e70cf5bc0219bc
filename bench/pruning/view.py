"""What a score sees: one network, its prunable weights now and at other moments, and random numbers of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from bench import random
from bench.pruning.computing import Computing


@dataclass(frozen=True)
class NetView:
    """One network, just before it is pruned. Layer names are the keys; the tensors are copies, free to be changed."""

    weights: Mapping[str, Tensor]
    masks: Mapping[str, Tensor]  # True where a weight is still there
    earlier: tuple[Mapping[str, Tensor], ...]  # the weights at the moments that the score asked for
    seed: int
    place: str
    computing: Computing | None = None
    layers: tuple[str, ...] = ()  # those that are pruned now; the others need no numbers

    @property
    def network(self) -> Computing:
        """The network as a function of its weights: for scores registered with `network=True`, or `data=True`."""
        if self.computing is None:
            raise ValueError("a score that computes with the network is registered with network=True or data=True")
        return self.computing

    def weights_at(self, moment: int) -> Mapping[str, Tensor]:
        """The weights at the moment of this index among those that the score registered."""
        return self.earlier[moment]

    def uniform(self, name: str) -> Tensor:
        """Numbers between 0 and 1 in the shape of a layer, the same for the same seed and the same pruning."""
        return torch.from_numpy(
            random.uniform(self.seed, "score", self.place, name, shape=tuple(self.weights[name].shape))
        )
