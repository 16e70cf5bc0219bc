"""A stored run at hand in Python: its network and what belongs to it.

import bench

net = bench.load("3f2a9c1b")
probabilities = net.predict(images)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from bench.data.preprocessing import Preprocessing, preprocessing_of
from bench.errors import UserError
from bench.opening import OpenedRun
from bench.prediction.predictor import Predictor
from bench.prediction.samples import fitted, read_samples
from bench.pruning.shrinking.shrink import shrink
from bench.states import StateMissing

Given = Any  # an array, a tensor, or the paths of files


class LoadedRun:
    """What `bench.load` gives."""

    def __init__(self, opened: OpenedRun) -> None:
        self._opened = opened
        try:
            self.network: nn.Module = opened.network()  # in evaluation, zero where pruned
        except StateMissing:
            raise UserError(not_kept(opened)) from None

    def __repr__(self) -> str:
        facts = self.facts
        return f"<run {self.name}: {facts['method']} at level {facts['level']} on {facts['data']}, {facts['model']}>"

    @property
    def name(self) -> str:
        """The first 8 digits of its key."""
        return self._opened.name

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the database knows of it, by the names of its columns."""
        return self._opened.facts

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the outputs."""
        return self._opened.labels

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample, as the network gets it."""
        return self._opened.shape

    @cached_property
    def masks(self) -> dict[str, Tensor]:
        """False where a weight is pruned, by the names of the layers."""
        return self._opened.masks()

    @cached_property
    def preprocessing(self) -> Preprocessing:
        """From samples as the data set keeps them to what the network gets."""
        return preprocessing_of(self._opened.dataset, self._opened.ground.problem.data)

    @property
    def predictor(self) -> Predictor:
        """The network with what belongs before and behind it."""
        return Predictor(self.network, self.labels, self.preprocessing)

    def shrunk(self) -> nn.Module:
        """A smaller ordinary module with the same outputs: what is pruned is not there any more."""
        return shrink(self.network, None, self.shape).eval()

    def predict(self, samples: Given) -> npt.NDArray[np.float32]:
        """The probability of each class, a row for each sample.

        Samples are as the data set keeps them, bytes from 0 to 255 for most images, in an array or a tensor; or a
        path, or a list of paths, of image files, arrays of numpy or tables.
        """
        return self.predictor.probabilities(self._values(samples))

    def _values(self, samples: Given) -> npt.NDArray[Any]:
        if isinstance(samples, str | PathLike):
            return read_samples(Path(samples), self.preprocessing).values
        if isinstance(samples, Sequence) and samples and isinstance(samples[0], str | PathLike):
            return np.concatenate([self._values(path) for path in samples])
        array = samples.detach().cpu().numpy() if isinstance(samples, Tensor) else np.asarray(samples)
        return fitted(array, self.preprocessing, "predict")


def not_kept(opened: OpenedRun) -> str:
    """That there is nothing to load, and how to get it."""
    return f"run {opened.name}: its state is not kept any more; `bench export {opened.name}` trains it again"
