"""The Palmer penguins, with the features of the project that pruned a network of 180 weights on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt

from bench.data.base import Dataset, cut, from_arrays
from bench.data.bundled import read_penguins
from bench.data.columns import Column, encoded
from bench.data.penguin_order import PUBLISHED_ORDER
from bench.data.policy import DataPolicy
from bench.errors import UserError
from bench.registry import dataset

SPECIES = ("Adelie", "Gentoo", "Chinstrap")
_COUNTS = {"train": 200, "validation": 100, "test": 33}
COLUMNS = (
    Column("island", ("Torgersen", "Biscoe", "Dream")),
    Column("bill_length_mm", unit=50.0),
    Column("bill_depth_mm", unit=20.0),
    Column("flipper_length_mm", unit=200.0),
    Column("body_mass_g", unit=5000.0),
    Column("sex", ("male", "female")),
    Column("year", ("2007", "2008", "2009")),
)


@dataset(
    "penguins",
    reference="Horst, Hill, Gorman: palmerpenguins, Palmer Archipelago penguin data (2020)",
    columns=COLUMNS,
    terms="The table is in the public domain (CC0).",
)
def penguins(policy: DataPolicy, split: Literal["stratified", "published"] = "stratified") -> Dataset:
    """333 penguins of three species: 12 features, of which the lengths are divided by 50, 20, 200 and 5000.

    200 are for training, 100 for validation, 33 for testing: drawn by species and seed, or as they were published.
    """
    if split not in ("stratified", "published"):
        raise UserError(f"penguins: split is {split!r}; give 'stratified' or 'published'")
    rows = read_penguins()
    complete = [number for number, row in enumerate(rows) if all(row.values())]
    if (len(rows), len(complete)) != (344, 333):
        raise UserError(
            f"penguins: the installed palmerpenguins has {len(rows)} penguins, {len(complete)} of them complete, "
            "and not 344 and 333; install another release"
        )
    inputs = np.array([features(rows[number]) for number in complete], dtype=np.float32)
    labels = np.array([SPECIES.index(rows[number]["species"]) for number in complete])
    place = {number + 1: position for position, number in enumerate(complete)}

    def published(seed: int) -> Mapping[str, npt.NDArray[np.int64]]:
        return cut(np.array([place[row] for row in PUBLISHED_ORDER]), _COUNTS)

    source = "the package palmerpenguins"
    rule = published if split == "published" else None
    return from_arrays("penguins", inputs, labels, _COUNTS, source=source, class_names=SPECIES, parts=rule)


def features(row: Mapping[str, str]) -> list[float]:
    """What the network sees of a penguin."""
    return encoded(COLUMNS, row)
