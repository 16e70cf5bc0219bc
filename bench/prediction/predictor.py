"""A network with what belongs before and behind it: samples go in as people have them, probabilities come out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bench.data.preprocessing import Preprocessing

CHUNK = 500  # samples that are computed at once ...
NUMBERS = 2_000_000  # ... but no more than so many numbers of input
_SUM = 1e-4  # how far the sum of outputs that are probabilities already may be from 1

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Predictor:
    """`network` gets inputs (N, *shape) and gives outputs (N, classes)."""

    network: Callable[[Tensor], Tensor]
    labels: tuple[str, ...]
    preprocessing: Preprocessing

    def probabilities(self, samples: Array) -> npt.NDArray[np.float32]:
        """Of each class, a row for each sample. Samples are as the data set keeps them: bytes for images."""
        found = [probabilities(outputs) for outputs in self.outputs(samples)]
        return np.concatenate([one.numpy() for one in found]) if found else np.empty((0, len(self.labels)), np.float32)

    def outputs(self, samples: Array) -> Iterator[Tensor]:
        """What the network itself gives, in pieces."""
        piece = max(1, min(CHUNK, NUMBERS // math.prod(self.preprocessing.shape)))
        with torch.no_grad():
            for start in range(0, len(samples), piece):
                yield self.network(self.preprocessing.inputs(samples[start : start + piece]))


def probabilities(outputs: Tensor) -> Tensor:
    """Softmax, unless the network ends with one itself."""
    if len(outputs) and bool((outputs >= 0).all()) and bool(((outputs.sum(dim=1) - 1).abs() < _SUM).all()):
        return outputs
    return torch.softmax(outputs, dim=1)
