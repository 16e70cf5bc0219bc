"""The user's own photos."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.data.base import Dataset
from bench.data.division import divided
from bench.data.listing import Listing, list_tree
from bench.data.own import settings_but_path, stored_as
from bench.data.photos import Pixels, check_size, normalised, numbered, open_photos
from bench.data.policy import DataPolicy
from bench.data.trees import read_tree
from bench.errors import UserError
from bench.registry import dataset

Integers = npt.NDArray[np.int64]

_PARTS = {"train": "train", "validation": "validation", "val": "validation", "valid": "validation", "test": "test"}


@dataset("folder", settings=settings_but_path(size=64, grey=False, validation=0.1, test=0.2))
def folder(
    policy: DataPolicy, path: str, size: int = 64, grey: bool = False, validation: float = 0.1, test: float = 0.2
) -> Dataset:
    """Photos of your own: a folder (or a tar or zip file) with a folder of photos for each class.

    Where it holds train/ and test/ with class folders in them, these parts are kept; of the rest, or of train/ where
    validation/ is missing, the seed draws the given shares, class by class. Copies of one file stay in one part. Photos
    are brought to `size` in height and width, pixels to between -2 and 2: the same for all sets, so that no number is
    taken from test photos.
    """
    place = Path(path).expanduser()
    name = stored_as("folder", place)
    check_size(name, size)
    listing = list_tree(policy, place)
    given, listing = _given_parts(place, listing)
    labels, twins = numbered(listing.labels), numbered(listing.checksums)
    division = divided(name, labels, listing.class_names, given, validation=validation, test=test, twins=twins)
    channels = 1 if grey else 3
    dataset = open_photos(
        name,
        policy,
        listing,
        lambda: read_tree(place),
        Pixels(size, "L" if grey else "RGB", *normalised([0.5] * channels, [0.25] * channels)),
        counts=division.counts,
        parts=division.parts,
        source=f"your photos in {place}",
    )
    dataset.notice = _notice(name, given, listing)
    return dataset


def _given_parts(place: Path, listing: Listing) -> tuple[dict[str, Integers], Listing]:
    """Which photos are in which part, and the listing by true class: the class folders stand in those of the parts."""
    everything = np.arange(len(listing))
    folders = {label: _PARTS.get(label.lower()) for label in listing.class_names}
    if None in folders.values() or "train" not in folders.values():
        return {"train": everything}, listing
    if "test" not in folders.values():
        raise UserError(
            f"{place}: holds train/ and no test/; add test/, or let the class folders lie in {place} itself"
        )
    labels = []
    for name in listing.names:
        parts = name.split("/")
        if len(parts) < 3:
            raise UserError(f"{place}/{name}: lies in no class folder; make a folder for each class in {parts[0]}/")
        labels.append(parts[1])
    part_of = np.array([folders[label] for label in listing.labels])
    given = {part: everything[part_of == part] for part in dict.fromkeys(_PARTS.values()) if (part_of == part).any()}
    by_class = Listing(tuple(labels), listing.names, listing.checksums)
    trained = {labels[row] for row in given["train"]}
    for label in by_class.class_names:
        if label not in trained:
            raise UserError(f"{place}: no photo in train/ is of the class {label!r}; add some, or take it out")
    if len(trained) == 1:
        raise UserError(f"{place}/train: holds the one class folder {trained.pop()!r}, and two are needed; add another")
    return given, by_class


def _notice(name: str, given: Mapping[str, Integers], listing: Listing) -> str | None:
    """Photos that are in two of the parts that the user gave."""
    contents = {part: {listing.checksums[row] for row in rows} for part, rows in given.items()}
    leaked = len(contents["train"] & set().union(*(held for part, held in contents.items() if part != "train")))
    if not leaked:
        return None
    return f"{name}: {leaked} photos of train/ lie in another part too, which flatters every result; delete one of each"
