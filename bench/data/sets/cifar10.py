"""CIFAR-10: as it was published, as a copy in JPEG files, and the first images of each class of either."""

from __future__ import annotations

from typing import Literal

from bench.data.base import Dataset
from bench.data.batches import Batches
from bench.data.cifar import MEAN, SIDE, STD, Form, Normalise, open_all, open_small
from bench.data.download import PublishedFile
from bench.data.finding import Publication
from bench.data.pairs import TreePair
from bench.data.policy import DataPolicy
from bench.errors import UserError
from bench.registry import dataset

_REFERENCE = "Krizhevsky: Learning multiple layers of features from tiny images (2009)"

ORIGINAL = Form(
    name="cifar10",
    small="cifar10-small",
    title="CIFAR-10",
    source=Batches(
        archive=Publication(
            folder="cifar10",
            mirrors=("https://www.cs.toronto.edu/~kriz/",),
            files=(
                PublishedFile(
                    "cifar-10-python.tar.gz",
                    170_498_071,
                    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                ),
            ),
        ),
        unpacked="cifar-10-batches-py",
        files=(
            ("data_batch_1", "c99cafc152244af753f735de768cd75f"),
            ("data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"),
            ("data_batch_3", "54ebc095f3ab1f0389bbae665268c751"),
            ("data_batch_4", "634d18415352ddfa80567beed471001a"),
            ("data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"),
            ("test_batch", "40351d587109b95175f43aff81a1287e"),
        ),
    ),
    mean=MEAN,
    std=STD,
)

JPEG = Form(
    name="cifar10-jpeg",
    small="cifar10-small-jpeg",
    title="CIFAR-10 as JPEG files, which lose some detail",
    source=TreePair(
        archives=Publication(
            folder="cifar10",
            mirrors=(),
            files=(
                PublishedFile(
                    "train.tar.gz", 16_192_525, "a175af766e1d77fe8da3a8b92927e56a698cd810d4fc746d5be1dd3ac65327d7"
                ),
                PublishedFile(
                    "test.tar.gz", 3_240_868, "2e4e37e7e6d02e4ed9542ffa5917a14fe66f3a9d20f1ed8e6abd6c8ea3234379"
                ),
            ),
        ),
        trees=(
            ("train", "a24373a8cecf16f79c84e97af1763520fb5c262c"),
            ("test", "ec3f2a1fe527aa64ff96d57d8ce962c62f9b505f"),
        ),
        size=(SIDE, SIDE),
    ),
    mean=(0.4913, 0.4821, 0.4465),
    std=(0.2452, 0.2428, 0.2606),
)


@dataset("cifar10", reference=_REFERENCE, published=ORIGINAL.published)
def cifar10(policy: DataPolicy, validation: int = 5000, normalise: Normalise = "standard") -> Dataset:
    """CIFAR-10: 50,000 training and 10,000 test images of animals and vehicles, 32x32, in colour, ten classes.

    The test images are the published ones; `validation` many of the others are drawn by the seed.
    """
    return open_all(ORIGINAL, policy, validation, normalise)


@dataset("cifar10-jpeg", reference=_REFERENCE, published=JPEG.published)
def cifar10_jpeg(policy: DataPolicy, validation: int = 5000, normalise: Normalise = "standard") -> Dataset:
    """All images of CIFAR-10, encoded anew as JPEG with a loss of detail (about 30 dB PSNR): not the original.

    Accuracies that are reached here are none on CIFAR-10, so results have a name of their own.
    """
    return open_all(JPEG, policy, validation, normalise)


@dataset("cifar10-small", reference="Meyer: lottery_ticket_pruner (2020)", published=ORIGINAL.published_small)
def cifar10_small(
    policy: DataPolicy,
    validation: int = 500,
    normalise: Normalise = "standard",
    source: Literal["original", "jpeg"] = "original",
) -> Dataset:
    """The first 500 training and 100 test images of each class of CIFAR-10: 5,000 and 1,000 in all.

    With the source jpeg they are those of the copy in JPEG files, and results are stored under cifar10-small-jpeg.
    """
    if source not in ("original", "jpeg"):
        raise UserError(f"cifar10-small: source is {source!r}; give 'original' or 'jpeg'")
    return open_small(ORIGINAL if source == "original" else JPEG, policy, validation, normalise)
