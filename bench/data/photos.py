"""Data sets of photos: listed when they are opened, decoded by the first process that needs their pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.data.base import DataInfo, Dataset, Scale, Tensors, as_tensors
from bench.data.listing import Listing
from bench.data.policy import DataPolicy
from bench.data.prepared import prepared
from bench.data.trees import Mode, Photo, decode_all
from bench.errors import UserError
from bench.recipe import digest

_PREPARATION = 1  # raised when the same photos become other pixels

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pixels:
    """What is made of each photo."""

    size: int  # height and width, the aspect not kept
    mode: Mode
    shift: Scale
    factor: Scale

    @property
    def shape(self) -> tuple[int, int, int]:
        return (3 if self.mode == "RGB" else 1, self.size, self.size)


def normalised(mean: Sequence[float], std: Sequence[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Shift and factor that bring bytes to mean 0 and deviation 1; `mean` and `std` are on the scale 0 to 1."""
    return tuple(255 * one for one in mean), tuple(1 / (255 * one) for one in std)


def open_photos(
    name: str,
    policy: DataPolicy,
    listing: Listing,
    read: Callable[[], Sequence[Photo]],
    pixels: Pixels,
    *,
    counts: Mapping[str, int],
    parts: Callable[[int], Mapping[str, Integers]],
    source: str,
    class_names: Sequence[str] = (),
) -> Dataset:
    """The data set of the listed photos, in their order; `read` gives them again, with what they hold."""
    labels = numbered(listing.labels)
    key = digest(["photos", _PREPARATION, listing.digest, pixels.size, pixels.mode])
    info = DataInfo(
        name=name,
        shape=pixels.shape,
        classes=len(listing.class_names),
        counts=counts,
        fingerprint=key,
        source=source,
        class_names=tuple(class_names) or listing.class_names,
    )

    def make() -> dict[str, npt.NDArray[np.uint8]]:
        photos = read()
        if tuple(photo.sha256 for photo in photos) != listing.checksums:
            raise UserError(f"{name}: the photos have changed since the data set was opened; run the command again")
        return {"inputs": decode_all(photos, (pixels.size, pixels.size), pixels.mode)}

    def load() -> Tensors:
        return as_tensors(prepared(policy, key, make)["inputs"], labels, pixels.shift, pixels.factor)

    return Dataset(info, load, parts)


def numbered(values: Iterable[str]) -> Integers:
    """Each text as its place in the sorted list of those that occur."""
    return np.unique(np.array(list(values)), return_inverse=True)[1].astype(np.int64)


def check_size(name: str, size: int) -> None:
    if not 8 <= size <= 1024:
        raise UserError(f"{name}: size is {size}; give a number of pixels from 8 to 1024")
