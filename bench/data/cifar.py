"""CIFAR-10 in the forms that it is found in: its classes and sizes, its first images, and how pixels come to scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from bench import random
from bench.data.base import DataInfo, Dataset, Scale, Tensors, as_tensors
from bench.data.drawn import CIFAR10_STANDIN
from bench.data.photos import normalised
from bench.data.policy import DataPolicy
from bench.data.prepared import prepared
from bench.data.published import Published, Source, open_published
from bench.errors import UserError
from bench.recipe import digest

Normalise = Literal["standard", "unit", "half"]
Images = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Means = tuple[float, float, float]

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIDE = 32
TRAINING, TEST = 50_000, 10_000
FIRST = 500, 100  # images of each class that the small set has, to train on and to test by
SMALL_STANDIN = "cifar10-small-standin"
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)  # of the training pixels, on the scale 0 to 1

_PREPARATION = 1  # raised when the same files become other pixels


class AllImages(Source, Protocol):
    """A source of all images."""

    @property
    def content(self) -> str:
        """A hash that is the same for every copy that `find` accepts."""
        ...

    def read(self, policy: DataPolicy, paths: tuple[Path, ...]) -> tuple[Images, Integers]:
        """The images (N, 3, 32, 32) and their labels, those for training first."""
        ...


@dataclass(frozen=True)
class Form:
    """One form of CIFAR-10, and the two sets that are made of it: all images, and the first ones of each class."""

    name: str
    small: str  # the name of the small set
    title: str
    source: AllImages
    mean: Means
    std: Means
    training: int = TRAINING
    test: int = TEST
    first: tuple[int, int] = FIRST

    @property
    def published(self) -> Published:
        return Published(self.name, self.title, self.source, CIFAR10_STANDIN.name, CIFAR10_STANDIN.title)

    @property
    def published_small(self) -> Published:
        title = f"the first images of {self.title}"
        return Published(self.small, title, self.source, SMALL_STANDIN, CIFAR10_STANDIN.title)


def open_all(form: Form, policy: DataPolicy, validation: int, normalise: Normalise) -> Dataset:
    check(form.name, validation, normalise, form.training)

    def real(paths: tuple[Path, ...]) -> Dataset:
        return _opened(form, policy, paths, validation, normalise)

    return open_published(form.published, policy, real, validation=validation, normalise=normalise)


def open_small(form: Form, policy: DataPolicy, validation: int, normalise: Normalise) -> Dataset:
    check(form.small, validation, normalise, len(CLASSES) * form.first[0])

    def real(paths: tuple[Path, ...]) -> Dataset:
        return _opened(form, policy, paths, validation, normalise, small=True)

    return open_published(form.published_small, policy, real, validation=validation, normalise=normalise)


def _opened(
    form: Form, policy: DataPolicy, paths: tuple[Path, ...], validation: int, normalise: Normalise, small: bool = False
) -> Dataset:
    content = digest(["cifar10", _PREPARATION, form.source.content])
    which = form.published_small if small else form.published
    training, test = (len(CLASSES) * count for count in form.first) if small else (form.training, form.test)
    info = DataInfo(
        name=which.name,
        shape=(3, SIDE, SIDE),
        classes=len(CLASSES),
        counts=sizes(training, validation, test),
        fingerprint=digest([content, "first", *form.first]) if small else content,
        source=f"{which.title}, from {paths[0] if len(paths) == 1 else paths[0].parent}",
        class_names=CLASSES,
    )

    def make() -> dict[str, npt.NDArray[np.uint8] | Integers]:
        images, labels = form.source.read(policy, paths)
        if len(labels) != form.training + form.test:
            published = form.training + form.test
            raise UserError(f"{paths[0]}: holds {len(labels):,} images, published are {published:,}; get it again")
        return {"inputs": images, "labels": labels}

    def load() -> Tensors:
        kept = prepared(policy, content, make)
        rows = first_of_each(kept["labels"], form.training, form.first) if small else slice(None)
        return as_tensors(kept["inputs"][rows], kept["labels"][rows], *scaled(normalise, form.mean, form.std))

    return Dataset(info, load, lambda seed: parted(training, validation, test, seed))


def check(name: str, validation: int, normalise: str, training: int) -> None:
    if not 0 <= validation < training:
        raise UserError(f"{name}: validation is {validation}; give a number of images from 0 to {training - 1:,}")
    if normalise not in ("standard", "unit", "half"):
        raise UserError(f"{name}: normalise is {normalise!r}; give 'standard', 'unit' or 'half'")


def scaled(normalise: Normalise, mean: Means = MEAN, std: Means = STD) -> tuple[Scale, Scale]:
    """Shift and factor: each channel to mean 0 and deviation 1 ('standard'), all to 0..1 ('unit') or -1..1 ('half')."""
    if normalise == "unit":
        return 0.0, 1 / 255
    if normalise == "half":
        return 127.5, 1 / 127.5
    return normalised(mean, std)


def sizes(training: int, validation: int, test: int) -> dict[str, int]:
    return {"train": training - validation, "validation": validation, "test": test}


def parted(training: int, validation: int, test: int, seed: int) -> Mapping[str, Integers]:
    """The test images come behind the training images and stay what they are; the seed draws those for validation."""
    order = random.permutation(seed, "split", n=training)
    fixed = np.arange(training, training + test)
    return {"validation": order[:validation], "train": order[validation:], "test": fixed}


def first_of_each(labels: Integers, training: int = TRAINING, first: tuple[int, int] = FIRST) -> Integers:
    """The rows of the small set: the first so many training and test images of each class, in their order."""
    rows = []
    for part, offset, count in ((labels[:training], 0, first[0]), (labels[training:], training, first[1])):
        chosen = [np.flatnonzero(part == label)[:count] for label in range(len(CLASSES))]
        rows.append(offset + np.sort(np.concatenate(chosen)))
    return np.concatenate(rows)
