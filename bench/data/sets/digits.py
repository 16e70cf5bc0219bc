"""scikit-learn's handwritten digits."""

from __future__ import annotations

import numpy as np

from bench.data.base import Dataset, from_arrays
from bench.data.bundled import read_digits
from bench.data.policy import DataPolicy
from bench.errors import UserError
from bench.registry import dataset

_WHITE = 16  # the value of a pixel that is all ink
_COUNTS = {"train": 1197, "validation": 300, "test": 300}


@dataset(
    "digits",
    reference="Alpaydin, Kaynak: Optical recognition of handwritten digits (1998)",
    white=_WHITE,
    terms="From the UCI Machine Learning Repository, under CC BY 4.0.",
)
def digits(policy: DataPolicy) -> Dataset:
    """1,797 handwritten digits of 8x8 pixels: 1,197 for training, 300 for validation, 300 for testing."""
    images, labels = read_digits()
    if len(images) != sum(_COUNTS.values()):
        raise UserError(
            f"digits: the installed scikit-learn has {len(images)} digits, not 1,797; install another release"
        )
    return from_arrays(
        "digits",
        images[:, np.newaxis],
        labels,
        _COUNTS,
        source="the package scikit-learn",
        class_names=tuple(str(digit) for digit in range(10)),
        factor=1 / _WHITE,
    )
