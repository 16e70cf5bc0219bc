"""Faces from photos of the user's own, prepared by a command."""

from __future__ import annotations

from bench.data.base import Dataset
from bench.data.faces.opening import open_prepared
from bench.data.faces.places import own_folder
from bench.data.faces.store import read_prepared
from bench.data.images import Normalise
from bench.data.policy import DataPolicy
from bench.errors import UserError
from bench.registry import dataset


@dataset("faces")
def faces(
    policy: DataPolicy,
    name: str,
    size: int = 128,
    validation: float = 0.1,
    test: float = 0.2,
    normalise: Normalise = "unit",
) -> Dataset:
    """Grey faces from photos of your own, a folder for each person: `bench data prepare faces --from DIR --name NAME`.

    Results are stored under faces:NAME. Copies of one photo lie on one side of every split.
    """
    folder = own_folder(policy, name)
    prepared = read_prepared(folder)
    if prepared is None:
        raise UserError(
            f"faces:{name}: nothing is prepared in {folder}; "
            f"run `bench data prepare faces --from DIR --name {name}` with the folder that holds the photos"
        )
    return open_prepared(f"faces:{name}", prepared, size, validation, test, normalise)
