"""The stand-ins for photos, each with the options of what it stands for."""

from __future__ import annotations

from typing import Literal

import numpy as np

from bench.data import cifar
from bench.data.base import Dataset, stratified
from bench.data.division import divided
from bench.data.drawn import CIFAR10_STANDIN, FLOWERS102_STANDIN, FLOWERS_STANDIN, GOT_FACES_STANDIN, open_drawn
from bench.data.faces.opening import NETWORK_SIDE, check_shares
from bench.data.faces.opening import check_size as check_face_size
from bench.data.faces.settings import SIDE
from bench.data.images import Normalise
from bench.data.photos import check_size
from bench.data.policy import DataPolicy
from bench.errors import UserError
from bench.registry import dataset

_TRAINING, _TEST = 10_000, 2_000
# Drawn pixels have about this mean and deviation, in every set.
_SCALE = (127.5, 1 / 55)
_UNIT = (0.0, 1 / 255)
_FLOWERS = {
    "honest": {"train": 1050, "validation": 150, "test": 300},
    "published": {"train": 1370, "validation": 80, "test": 50},
}


@dataset("cifar10-standin")
def cifar10_standin(policy: DataPolicy, validation: int = 5000, normalise: cifar.Normalise = "standard") -> Dataset:
    """What takes the place of CIFAR-10: 12,000 drawn flowers of ten kinds, 32x32.

    `validation` counts as it does for CIFAR-10: as a share of 50,000 training images.
    """
    cifar.check(CIFAR10_STANDIN.name, validation, normalise, cifar.TRAINING)
    held = round(_TRAINING * validation / cifar.TRAINING)
    if validation:
        held = min(max(held, 1), _TRAINING - 1)
    return open_drawn(
        CIFAR10_STANDIN,
        policy,
        size=cifar.SIDE,
        counts=cifar.sizes(_TRAINING, held, _TEST),
        parts=lambda seed: cifar.parted(_TRAINING, held, _TEST, seed),
        scale=cifar.scaled(normalise),
    )


@dataset(cifar.SMALL_STANDIN)
def cifar10_small_standin(
    policy: DataPolicy, validation: int = 500, normalise: cifar.Normalise = "standard"
) -> Dataset:
    """What takes the place of the small CIFAR-10: the first 500 and 100 drawn flowers of each of ten kinds, 32x32."""
    name = cifar.SMALL_STANDIN
    training, test = (len(CIFAR10_STANDIN.kinds) * count for count in cifar.FIRST)
    cifar.check(name, validation, normalise, training)
    return open_drawn(
        CIFAR10_STANDIN,
        policy,
        size=cifar.SIDE,
        counts=cifar.sizes(training, validation, test),
        parts=lambda seed: cifar.parted(training, validation, test, seed),
        scale=cifar.scaled(normalise),
        rows=(name, cifar.first_of_each(CIFAR10_STANDIN.labels, _TRAINING)),
    )


@dataset("flowers-standin")
def flowers_standin(policy: DataPolicy, size: int = 180, split: Literal["honest", "published"] = "honest") -> Dataset:
    """What takes the place of the flower photos: 1,500 drawn flowers of five kinds."""
    name = FLOWERS_STANDIN.name
    check_size(name, size)
    if split not in _FLOWERS:
        raise UserError(f"{name}: split is {split!r}; give 'honest' or 'published'")
    counts = _FLOWERS[split]
    return open_drawn(
        FLOWERS_STANDIN,
        policy,
        size=size,
        counts=counts,
        parts=lambda seed: stratified(FLOWERS_STANDIN.labels, counts, seed),
        scale=_SCALE,
    )


@dataset("flowers102-standin")
def flowers102_standin(
    policy: DataPolicy, size: int = 96, split: Literal["official", "swapped"] = "official"
) -> Dataset:
    """What takes the place of the Oxford flowers: 4,080 drawn flowers of 102 kinds.

    The official split has 10 of a kind for training, 10 for validation and 20 for testing; `swapped` trains on those
    20. The seed does not change it.
    """
    name = FLOWERS102_STANDIN.name
    check_size(name, size)
    if split not in ("official", "swapped"):
        raise UserError(f"{name}: split is {split!r}; give 'official' or 'swapped'")
    few, validation, many = np.split(np.arange(FLOWERS102_STANDIN.count), [1020, 2040])
    train, test = (few, many) if split == "official" else (many, few)
    parts = {"train": train, "validation": validation, "test": test}
    return open_drawn(
        FLOWERS102_STANDIN,
        policy,
        size=size,
        counts={part: len(rows) for part, rows in parts.items()},
        parts=lambda seed: parts,
        scale=_SCALE,
    )


@dataset("got-faces-standin")
def got_faces_standin(
    policy: DataPolicy, size: int = 128, validation: float = 0.1, test: float = 0.2, normalise: Normalise = "unit"
) -> Dataset:
    """What takes the place of the faces: 700 drawn grey flowers of seven kinds, 128x128 out of 144x144."""
    name = GOT_FACES_STANDIN.name
    check_face_size(name, size)
    check_shares(name, validation, test)
    if normalise not in ("standard", "unit"):
        raise UserError(f"{name}: normalise is {normalise!r}; give 'standard' or 'unit'")
    made = GOT_FACES_STANDIN
    names = [kind.words for kind in made.kinds]
    every = {"train": np.arange(made.count)}
    division = divided(name, made.labels, names, every, validation=validation, test=test)
    return open_drawn(
        made,
        policy,
        size=SIDE * size // NETWORK_SIDE,
        shown=size,
        counts=division.counts,
        parts=division.parts,
        scale=_UNIT if normalise == "unit" else _SCALE,
    )
