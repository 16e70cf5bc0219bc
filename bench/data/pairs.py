"""Photos in two trees, one to train on and one to test by: packed in an archive each, or as folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.data.download import Unobtainable
from bench.data.finding import Publication, search
from bench.data.listing import list_tree
from bench.data.photos import numbered
from bench.data.policy import DataPolicy
from bench.data.trees import decode_all, read_tree
from bench.errors import UserError
from bench.recipe import digest


@dataclass(frozen=True)
class TreePair:
    """Two archives, each with a folder of the name of its tree in it, or these folders themselves: a Source.

    They can not be fetched. What was unpacked is known by the digest of its listing.
    """

    archives: Publication
    trees: tuple[tuple[str, str], tuple[str, str]]  # name and digest, first of what to train on
    size: tuple[int, int]

    def find(self, policy: DataPolicy) -> tuple[Path, ...] | None:
        """The archives or the folders; a broken copy is an error where there is no whole one."""
        found = search(self.archives, policy)
        if not found.missing and not found.broken:  # before the folders, since these take longer to check
            return tuple(found.paths[file.name] for file in self.archives.files)
        broken = list(found.broken)
        for place in (folder / self.archives.folder for folder in policy.folders):
            paths = tuple(place / name for name, _ in self.trees)
            if all(path.is_dir() for path in paths):
                digests = {path: list_tree(policy, path).digest for path in paths}
                strange = [path for path, (_, known) in zip(paths, self.trees, strict=True) if digests[path] != known]
                if not strange:
                    return paths
                broken += [f"{path}: its photos are not the published ones; unpack them again" for path in strange]
        if broken:
            raise UserError(*broken)
        return None

    def obtain(self, policy: DataPolicy) -> tuple[Path, ...]:
        found = self.find(policy)
        if found is None:
            raise Unobtainable(f"{self._names} not found in {self.where(policy)}")
        return found

    def where(self, policy: DataPolicy) -> str:
        return self.archives.where(policy)

    def offer(self, policy: DataPolicy) -> str:
        return ""

    def mend(self, policy: DataPolicy) -> str:
        return f"put {self._names} into {policy.own / self.archives.folder} or name the folder above in $BENCH_DATA"

    @property
    def _names(self) -> str:
        return " and ".join(file.name for file in self.archives.files)

    @property
    def content(self) -> str:
        """The same for the archives and for what was unpacked from them."""
        return digest([known for _, known in self.trees])

    def read(self, policy: DataPolicy, paths: tuple[Path, ...]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        """The images and labels, by tree, class and name."""
        photos = [
            read_tree(path, "" if path.is_dir() else name) for path, (name, _) in zip(paths, self.trees, strict=True)
        ]
        labels = [numbered(photo.label for photo in part) for part in photos]
        return np.concatenate([decode_all(part, self.size, "RGB") for part in photos]), np.concatenate(labels)
