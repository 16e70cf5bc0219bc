"""What is shipped is held against the run before it is written: on the data set's own test samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from bench.errors import UserError
from bench.opening import OpenedRun
from bench.prediction.predictor import CHUNK

COMPARED = 1000  # test samples on which a file is held against the network
TOLERANCE = 1e-4  # of an output, relative to the largest: what rounding may change in another order of summing

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Judged:
    """What the network that was opened does on the whole test part, beside what its row says."""

    correct: int
    count: int
    stored: int | None

    @property
    def agrees(self) -> bool:
        return self.correct == self.stored

    @property
    def words(self) -> str:
        found = f"{self.correct:,} of {self.count:,} test samples right"
        return f"{found}, as its row says" if self.agrees else f"{found}; its row says {self.stored:,}"


@dataclass(frozen=True)
class Agreement:
    """How far the outputs of a file are from those of the run's own network."""

    file: str
    samples: int
    largest: float
    same_predictions: int

    @property
    def words(self) -> str:
        return (
            f"{self.file}: {self.same_predictions:,} of {self.samples:,} predictions the same, outputs differ by "
            f"{self.largest:.2g} at most"
        )


def test_rows(opened: OpenedRun) -> Tensor:
    return opened.dataset.split(opened.run.seed).test


def inputs_at(opened: OpenedRun, rows: Tensor) -> Tensor:
    """Test samples as the network gets them."""
    from bench.training.content import Content

    inputs, _ = Content(opened.dataset, torch.device("cpu")).samples(rows)
    return inputs


def judged(opened: OpenedRun, network: nn.Module) -> Judged:
    """The right answers of the whole test part, counted."""
    from bench.training.content import Content

    content, rows = Content(opened.dataset, torch.device("cpu")), test_rows(opened)
    correct = 0
    with torch.no_grad():
        for piece in torch.split(rows, min(CHUNK, content.chunk)):
            inputs, labels = content.samples(piece)
            correct += int((network(inputs).argmax(dim=1) == labels).sum())
    return Judged(correct, len(rows), opened.facts["test_correct"])


def compared(file: str, expected: Floats, outputs: Callable[[], Floats]) -> Agreement:
    """An error where it is not the same network."""
    found = outputs()
    expected = expected[: len(found)]
    largest = float(np.abs(found - expected).max(initial=0.0))
    same = found.argmax(axis=1) == expected.argmax(axis=1)
    allowed = TOLERANCE * max(1.0, float(np.abs(expected).max(initial=0.0)))
    top = np.sort(expected, axis=1)
    close = top[:, -1] - top[:, -2] <= 2 * allowed  # two classes that are as good as equal may change places
    if not np.isfinite(found).all() or largest > allowed or not (same | close).all():
        raise UserError(
            f"{file}: gives other outputs than the network (they differ by {largest:.3g}, {int((~same).sum())} of "
            f"{len(found)} predictions); nothing is written, and this is a fault of bench, please report it"
        )
    return Agreement(file, len(found), largest, int(same.sum()))
