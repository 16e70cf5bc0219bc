"""From photos of people to their faces: looked for once, kept, and taken up again wherever it was left off."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bench.data.faces.choosing import Lacking, choose
from bench.data.faces.cropping import cut_out
from bench.data.faces.detecting import Detector, Face, mtcnn
from bench.data.faces.likeness import hashes, near_groups
from bench.data.faces.places import folder_of
from bench.data.faces.report import Report, write_report
from bench.data.faces.settings import DEFAULTS, Settings
from bench.data.faces.store import Entry, FaceStore, Prepared, Seen, writing
from bench.data.listing import Listing
from bench.data.policy import DataPolicy
from bench.data.trees import Photo, decode, read_tree
from bench.errors import UserError

Progress = Callable[[int, int, str], None]  # photos so far, photos in all, the photo at hand


@dataclass(frozen=True)
class Photos:
    """Where photos lie: a folder with a folder for each person, or an archive of such."""

    path: Path
    inside: str = ""  # the folder within it that holds the folders of the persons

    @property
    def place(self) -> str:
        return f"{self.path}/{self.inside}" if self.inside else str(self.path)

    def read(self) -> tuple[Photo, ...]:
        return read_tree(self.path, self.inside)


def prepare_faces(
    policy: DataPolicy,
    source: Photos,
    name: str,
    settings: Settings = DEFAULTS,
    progress: Progress | None = None,
    *,
    detector: Callable[[], Detector] = mtcnn,
    again: bool = False,
) -> Report:
    """Find and keep the faces in the photos; only those that were not looked at before cost time."""
    began = time.monotonic()
    folder = folder_of(policy, name)
    photos = source.read()
    tree = digest_of(photos)
    with writing(folder) as store:
        if again:
            store.forget()
        prepared = store.prepared()
        looked = 0
        if prepared is None or not prepared.is_of(tree, settings) or prepared.source != source.place:
            failures, looked = _look(store, photos, settings, progress, detector)
            prepared = _finish(store, source, photos, settings, failures)
        report = write_report(prepared, looked)
    return report.after(time.monotonic() - began)


def digest_of(photos: Sequence[Photo]) -> str:
    """As the listing of their tree has it."""
    columns = (tuple(getattr(photo, part) for photo in photos) for part in ("label", "name", "sha256"))
    return Listing(*columns).digest


def _look(
    store: FaceStore,
    photos: Sequence[Photo],
    settings: Settings,
    progress: Progress | None,
    detector: Callable[[], Detector],
) -> tuple[dict[str, Lacking], int]:
    """Look at the photos that are new; gives those that can not be read, and how many were looked at."""
    known = store.known(settings)
    failures: dict[str, Lacking] = {}
    detect: Detector | None = None
    looked = 0
    for place, photo in enumerate(photos):
        if progress is not None:
            progress(place, len(photos), photo.name)
        if photo.sha256 in known or photo.sha256 in failures:
            continue
        looked += 1
        detect = detect or detector()
        try:
            faces, outcome = look(photo, detect, settings)
        except UserError as error:
            # Not kept: it costs no time to see again, and another release of a library may read it.
            failures[photo.sha256] = Lacking("unreadable", error.lines[0].removeprefix(f"{photo.place}: "))
            continue
        store.keep(photo.sha256, settings, faces, outcome)
        known[photo.sha256] = None
    if progress is not None:
        progress(len(photos), len(photos), "")
    return failures, looked


def look(photo: Photo, detect: Detector, settings: Settings) -> tuple[tuple[Face, ...], Seen | Lacking]:
    """All faces in a photo, and the one that is cut out, or why there is none."""
    pixels = decode(photo, None, "RGB")
    faces = detect(pixels)
    chosen = choose(faces, settings)
    if isinstance(chosen, Lacking):
        return faces, chosen
    grey = Image.fromarray(pixels.transpose(1, 2, 0).copy()).convert("L")
    return faces, Seen(chosen, cut_out(grey, chosen, settings.margin), hashes(grey, chosen))


def _finish(
    store: FaceStore, source: Photos, photos: Sequence[Photo], settings: Settings, failures: dict[str, Lacking]
) -> Prepared:
    lacking = {**store.known(settings), **failures}
    found = [photo.sha256 for photo in photos if lacking[photo.sha256] is None]
    if not found:
        raise UserError(f"{source.place}: no face was found in any of its {len(photos)} photos; give photos of people")
    groups = iter(near_groups(store.hashes(settings, found)).tolist())
    entries = [
        Entry(photo.label, photo.name, photo.sha256, lack, next(groups) if lack is None else None)
        for photo in photos
        for lack in (lacking[photo.sha256],)
    ]
    store.finish(source.place, digest_of(photos), settings, entries)
    prepared = store.prepared()
    assert prepared is not None
    return prepared
