"""Small copies of CIFAR-10 of our own making, in the form in which it was published: batches that Python 2 pickled."""

from __future__ import annotations

import hashlib
import io
import pickle
import struct
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from bench.data.batches import Batches
from bench.data.cifar import Form
from bench.data.download import PublishedFile
from bench.data.finding import Publication
from bench.data.sets.cifar10 import ORIGINAL

NAMES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")
ROWS = 30  # images of a batch
STARTS = range(0, ROWS * len(NAMES), ROWS)
FOLDER = "cifar-10-batches-py"
ARCHIVE = "cifar-10-python.tar.gz"


class _Python2(pickle._Pickler):
    """Writes bytes as Python 2 wrote its strings, which newer versions of pickle do not."""

    dispatch: ClassVar[dict[type, Any]] = dict(pickle._Pickler.dispatch)

    def save_string(self, text: bytes) -> None:
        self.write(pickle.BINSTRING + struct.pack("<i", len(text)) + text)  # type: ignore[attr-defined]
        self.memoize(text)  # type: ignore[attr-defined]

    dispatch[bytes] = save_string


def pickled(content: object) -> bytes:
    stream = io.BytesIO()
    _Python2(stream, protocol=2).dump(content)
    return stream.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def batch(labels: np.ndarray, start: int) -> dict[bytes, object]:
    """Each image tells its place and its label in its first red, green and blue pixels."""
    pixels = np.zeros((len(labels), 3, 32, 32), np.uint8)
    pixels[:, 0, 0, 0] = start + np.arange(len(labels))
    pixels[:, 1, 0, 1] = labels
    pixels[:, 2, 31, 31] = 7
    return {
        b"batch_label": b"one of six",
        b"labels": labels.tolist(),
        b"data": pixels.reshape(len(labels), -1),
        b"filenames": [b"image.png"] * len(labels),
    }


def labels() -> np.ndarray:
    return np.arange(ROWS * len(NAMES)) * 7 // 3 % 10


def contents() -> dict[str, bytes]:
    parts = np.split(labels(), len(NAMES))
    return {name: pickled(batch(part, place)) for name, part, place in zip(NAMES, parts, STARTS, strict=True)}


def packed(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as tar:
        for name, data in {"batches.meta": b"", "readme.html": b"<html>", **files}.items():
            info = tarfile.TarInfo(f"{FOLDER}/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


@dataclass(frozen=True)
class Copy:
    """A form whose published checksums are those of our files, and these."""

    form: Form
    files: Mapping[str, bytes]
    archive: bytes

    def put_archive(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ARCHIVE).write_bytes(self.archive)
        return folder / ARCHIVE

    def put_folder(self, folder: Path) -> Path:
        (folder / FOLDER).mkdir(parents=True)
        for name, data in self.files.items():
            (folder / FOLDER / name).write_bytes(data)
        return folder / FOLDER


def copy_of(files: Mapping[str, bytes]) -> Copy:
    archive = packed(files)
    published = PublishedFile(ARCHIVE, len(archive), hashlib.sha256(archive).hexdigest())
    sums = {name: hashlib.md5(files.get(name, b"")).hexdigest() for name in NAMES}
    source = Batches(Publication("cifar10", (), (published,)), FOLDER, tuple(sums.items()))
    form = replace(ORIGINAL, source=source, training=5 * ROWS, test=ROWS, first=(4, 2))
    return Copy(form, files, archive)
