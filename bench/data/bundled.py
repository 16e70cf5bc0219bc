"""Tables that come with the packages we depend on, read without importing these packages: that would take seconds."""

from __future__ import annotations

import csv
import gzip
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.errors import UserError


def read_digits() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """scikit-learn's 1,797 handwritten digits: (1797, 8, 8) with values 0 to 16, and their labels."""
    path = _file_of("sklearn", "scikit-learn", "datasets/data/digits.csv.gz")
    with gzip.open(path, "rt", encoding="ascii") as stream:
        table = np.loadtxt(stream, delimiter=",", dtype=np.float64)
    return table[:, :-1].astype(np.uint8).reshape(-1, 8, 8), table[:, -1].astype(np.int64)


def read_penguins() -> list[dict[str, str]]:
    """The 344 rows of palmerpenguins, in its order; a missing value is an empty text."""
    path = _file_of("palmerpenguins", "palmerpenguins", "data/penguins.csv")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [{name: "" if value == "NA" else value for name, value in row.items()} for row in rows]


def _file_of(package: str, project: str, name: str) -> Path:
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec is not None else None
    for place in places or ():
        if (path := Path(place) / name).is_file():
            return path
    raise UserError(f"{project}: {name} is not in the installed package; install {project} again")
