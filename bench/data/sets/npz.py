"""The user's own arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.data.arrays import open_arrays
from bench.data.base import DataInfo, Dataset, Tensors, as_tensors
from bench.data.division import divided
from bench.data.own import settings_but_path, stored_as
from bench.data.policy import DataPolicy
from bench.registry import dataset


@dataset("npz", settings=settings_but_path(validation=0.1, test=0.2))
def npz(policy: DataPolicy, path: str, validation: float = 0.1, test: float = 0.2) -> Dataset:
    """Arrays of your own: a file of numpy.savez with `x` (images or rows of features) and `y` (one class for each).

    Images are (N, H, W), (N, H, W, C) or (N, C, H, W). Bytes are brought to between -2 and 2; floats are taken as they
    are. Where the file holds x_train, y_train, x_test and y_test, these parts are kept; the seed draws the others,
    class by class.
    """
    place = Path(path).expanduser()
    name = stored_as("npz", place)
    arrays = open_arrays(place)
    division = divided(name, arrays.labels, arrays.class_names, arrays.given, validation=validation, test=test)
    info = DataInfo(
        name=name,
        shape=arrays.shape,
        classes=len(arrays.class_names),
        counts=division.counts,
        fingerprint=arrays.sha256,
        source=f"your arrays in {place}",
        class_names=arrays.class_names,
    )

    def load() -> Tensors:
        inputs = arrays.read()
        if inputs.dtype == np.uint8:
            return as_tensors(inputs, arrays.labels, 127.5, 1 / 63.75)
        return as_tensors(inputs, arrays.labels, 0.0, 1.0)

    return Dataset(info, load, division.parts)
