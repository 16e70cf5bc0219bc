"""The flowers of 102 kinds that the Visual Geometry Group at Oxford published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from bench.data.archives import problem
from bench.data.base import Dataset
from bench.data.download import PublishedFile
from bench.data.finding import Publication
from bench.data.flowers102_names import NAMES
from bench.data.listing import listed
from bench.data.photos import Pixels, check_size, normalised, open_photos
from bench.data.policy import DataPolicy
from bench.data.published import Published, open_published
from bench.data.trees import Photo, read_files
from bench.errors import UserError
from bench.registry import dataset

Split = Literal["official", "swapped"]
Integers = npt.NDArray[np.int64]

_SIZES = {"trnid": 1020, "valid": 1020, "tstid": 6149}
_PARTS: Mapping[Split, Mapping[str, str]] = {
    "official": {"train": "trnid", "validation": "valid", "test": "tstid"},
    "swapped": {"train": "tstid", "validation": "valid", "test": "trnid"},
}
_PHOTOS = sum(_SIZES.values())
# Those of ImageNet, with which nearly everyone scales these photos, on the scale 0 to 1.
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)

_FOLDER = "flowers-102"
_MIRRORS = ("https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",)


@dataclass(frozen=True)
class OxfordFlowers:
    """Labels and split as published, the photos packed or, as torchvision leaves them, unpacked beside: a Source."""

    tables: Publication
    photos: Publication

    @property
    def everything(self) -> Publication:
        return Publication(_FOLDER, self.tables.mirrors, (*self.tables.files, *self.photos.files))

    def find(self, policy: DataPolicy) -> tuple[Path, ...] | None:
        tables = self.tables.find(policy)
        if tables is None:
            return None
        unpacked = _unpacked(policy)
        photos = (unpacked,) if unpacked else self.photos.find(policy)
        return (*tables, *photos) if photos else None

    def obtain(self, policy: DataPolicy) -> tuple[Path, ...]:
        unpacked = _unpacked(policy)
        if unpacked:
            return (*self.tables.obtain(policy), unpacked)
        return self.everything.obtain(policy)

    def where(self, policy: DataPolicy) -> str:
        return self.everything.where(policy)

    def offer(self, policy: DataPolicy) -> str:
        return self.everything.offer(policy)

    def mend(self, policy: DataPolicy) -> str:
        return (
            f"put imagelabels.mat, setid.mat and 102flowers.tgz (or what it holds, jpg/) into {policy.own / _FOLDER} "
            f"or name the folder that holds {_FOLDER}/ in $BENCH_DATA"
        )


# Sizes and checksums are those that TensorFlow Datasets holds the files against; torchvision's are MD5 sums.
FLOWERS102 = Published(
    name="flowers102",
    title="the Oxford flowers of 102 kinds",
    source=OxfordFlowers(
        tables=Publication(
            _FOLDER,
            _MIRRORS,
            (
                PublishedFile(
                    "imagelabels.mat", 502, "4903e94206bac23bf772aadf06451916df56b58fc483a62db32a97b82656651d"
                ),
                PublishedFile("setid.mat", 14_989, "46b8678f91fd95d3c8f4feab80d271a6c834a1dd896fe29fd3e6ad9ce5c8dccd"),
            ),
        ),
        photos=Publication(
            _FOLDER,
            _MIRRORS,
            (
                PublishedFile(
                    "102flowers.tgz", 344_862_509, "2d01ecc807db462958cfe3d92f57a8c252b4abd240eb955770201e45f783b246"
                ),
            ),
        ),
    ),
    standin="flowers102-standin",
    standin_title="drawn flowers of 102 kinds",
)


@dataset(
    "flowers102",
    reference="Nilsback, Zisserman: Automated flower classification over a large number of classes (2008)",
    aliases=("oxford-flowers", "flowers-102"),
    published=FLOWERS102,
)
def flowers102(policy: DataPolicy, size: int = 96, split: Split = "official") -> Dataset:
    """8,189 photos of 102 kinds of flowers, brought to `size` in height and width without keeping the aspect.

    The official split has 10 photos of a kind for training, 10 for validation, and 6,149 in all for testing; `swapped`
    trains on those and tests on the first. The seed does not change it.
    """
    check_size("flowers102", size)
    if split not in _PARTS:
        raise UserError(f"flowers102: split is {split!r}; give 'official' or 'swapped'")
    return open_published(FLOWERS102, policy, lambda paths: _real(policy, paths, size, split), size=size, split=split)


def _real(policy: DataPolicy, paths: tuple[Path, ...], size: int, split: Split) -> Dataset:
    labels_file, split_file, photos_at = paths
    labels = _table(labels_file, "labels")
    if len(labels) != _PHOTOS or sorted(Counter(labels.tolist())) != list(range(1, 103)):
        raise UserError(f"{labels_file}: its labels are not those of {_PHOTOS:,} photos of 102 kinds; get it again")
    parts = {part: _table(split_file, name) - 1 for part, name in _PARTS[split].items()}
    if np.sort(np.concatenate(list(parts.values()))).tolist() != list(range(_PHOTOS)):
        raise UserError(f"{split_file}: does not name every photo once; get it again")

    def read() -> tuple[Photo, ...]:
        return _numbered(photos_at, labels)

    return open_photos(
        "flowers102",
        policy,
        listed(policy, photos_at, "flowers102", read),
        read,
        Pixels(size, "RGB", *normalised(_MEAN, _STD)),
        counts={part: len(rows) for part, rows in parts.items()},
        parts=lambda seed: parts,
        source=f"{FLOWERS102.title}, from {photos_at}",
        class_names=NAMES,
    )


def _table(path: Path, name: str) -> Integers:
    """A row of whole numbers in a file of Matlab."""
    from scipy.io import loadmat

    try:
        return np.asarray(loadmat(path)[name], np.int64).ravel()
    except Exception as error:  # the reader has an error for each way in which a file may be damaged
        raise UserError(f"{path}: can not be read ({problem(error)}); delete it and get it again") from error


def _unpacked(policy: DataPolicy) -> Path | None:
    places = (folder / _FOLDER / "jpg" for folder in policy.folders)
    return next((place for place in places if place.is_dir()), None)


def _numbered(place: Path, labels: Integers) -> tuple[Photo, ...]:
    """The photos in the order of their numbers, which is that of the labels."""
    found = {photo.name: photo for photo in read_files(place, "" if place.is_dir() else "jpg")}
    photos = []
    for number, label in enumerate(labels.tolist(), start=1):
        name = f"image_{number:05}.jpg"
        if name not in found:
            raise UserError(f"{place}: lacks {name} and holds {len(found):,} of {_PHOTOS:,} photos; get it again")
        photos.append(replace(found[name], label=f"{label:03}"))
    return tuple(photos)
