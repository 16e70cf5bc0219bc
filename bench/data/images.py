"""MNIST and what has its form: 60,000 + 10,000 grey images of 28x28, published as four idx files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from bench import random
from bench.data.base import DataInfo, Dataset, Tensors, as_tensors
from bench.data.download import PublishedFile
from bench.data.finding import Publication
from bench.data.idx import read_idx
from bench.data.policy import DataPolicy
from bench.data.published import Published, open_published
from bench.data.standins import StandIn
from bench.errors import UserError

Normalise = Literal["standard", "unit"]

_TRAINING = 60_000
_TEST = 10_000


@dataclass(frozen=True)
class ImageSet:
    """A published set and what takes its place where it can not be had."""

    name: str
    title: str
    publication: Publication
    mean: float  # of the training pixels, on the scale 0 to 1
    std: float
    class_names: tuple[str, ...]
    standin: StandIn

    @property
    def published(self) -> Published:
        return Published(self.name, self.title, self.publication, self.standin.name, self.standin.title)


def idx_files(*facts: tuple[str, int, str, str]) -> tuple[PublishedFile, ...]:
    """Images and labels for training, then for test: name, packed size, sha256 as published and unpacked."""
    return tuple(PublishedFile(f"{name}-ubyte.gz", size, packed, unpacked) for name, size, packed, unpacked in facts)


def open_images(images: ImageSet, policy: DataPolicy, validation: int, normalise: Normalise) -> Dataset:
    """The published set, or its stand-in with a notice that says why."""
    _check(images.name, validation, normalise)
    return open_published(
        images.published,
        policy,
        lambda paths: _real(images, paths, validation, normalise),
        validation=validation,
        normalise=normalise,
    )


def _real(images: ImageSet, paths: Sequence[Path], validation: int, normalise: Normalise) -> Dataset:
    info = DataInfo(
        name=images.name,
        shape=(1, 28, 28),
        classes=len(images.class_names),
        counts={"train": _TRAINING - validation, "validation": validation, "test": _TEST},
        # Every copy that was accepted holds the published content, packed or not.
        fingerprint=hashlib.sha256(
            "".join(file.unpacked_sha256 or file.sha256 for file in images.publication.files).encode()
        ).hexdigest(),
        source=f"{images.title}, from {paths[0].parent}",
        class_names=images.class_names,
    )

    def load() -> Tensors:
        pixels = np.concatenate([read_idx(paths[0]), read_idx(paths[2])])
        labels = np.concatenate([read_idx(paths[1]), read_idx(paths[3])])
        return as_tensors(pixels[:, np.newaxis], labels, *_scale(images, normalise))

    def parts(seed: int) -> Mapping[str, npt.NDArray[np.int64]]:
        order = random.permutation(seed, "split", n=_TRAINING)
        test = np.arange(_TRAINING, _TRAINING + _TEST)
        return {"validation": order[:validation], "train": order[validation:], "test": test}

    return Dataset(info, load, parts)


def open_standin(images: ImageSet, validation: int, normalise: Normalise) -> Dataset:
    """A stand-in. `validation` counts as it does for the real set: as a share of its 60,000 training images."""
    made = images.standin
    _check(made.name, validation, normalise)
    held = round(made.originals * validation / _TRAINING)
    if validation:
        held = min(max(held, 1), made.originals - 1)
    training = made.originals * made.copies
    info = DataInfo(
        name=made.name,
        shape=(1, 28, 28),
        classes=len(made.class_names),
        counts={"train": training - held * made.copies, "validation": held * made.copies, "test": made.test},
        fingerprint=made.content(),
        source=made.title,
        standin=True,
        class_names=made.class_names,
    )

    def load() -> Tensors:
        pixels, labels = made.draw()
        return as_tensors(pixels[:, np.newaxis], labels, *_scale(images, normalise))

    def parts(seed: int) -> Mapping[str, npt.NDArray[np.int64]]:
        blocks = np.arange(training).reshape(made.originals, made.copies)
        blocks = blocks[random.permutation(seed, "split", n=made.originals)]
        test = np.arange(training, training + made.test)
        return {"validation": blocks[:held].ravel(), "train": blocks[held:].ravel(), "test": test}

    return Dataset(info, load, parts)


def _check(name: str, validation: int, normalise: str) -> None:
    if not 0 <= validation < _TRAINING:
        raise UserError(f"{name}: validation is {validation}; give a number of images from 0 to {_TRAINING - 1:,}")
    if normalise not in ("standard", "unit"):
        raise UserError(f"{name}: normalise is {normalise!r}; give 'standard' or 'unit'")


def _scale(images: ImageSet, normalise: Normalise) -> tuple[float, float]:
    """Shift and factor: 'unit' brings a pixel to 0..1, 'standard' the set to mean 0 and deviation 1."""
    if normalise == "unit":
        return 0.0, 1 / 255
    return 255 * images.mean, 1 / (255 * images.std)
