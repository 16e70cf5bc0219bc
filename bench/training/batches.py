"""The stream of training samples: permutations of the training set, one after the other, cut into batches.

A batch may reach over the end of one permutation into the next, so all batches are equally large and every sample comes
exactly once in each permutation. The stream belongs to the seed: all methods of a seed see the same one.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from bench import random

BLOCK = 8192  # samples drawn at a time, in whole permutations; part of what a seed means, hence never changed


class Stream:
    """The order in which one seed visits the samples of its training set."""

    def __init__(self, seed: int, samples: NDArray[np.int64]) -> None:
        self._seed = seed
        self._samples = samples
        self._rows = max(1, BLOCK // max(1, len(samples)))
        self._blocks: OrderedDict[int, NDArray[np.int64]] = OrderedDict()

    def take(self, start: int, count: int) -> NDArray[np.int64]:
        """The samples at places start .. start + count of the stream, as rows of the data set."""
        block_size = self._rows * len(self._samples)
        parts = []
        while count > 0:
            block, place = divmod(start, block_size)
            part = self._block(block)[place : place + count]
            parts.append(part)
            start += len(part)
            count -= len(part)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _block(self, number: int) -> NDArray[np.int64]:
        if number not in self._blocks:
            rows = random.permutations(self._seed, "order", number, rows=self._rows, n=len(self._samples))
            self._blocks[number] = self._samples[rows.reshape(-1)]
            if len(self._blocks) > 2:
                self._blocks.popitem(last=False)
        return self._blocks[number]
