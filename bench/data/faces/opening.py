"""Faces that were cut out, as a data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.data.base import DataInfo, Dataset, Tensors, as_tensors
from bench.data.faces.settings import SIDE
from bench.data.faces.split import GroupedSplit, Integers, grouped
from bench.data.faces.store import Prepared, read_crops
from bench.data.images import Normalise
from bench.errors import UserError

NETWORK_SIDE = 128  # pixels that a network gets of a face
SIZES = (128, 64, 32)  # what it may be shrunk to: averages of whole squares of pixels
FEWEST = 5  # faces of a person


def check_shares(name: str, validation: float, test: float) -> None:
    if not (0 <= validation < 1 and 0 < test < 1 and validation + test < 1):
        raise UserError(
            f"{name}: validation is {validation:g} and test {test:g}; give shares of the faces, such as 0.1 and 0.2, "
            "that leave some to train on"
        )


def check_size(name: str, size: int) -> None:
    if size not in SIZES:
        raise UserError(f"{name}: size is {size}; give {', '.join(map(str, SIZES[:-1]))} or {SIZES[-1]}")


def shrunk(pixels: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.uint8]:
    """Kept faces (N, 1, SIDE, SIDE) for a network that gets `size` in place of NETWORK_SIDE pixels of them."""
    step = NETWORK_SIDE // size
    if step == 1:
        return pixels
    side = SIDE // step
    squares = pixels.reshape(len(pixels), 1, side, step, side, step).sum(axis=(3, 5), dtype=np.uint32)
    means: npt.NDArray[np.uint8] = ((squares + step * step // 2) // (step * step)).astype(np.uint8)
    return means


def open_prepared(
    name: str, prepared: Prepared, size: int, validation: float, test: float, normalise: Normalise
) -> Dataset:
    """Copies of one photo lie on one side of every split. Nothing is read but the list of the photos."""
    check_size(name, size)
    check_shares(name, validation, test)
    if normalise not in ("standard", "unit"):
        raise UserError(f"{name}: normalise is {normalise!r}; give 'standard' or 'unit'")
    found = prepared.found
    people = Counter({entry.label: 0 for entry in prepared.entries})
    people.update(entry.label for entry in found)
    few = [label for label, count in sorted(people.items()) if count < FEWEST]
    if few:
        raise UserError(
            f"{name}: {people[few[0]]} photos of {few[0]!r} show a face, and {FEWEST} are needed; put more into "
            f"{prepared.source}, or take the folder out, and prepare it again"
        )
    class_names = sorted(people)
    labels = np.array([class_names.index(entry.label) for entry in found], np.int64)
    groups = np.array([entry.near for entry in found], np.int64)
    shares = {"train": 1 - validation - test, "validation": validation, "test": test}
    split = grouped(labels, groups, shares)
    _check_split(name, split, labels, class_names)
    info = DataInfo(
        name=name,
        shape=(1, size, size),
        classes=len(class_names),
        counts=split.counts,
        fingerprint=prepared.fingerprint,
        source=f"faces cut out of {prepared.source}, from {prepared.folder}",
        class_names=tuple(class_names),
    )

    def load() -> Tensors:
        crops = shrunk(read_crops(prepared), size)
        if normalise == "unit":
            return as_tensors(crops, labels, 0.0, 1 / 255)
        # Sums of whole numbers: the same on every machine.
        counts = np.bincount(crops.reshape(-1), minlength=256)
        levels = np.arange(256)
        mean = float((counts * levels).sum() / crops.size)
        deviation = float(np.sqrt((counts * levels**2).sum() / crops.size - mean**2))
        return as_tensors(crops, labels, mean, 1 / max(deviation, 1.0))

    return Dataset(info, load, split.parts)


def _check_split(name: str, split: GroupedSplit, labels: Integers, class_names: Sequence[str]) -> None:
    """Sizes do not depend on the seed, so what holds for one holds for all."""
    parts = split.parts(0)
    for part in ("train", "test"):
        present = np.bincount(labels[parts[part]], minlength=len(class_names)) > 0
        if not present.all():
            label = class_names[int(np.argmin(present))]
            raise UserError(
                f"{name}: the {int((labels == class_names.index(label)).sum())} faces of {label!r} leave none for "
                f"{part}, since copies of one photo stay together; add other photos, or give {part} a larger share"
            )
