"""Which state of a training counts: kept on the device while the training goes on."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from bench.recipe import Select
from bench.training.devices import sum_type
from bench.training.stacks import Stack


class Selection:
    """The best weights that each replica of a pack has had on the validation data, with the masks they had then."""

    def __init__(self, stack: Stack, rules: Sequence[Select]) -> None:
        device = stack.weights.device
        self._best = torch.full((len(rules),), float("inf"), dtype=sum_type(device), device=device)
        self._weights = stack.weights.clone()
        self._buffers = stack.buffers.clone()
        self._masks = None if stack.masks is None else stack.masks.clone()
        self._waited = torch.zeros(len(rules), dtype=torch.int64, device=device)
        self._patience = torch.tensor([rule.patience if rule.kind == "stop" else -1 for rule in rules], device=device)

    def look(self, stack: Stack, losses: Tensor) -> None:
        """Take note of the validation losses; a replica whose patience has run out is left as it is."""
        better = (losses < self._best) & ~self.stopped
        self._best = torch.where(better, losses, self._best)
        self._weights = torch.where(better[:, None], stack.weights, self._weights)
        self._buffers = torch.where(better[:, None], stack.buffers, self._buffers)
        if self._masks is not None and stack.masks is not None:
            self._masks = torch.where(better[:, None], stack.masks, self._masks)
        self._waited = torch.where(better, 0, self._waited + 1)

    @property
    def stopped(self) -> Tensor:
        return (self._patience >= 0) & (self._waited >= self._patience) & torch.isfinite(self._best)

    def restore(self, stack: Stack) -> None:
        """Put the selected weights in the place of the last ones."""
        seen = torch.isfinite(self._best)[:, None]
        stack.weights.copy_(torch.where(seen, self._weights, stack.weights))
        stack.buffers.copy_(torch.where(seen, self._buffers, stack.buffers))
        if self._masks is not None and stack.masks is not None:
            stack.masks.copy_(torch.where(seen, self._masks, stack.masks))
