"""The python batches that CIFAR-10 is published in: pickled arrays, packed in one archive or unpacked from it."""

from __future__ import annotations

import hashlib
import io
import pickle
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.data.archives import problem
from bench.data.download import Unobtainable
from bench.data.finding import Publication, search
from bench.data.policy import DataPolicy
from bench.errors import UserError

Images = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

_AGAIN = "delete it and get it again"
_SIDE, _CLASSES = 32, 10
_PIXELS = 3 * _SIDE * _SIDE


@dataclass(frozen=True)
class Batches:
    """The archive, or the folder that it unpacks to, in a folder of its own or beside others: a Source."""

    archive: Publication  # of one file
    unpacked: str  # the name of the folder that it holds
    files: tuple[tuple[str, str], ...]  # that folder's batches in their order, those for training first; and their MD5

    @property
    def _homes(self) -> tuple[str, ...]:
        return self.archive.folder, "."

    def find(self, policy: DataPolicy) -> tuple[Path, ...] | None:
        """The batches, or the archive; a broken copy is an error where there is no whole one."""
        broken: list[str] = []
        for place in (folder / home / self.unpacked for folder in policy.folders for home in self._homes):
            if place.is_dir():
                complaints = [complaint for name, md5 in self.files if (complaint := _complaint(place / name, md5))]
                if not complaints:
                    return tuple(place / name for name, _ in self.files)
                broken += complaints
        for home in self._homes:
            found = search(replace(self.archive, folder=home), policy)
            if not found.missing and not found.broken:
                return tuple(found.paths[file.name] for file in self.archive.files)
            broken += found.broken
        if broken:
            raise UserError(*broken)
        return None

    def obtain(self, policy: DataPolicy) -> tuple[Path, ...]:
        found = self.find(policy)
        if found is not None:
            return found
        if not policy.download:
            raise Unobtainable(f"{self.archive.files[0].name} not found in {self.where(policy)}; downloads are off")
        return self.archive.obtain(policy)

    def where(self, policy: DataPolicy) -> str:
        return self.archive.where(policy)

    def offer(self, policy: DataPolicy) -> str:
        return self.archive.offer(policy)

    def mend(self, policy: DataPolicy) -> str:
        file, folder = self.archive.files[0].name, policy.own / self.archive.folder
        return f"put {file} or {self.unpacked}/ into {folder} or name the folder above in $BENCH_DATA"

    @property
    def content(self) -> str:
        """The same for the archive and for what was unpacked from it."""
        return self.archive.files[0].sha256

    def read(self, policy: DataPolicy, paths: tuple[Path, ...]) -> tuple[Images, Integers]:
        """The images (N, 3, 32, 32) and labels of all batches, in their order."""
        contents = _unpacked(paths) if len(paths) > 1 else _packed(paths[0], self)
        batches = [_batch(place, content) for place, content in contents]
        images, labels = zip(*batches, strict=True)
        return np.concatenate(images), np.concatenate(labels)


def _complaint(path: Path, md5: str) -> str | None:
    """What is wrong with an unpacked batch; None where it is the published one."""
    if not path.exists():
        return f"{path}: is missing; unpack the archive again, or delete the folder"
    try:
        with path.open("rb") as stream:
            same = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() == md5
    except OSError as error:
        return f"{path}: can not be read ({problem(error)}); {_AGAIN}"
    return None if same else f"{path}: its content is not the published one (wrong checksum); {_AGAIN}"


def _unpacked(paths: tuple[Path, ...]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        try:
            yield str(path), path.read_bytes()
        except OSError as error:
            raise UserError(f"{path}: can not be read ({problem(error)}); {_AGAIN}") from error


def _packed(path: Path, source: Batches) -> Iterator[tuple[str, bytes]]:
    """The batches in an archive, which is read once, from its start to its end."""
    wanted = {PurePosixPath(source.unpacked, name): name for name, _ in source.files}
    held: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r|*") as tar:
            for member in tar:
                name = wanted.get(PurePosixPath(member.name))
                stream = tar.extractfile(member) if name is not None and member.isfile() else None
                if name is not None and stream is not None:
                    held[name] = stream.read()
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise UserError(f"{path}: is cut off or damaged ({problem(error)}); {_AGAIN}") from error
    for name, _ in source.files:
        if name not in held:
            raise UserError(f"{path}: holds no {source.unpacked}/{name}; {_AGAIN}")
        yield f"{path}/{name}", held[name]


def _batch(place: str, content: bytes) -> tuple[Images, Integers]:
    try:
        batch = _Reader(io.BytesIO(content), encoding="bytes").load()
    except Exception as error:  # a damaged pickle can fail in any way
        reason = str(error) or type(error).__name__
        raise UserError(f"{place}: can not be read as a batch of images ({reason}); {_AGAIN}") from error
    data, labels = (batch.get(name) for name in (b"data", b"labels")) if isinstance(batch, dict) else (None, None)
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != _PIXELS:
        raise UserError(f"{place}: holds no images of 32x32 in three colours; {_AGAIN}")
    if not isinstance(labels, list) or len(labels) != len(data):
        raise UserError(f"{place}: holds {len(data)} images and not as many labels; {_AGAIN}")
    if not all(isinstance(label, int) and 0 <= label < _CLASSES for label in labels):
        raise UserError(f"{place}: holds a label that is none of 0 to {_CLASSES - 1}; {_AGAIN}")
    return data.reshape(-1, 3, _SIDE, _SIDE), np.array(labels, np.int64)


def _array(*_: object) -> npt.NDArray[Any]:
    """An empty array, which the pickle fills."""
    return np.ndarray((0,), np.uint8)


class _Reader(pickle.Unpickler):
    """Reads arrays and nothing else: an ordinary pickle may run any program."""

    _KNOWN: Mapping[tuple[str, str], Callable[..., Any]] = {
        ("numpy.core.multiarray", "_reconstruct"): _array,
        ("numpy._core.multiarray", "_reconstruct"): _array,
        ("numpy", "ndarray"): _array,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._KNOWN[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no batch has") from None
