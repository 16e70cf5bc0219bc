"""What lies in a tree of photos, with checksums: remembered, since a set is opened often and may have gigabytes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.data.policy import DataPolicy
from bench.data.prepared import prepared
from bench.data.trees import Photo, folder_members, read_tree
from bench.recipe import digest

_VERSION = 1  # raised when the same tree is listed in another way
_SETTLED = 2.0  # seconds: a file written later than that may change again without another time stamp


@dataclass(frozen=True)
class Listing:
    """The photos of a tree, by class and name, without their content."""

    labels: tuple[str, ...]
    names: tuple[str, ...]
    checksums: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def digest(self) -> str:
        """The same for a folder and for any archive of it."""
        return digest([self.names, self.checksums])

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.labels)))


def list_tree(policy: DataPolicy, path: Path) -> Listing:
    """The listing of `read_tree`."""
    return listed(policy, path, "class folders", lambda: read_tree(path))


def listed(policy: DataPolicy, path: Path, form: str, read: Callable[[], Sequence[Photo]]) -> Listing:
    """What `read` finds in a folder or archive; read anew when the size or the time stamp of any file differs.

    `form` tells apart the ways of reading one tree.
    """
    stamp = _stamp(path, form)

    def make() -> dict[str, npt.NDArray[np.str_]]:
        photos = read()
        return {
            "labels": np.array([photo.label for photo in photos]),
            "names": np.array([photo.name for photo in photos]),
            "checksums": np.array([photo.sha256 for photo in photos]),
        }

    columns = make() if stamp is None else prepared(policy, f"listing-{stamp}", make)
    labels, names, checksums = (tuple(columns[name].tolist()) for name in ("labels", "names", "checksums"))
    return Listing(labels, names, checksums)


def _stamp(path: Path, form: str) -> str | None:
    """A hash of the sizes and times of all files; None where they are too fresh to tell, or something is wrong."""
    newest = 0.0
    whole = hashlib.sha256(f"{_VERSION} {form}\n".encode())
    try:
        files = [path]
        if path.is_dir():
            files = sorted(path / member.path for member in folder_members(path) if member.read is not None)
        for file in files:
            found = file.stat()
            newest = max(newest, found.st_mtime, found.st_ctime)
            line = f"{file.absolute()} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}\n"
            whole.update(line.encode(errors="surrogateescape"))
    except OSError:
        return None
    return whole.hexdigest()[:40] if newest < time.time() - _SETTLED else None
