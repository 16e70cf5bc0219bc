"""Faces of Game of Thrones characters, cut out on the user's own machine: the photos are not ours to give."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.data.base import Dataset
from bench.data.download import Unobtainable
from bench.data.faces.opening import check_shares, check_size, open_prepared
from bench.data.faces.places import GOT_FACES as NAME
from bench.data.faces.places import folder_of
from bench.data.faces.preparing import Photos, prepare_faces
from bench.data.faces.settings import DEFAULTS
from bench.data.faces.store import Prepared, read_prepared
from bench.data.finding import folders_with
from bench.data.images import Normalise
from bench.data.listing import listed
from bench.data.policy import DataPolicy
from bench.data.published import Published, open_published
from bench.errors import UserError
from bench.registry import dataset

COMMAND = f"bench data prepare {NAME}"
_FOLDER = "got_faces"
_ARCHIVE = "got_faces_raw.tar"
_INSIDE = "raw"  # of the archive: the characters of whom there are enough photos


@dataclass(frozen=True)
class CutOut:
    """A Source: the faces that were cut out of the photos, which is done where it is asked for and was not done yet."""

    def find(self, policy: DataPolicy) -> tuple[Path, ...] | None:
        return None if _ready(policy) is None else (folder_of(policy, NAME),)

    def obtain(self, policy: DataPolicy) -> tuple[Path, ...]:
        if _ready(policy) is None:
            photos = photos_in(policy)
            if photos is None:
                raise Unobtainable(_absent(policy))
            if not policy.download:
                raise Unobtainable(f"the faces in {photos.place} are not cut out yet")
            told = policy.progress

            def tell(done: int, total: int, photo: str) -> None:
                if told is not None:
                    told(f"cutting faces out of {photos.place}", done, total)

            prepare_faces(policy, photos, NAME, progress=tell)
        return (folder_of(policy, NAME),)

    def where(self, policy: DataPolicy) -> str:
        if photos_in(policy) is None:
            return folders_with(_FOLDER, policy)
        return str(folder_of(policy, NAME))

    def offer(self, policy: DataPolicy) -> str:
        photos = photos_in(policy)
        return "" if photos is None else f"would be cut out of the photos in {photos.place}, as `{COMMAND}` does it"

    def mend(self, policy: DataPolicy) -> str:
        if photos_in(policy) is not None:
            return f"run `{COMMAND}`"
        folder = policy.own / _FOLDER
        return f"put {_ARCHIVE}, or a folder of photos for each character, into {folder} or name theirs in $BENCH_DATA"


PUBLISHED = Published(
    NAME,
    "faces of Game of Thrones characters",
    CutOut(),
    "got-faces-standin",
    "drawn grey flowers of seven kinds",
)


@dataset(
    NAME,
    reference="After Castex: PruNet (2019), whose own photos were never published",
    published=PUBLISHED,
    terms="The photos are from the web and not ours to give; a network that was trained on them is for local use.",
)
def got_faces(
    policy: DataPolicy, size: int = 128, validation: float = 0.1, test: float = 0.2, normalise: Normalise = "unit"
) -> Dataset:
    """Grey faces of seven Game of Thrones characters, 128x128, found by MTCNN in photos from the web.

    Copies of one photo lie on one side of every split. The faces are kept an eighth larger than a network gets them,
    for crops to move in; `size` may be 64 or 32 as well.
    """
    check_size(NAME, size)
    check_shares(NAME, validation, test)

    def real(paths: tuple[Path, ...]) -> Dataset:
        prepared = read_prepared(paths[0])
        assert prepared is not None
        return open_prepared(NAME, prepared, size, validation, test, normalise)

    return open_published(PUBLISHED, policy, real, size=size, validation=validation, test=test, normalise=normalise)


def photos_here(policy: DataPolicy) -> Photos:
    """The photos, for a command that is about nothing else."""
    photos = photos_in(policy)
    if photos is None:
        raise UserError(f"{NAME}: {_absent(policy)}; {PUBLISHED.source.mend(policy)}")
    return photos


def photos_in(policy: DataPolicy) -> Photos | None:
    """The photos: packed, or in folders."""
    for folder in policy.folders:
        place = folder / _FOLDER
        if (place / _ARCHIVE).is_file():
            return Photos(place / _ARCHIVE, _INSIDE)
        if (place / _INSIDE).is_dir():
            return Photos(place / _INSIDE)
        if place.is_dir() and any(entry.is_dir() for entry in place.iterdir()):
            return Photos(place)
    return None


def _absent(policy: DataPolicy) -> str:
    return f"no photos found in {folders_with(_FOLDER, policy)}"


def _ready(policy: DataPolicy) -> Prepared | None:
    """The faces, if they are those of the photos that are there now, or if there are no photos any more."""
    prepared = read_prepared(folder_of(policy, NAME))
    photos = photos_in(policy)
    if prepared is None or photos is None:
        return prepared
    tree = listed(policy, photos.path, f"persons in {photos.inside}", photos.read).digest
    return prepared if prepared.is_of(tree, DEFAULTS) else None
