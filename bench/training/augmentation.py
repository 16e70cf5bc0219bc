"""Random crops and flips of training images, a whole batch at once, on the device.

How an image is moved is a function of the seed and of its place in the data stream: replicas of one seed at one place
see the same images, whatever else is in the pack and wherever it runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench import random
from bench.training.batches import BLOCK

SHARE = 8  # a crop may leave the image by an eighth of its side, 4 of 32 pixels; what lies outside is black


@dataclass(frozen=True)
class Window:
    """The part of an image that a network gets, and how far it may move about."""

    height: int
    width: int
    top: int  # of the middle one
    left: int
    down: int  # it begins between top - down and top + down ...
    across: int  # ... and left - across and left + across

    @classmethod
    def of(cls, stored: tuple[int, int], shown: tuple[int, int]) -> Window:
        """Images that are stored larger than they are shown have room of their own; others move over their border."""
        spare = [whole - part for whole, part in zip(stored, shown, strict=True)]
        top, left = (one // 2 for one in spare)
        down, across = (part // SHARE if one == 0 else one // 2 for one, part in zip(spare, shown, strict=True))
        return cls(*shown, top, left, down, across)


@dataclass(frozen=True)
class Moves:
    """Where the window of each image begins, and whether the image is mirrored."""

    top: Tensor
    left: Tensor
    mirrored: Tensor


class Chances:
    """The random moves along one seed's data stream."""

    def __init__(self, seed: int, kind: str, window: Window) -> None:
        self._seed, self._window = seed, window
        self._crops, self._flips = "crop" in kind, "flip" in kind

    def take(self, start: int, count: int) -> NDArray[np.int64]:
        """Top, left and mirrored for the places start .. start + count of the stream, as three rows."""
        first, last = start // BLOCK, (start + count - 1) // BLOCK
        blocks = [random.words(self._seed, "augmentation", block, count=BLOCK) for block in range(first, last + 1)]
        words = np.concatenate(blocks)[start - first * BLOCK :][:count]
        window = self._window
        top, left = np.full(count, window.top), np.full(count, window.left)
        if self._crops:
            top += _among(words >> np.uint64(42), window.down)
            left += _among((words >> np.uint64(20)) & np.uint64((1 << 22) - 1), window.across)
        mirrored = (words & np.uint64(1)).astype(np.int64) if self._flips else np.zeros(count, np.int64)
        return np.stack([top, left, mirrored])


def _among(bits: NDArray[np.uint64], most: int) -> NDArray[np.int64]:
    """22 random bits as a number from -most to most."""
    return ((bits * np.uint64(2 * most + 1)) >> np.uint64(22)).astype(np.int64) - most


def moved(images: Tensor, rows: Tensor, window: Window, moves: Moves) -> Tensor:
    """The windows (len(rows), channels, height, width) of the images at `rows`."""
    device = images.device
    down = moves.top[:, None] + torch.arange(window.height, device=device)
    steps = torch.arange(window.width, device=device)
    across = moves.left[:, None] + torch.where(moves.mirrored[:, None] != 0, steps.flip(0), steps)
    height, width = images.shape[-2:]
    channels = torch.arange(images.shape[1], device=device)
    taken = images[
        rows[:, None, None, None],
        channels[None, :, None, None],
        down.clamp(0, height - 1)[:, None, :, None],
        across.clamp(0, width - 1)[:, None, None, :],
    ]
    if window.down > window.top or window.across > window.left:
        inside = ((down >= 0) & (down < height))[:, :, None] & ((across >= 0) & (across < width))[:, None, :]
        taken *= inside[:, None].to(taken.dtype)
    return taken
