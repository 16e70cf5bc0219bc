"""A data set on the device, and the batches and sweeps over it that a stack of replicas asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from bench.data.base import Dataset, Split
from bench.training.batches import Stream

CHUNK = 500  # samples evaluated at once; fixed, so that a result does not depend on how many replicas share the memory
AHEAD = 64  # steps whose batches are drawn in one go


class Content:
    """The one content tensor of a data set, on the device."""

    def __init__(self, dataset: Dataset, device: torch.device) -> None:
        tensors = dataset.tensors()
        self._dataset = dataset
        self._inputs = tensors.inputs.to(device)
        self._labels = tensors.labels.to(device)
        self._shift, self._factor = tensors.shift, tensors.factor
        self._splits: dict[int, Split] = {}
        self.device = device

    @property
    def sample_bytes(self) -> int:
        """What one sample takes as a network gets it."""
        return 4 * self._inputs[0].numel()

    def split(self, seed: int) -> Split:
        if seed not in self._splits:
            self._splits[seed] = self._dataset.split(seed)
        return self._splits[seed]

    def samples(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The samples at the given rows, as a network gets them, and their labels; both in the shape of `rows`."""
        flat = rows.reshape(-1)
        inputs = self._inputs.index_select(0, flat).to(torch.float32)
        if self._shift or self._factor != 1:
            inputs.sub_(self._shift).mul_(self._factor)
        return inputs.view(*rows.shape, *self._inputs.shape[1:]), self._labels.index_select(0, flat).view(rows.shape)

    def sweep(self, parts: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """All samples of one part a replica, in chunks, the last one as small as it comes."""
        shared = all(part is parts[0] or torch.equal(part, parts[0]) for part in parts[1:])
        rows = parts[0][None] if shared else torch.stack(list(parts))
        for chunk in torch.split(rows.to(self.device), CHUNK, dim=1):
            inputs, labels = self.samples(chunk)
            yield inputs.expand(len(parts), *inputs.shape[1:]), labels.expand(len(parts), -1)


class Batches:
    """The batches of a stack of replicas: replicas of one seed at one place of its stream share the drawing."""

    def __init__(self, content: Content, seeds: Sequence[int], orders: Sequence[int], batch: int) -> None:
        self._content = content
        self._batch = batch
        self._places = sorted(set(zip(seeds, orders, strict=True)))
        self._replica = {place: number for number, place in enumerate(self._places)}
        self._streams = {seed: Stream(seed, content.split(seed).train.numpy()) for seed in sorted(set(seeds))}
        self._drawn_from = 0
        self._drawn = torch.empty(0)
        self.keep(seeds, orders)

    def keep(self, seeds: Sequence[int], orders: Sequence[int]) -> None:
        """Go on with these replicas."""
        rows = [self._replica[place] for place in zip(seeds, orders, strict=True)]
        self._alike = rows == list(range(len(self._places)))
        self._rows = torch.tensor(rows, device=self._content.device)

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """Inputs (replicas, batch, ...) and labels (replicas, batch) of a step, counted from the pack's first."""
        place = step % AHEAD
        if place == 0 or self._drawn_from != step - place or self._drawn.numel() == 0:
            self._draw(step - place)
        inputs, labels = self._content.samples(self._drawn[:, place])
        if self._alike:
            return inputs, labels
        return inputs.index_select(0, self._rows), labels.index_select(0, self._rows)

    def _draw(self, first: int) -> None:
        rows = [
            self._streams[seed].take((order + first) * self._batch, AHEAD * self._batch) for seed, order in self._places
        ]
        drawn = torch.from_numpy(np.stack(rows)).view(len(rows), AHEAD, self._batch)
        self._drawn = drawn.to(self._content.device, non_blocking=True)
        self._drawn_from = first
