"""Finding the published files of a data set in the folders that the policy names, and fetching what is missing."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.data.download import PublishedFile, Unobtainable, fetch, sha256_of
from bench.data.policy import DataPolicy
from bench.errors import UserError


@dataclass(frozen=True)
class Publication:
    """The files that make a data set, the folder they belong in, and the addresses that have them: a Source."""

    folder: str
    mirrors: tuple[str, ...]
    files: tuple[PublishedFile, ...]

    @property
    def hosts(self) -> str:
        return ", ".join(urlsplit(mirror).netloc for mirror in self.mirrors)

    @property
    def megabytes(self) -> float:
        return sum(file.size for file in self.files) / 1e6

    def find(self, policy: DataPolicy) -> tuple[Path, ...] | None:
        """The files where they are on this machine, None where one is not; a broken copy is an error."""
        found = search(self, policy)
        if found.broken:
            raise UserError(*found.broken)
        return None if found.missing else tuple(found.paths[file.name] for file in self.files)

    def obtain(self, policy: DataPolicy) -> tuple[Path, ...]:
        """The files in their order, fetched where that is needed and allowed; raises Unobtainable with what was tried.

        A broken copy is an error in every mode: somebody believes that the data is there.
        """
        found = search(self, policy)
        if found.broken:
            raise UserError(*found.broken)
        if found.missing and not policy.download:
            raise Unobtainable(f"{_names(found.missing)} not found in {self.where(policy)}; downloads are off")
        paths = dict(found.paths)
        for file in found.missing:
            mirrors = (policy.mirror,) if policy.mirror else self.mirrors
            folder = policy.own / self.folder
            try:
                paths[file.name] = fetch(file, mirrors, folder, policy.patience, policy.progress)
            except Unobtainable as error:
                tried = f"{_names(found.missing)} not found in {self.where(policy)}"
                raise Unobtainable(f"{tried}; download: {error}") from error
        return tuple(paths[file.name] for file in self.files)

    def where(self, policy: DataPolicy) -> str:
        """The folders that are looked in, and which of those that the user named are not there."""
        return folders_with(self.folder, policy)

    def offer(self, policy: DataPolicy) -> str:
        """How the files would be fetched."""
        host = policy.mirror or self.hosts
        return f"would be fetched from {host} ({self.megabytes:.0f} MB) into {policy.own / self.folder}"

    def mend(self, policy: DataPolicy) -> str:
        """What the user can do to have the files here."""
        return f"put the files into {policy.own / self.folder} or name their folder in $BENCH_DATA"


@dataclass(frozen=True)
class Findings:
    """What the search found on this machine: whole copies, and in words what is wrong with the others."""

    paths: dict[str, Path]
    missing: tuple[PublishedFile, ...]
    broken: tuple[str, ...]


def search(publication: Publication, policy: DataPolicy) -> Findings:
    """Look for each file in each folder; a copy counts only if its content is the published one."""
    paths: dict[str, Path] = {}
    missing: list[PublishedFile] = []
    broken: list[str] = []
    for file in publication.files:
        complaints: list[str] = []
        for path in _candidates(file, publication, policy):
            complaint = _complaint(path, file)
            if complaint is None:
                paths[file.name] = path
                break
            complaints.append(complaint)
        else:
            if complaints:
                broken += complaints
            else:
                missing.append(file)
    return Findings(paths, tuple(missing), tuple(broken))


def folders_with(name: str, policy: DataPolicy) -> str:
    """The places where a folder of this name is looked for."""
    if not policy.folders:
        return "any folder (none is named)"
    return ", ".join(
        str(folder / name) if folder.is_dir() else f"{folder} (no such folder)" for folder in policy.folders
    )


def content(path: Path) -> bytes:
    """The bytes of a file, unpacked where it is a .gz."""
    try:
        packed = path.read_bytes()
        return gzip.decompress(packed) if path.suffix == ".gz" else packed
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: can not be read ({error}); delete it and get it again") from error


def _candidates(file: PublishedFile, publication: Publication, policy: DataPolicy) -> list[Path]:
    """Copies of a file: unpacked ones first, since they are read faster."""
    names = [file.name.removesuffix(".gz"), file.name] if file.unpacked_sha256 else [file.name]
    places = [folder / publication.folder / name for folder in policy.folders for name in names]
    return [path for path in places if path.is_file()]


def _complaint(path: Path, file: PublishedFile) -> str | None:
    """What is wrong with a copy, in one line that names it and the mend; None where it is the published content."""
    mend = "delete it and get it again"
    try:
        same = sha256_of(path) in (file.sha256, file.unpacked_sha256)
        if not same and path.suffix == ".gz" and file.unpacked_sha256:
            same = hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest() == file.unpacked_sha256
    except EOFError:
        return f"{path}: the file is cut off ({path.stat().st_size:,} bytes, published are {file.size:,}); {mend}"
    except (OSError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        return f"{path}: can not be read ({reason}); {mend}"
    return None if same else f"{path}: its content is not the published one (wrong checksum); {mend}"


def _names(files: tuple[PublishedFile, ...]) -> str:
    return files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"
