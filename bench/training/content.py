"""A data set on the device, and the batches and sweeps over it that a stack of replicas asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.data.base import Dataset, Scale, Split
from bench.training.augmentation import Chances, Moves, Window, moved
from bench.training.batches import Stream

CHUNK = 500  # samples evaluated at once ...
NUMBERS = 2_000_000  # ... but no more than so many numbers: networks make some dozens of each on the way
AHEAD = 64  # steps whose batches are drawn in one go


class Content:
    """The one content tensor of a data set, on the device."""

    def __init__(self, dataset: Dataset, device: torch.device) -> None:
        tensors = dataset.tensors()
        self._dataset = dataset
        self._inputs = tensors.inputs.to(device)
        self._labels = tensors.labels.to(device)
        self._shift, self._factor = _scale(tensors.shift, device), _scale(tensors.factor, device)
        self._scaled = tensors.shift != 0 or tensors.factor != 1
        self._splits: dict[int, Split] = {}
        self._shape = tuple(dataset.info.shape)
        self.device = device
        self.window = self._window()

    def _window(self) -> Window | None:
        """The part of each image that is shown; None for samples that are no images."""
        if len(self._shape) != 3:
            return None
        height, width = self._inputs.shape[-2:]
        return Window.of((height, width), self._shape[-2:])

    @property
    def sample_bytes(self) -> int:
        """What one sample takes as a network gets it."""
        return 4 * math.prod(self._shape)

    @property
    def chunk(self) -> int:
        """Samples evaluated at once: fixed for a data set, so that no result depends on who shares the memory."""
        return max(1, min(CHUNK, NUMBERS // math.prod(self._shape)))

    def split(self, seed: int) -> Split:
        if seed not in self._splits:
            self._splits[seed] = self._dataset.split(seed)
        return self._splits[seed]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample, as a network gets it."""
        return self._shape

    @property
    def classes(self) -> int:
        return self._dataset.info.classes

    def labels_of(self, rows: Tensor) -> Tensor:
        """The labels of samples, on the CPU."""
        return self._labels.index_select(0, rows.to(self.device)).cpu()

    def samples(self, rows: Tensor, moves: Moves | None = None) -> tuple[Tensor, Tensor]:
        """The samples at the given rows, as a network gets them, and their labels; both in the shape of `rows`."""
        flat = rows.reshape(-1)
        if moves is not None and self.window is not None:
            inputs = moved(self._inputs, flat, self.window, moves).to(torch.float32)
        else:
            inputs = self._middle(self._inputs.index_select(0, flat)).to(torch.float32)
        if self._scaled:
            inputs.sub_(self._shift).mul_(self._factor)
        return inputs.view(*rows.shape, *self._shape), self._labels.index_select(0, flat).view(rows.shape)

    def _middle(self, inputs: Tensor) -> Tensor:
        if self.window is None or inputs.shape[1:] == self._shape:
            return inputs
        window = self.window
        return inputs[..., window.top : window.top + window.height, window.left : window.left + window.width]

    def sweep(self, parts: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """All samples of one part a replica, in chunks, the last one as small as it comes."""
        shared = all(part is parts[0] or torch.equal(part, parts[0]) for part in parts[1:])
        rows = parts[0][None] if shared else torch.stack(list(parts))
        for chunk in torch.split(rows.to(self.device), self.chunk, dim=1):
            inputs, labels = self.samples(chunk)
            yield inputs.expand(len(parts), *inputs.shape[1:]), labels.expand(len(parts), -1)


def _scale(scale: Scale, device: torch.device) -> Tensor | float:
    """What is subtracted from images, or multiplied with them: a number each, or one for each of their channels."""
    return torch.tensor(scale, device=device)[:, None, None] if isinstance(scale, tuple) else scale


class Batches:
    """The batches of a stack of replicas: replicas of one seed at one place of its stream share the drawing."""

    def __init__(
        self,
        content: Content,
        seeds: Sequence[int],
        orders: Sequence[int],
        batch: int,
        augmentation: str | None = None,
    ) -> None:
        self._content = content
        self._batch = batch
        self._chances: dict[int, Chances] = {}
        if augmentation is not None and content.window is not None:
            self._chances = {seed: Chances(seed, augmentation, content.window) for seed in sorted(set(seeds))}
        self._places = sorted(set(zip(seeds, orders, strict=True)))
        self._replica = {place: number for number, place in enumerate(self._places)}
        self._streams = {seed: Stream(seed, content.split(seed).train.numpy()) for seed in sorted(set(seeds))}
        self._drawn_from = 0
        self._drawn = self._moves = torch.empty(0)
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
        inputs, labels = self._content.samples(self._drawn[:, place], self._moves_at(place))
        if self._alike:
            return inputs, labels
        return inputs.index_select(0, self._rows), labels.index_select(0, self._rows)

    def _moves_at(self, place: int) -> Moves | None:
        if not self._chances:
            return None
        return Moves(*(one.reshape(-1) for one in self._moves[:, :, place]))

    def _draw(self, first: int) -> None:
        def drawn(take: Callable[[int, int, int], NDArray[np.int64]]) -> Tensor:
            parts = [take(seed, (order + first) * self._batch, AHEAD * self._batch) for seed, order in self._places]
            whole = torch.from_numpy(np.stack(parts, axis=-2))
            return whole.view(*whole.shape[:-1], AHEAD, self._batch).to(self._content.device, non_blocking=True)

        self._drawn = drawn(lambda seed, start, count: self._streams[seed].take(start, count))
        if self._chances:
            self._moves = drawn(lambda seed, start, count: self._chances[seed].take(start, count))
        self._drawn_from = first
