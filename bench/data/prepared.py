"""Arrays that took long to make are kept on disk, where all processes share them."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.data.download import sha256_of
from bench.data.policy import DataPolicy

Array = npt.NDArray[Any]

_CONTENTS = "contents.json"  # file name and checksum of each array


def prepared(policy: DataPolicy, key: str, make: Callable[[], Mapping[str, Array]]) -> dict[str, Array]:
    """What `make` gives, made once for each key: a digest of the source bytes, the options and the preparation version.

    The arrays are mapped from their files, so that processes share the memory; writing to one changes a private copy.
    Where nothing can be written, they are made each time.
    """
    folder = policy.own / "prepared" / key
    kept = _load(folder)
    if kept is not None:
        return kept
    with _lock(folder.with_name(f"{key}.lock")) as locked:
        kept = _load(folder) if locked else None  # another process may have made it while this one waited
        if kept is not None:
            return kept
        made = {name: np.ascontiguousarray(array) for name, array in make().items()}
        written = locked and _write(folder, made)
    return (_load(folder) if written else None) or made


@contextmanager
def _lock(path: Path) -> Iterator[bool]:
    """One process at a time; False where the folder can not be written or knows no locks."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        yield False
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            locked = False
        else:
            locked = True
        yield locked
    finally:
        os.close(handle)


def _write(folder: Path, arrays: Mapping[str, Array]) -> bool:
    """Under a name that does not count, which becomes the right one when all is on the disk."""
    part = folder.with_name(f"{folder.name}.part")
    try:
        for old in (part, folder):  # what another process maps of it, it keeps
            shutil.rmtree(old, ignore_errors=True)
        part.mkdir()
        contents = {}
        for number, (name, array) in enumerate(arrays.items()):
            file = part / f"{number}.npy"
            with file.open("wb") as stream:
                np.save(stream, array, allow_pickle=False)
                stream.flush()
                os.fsync(stream.fileno())
            contents[name] = [file.name, sha256_of(file)]
        (part / _CONTENTS).write_text(json.dumps(contents), encoding="utf-8")
        part.rename(folder)
    except OSError:  # such as a full disk
        shutil.rmtree(part, ignore_errors=True)
        return False
    return True


def _load(folder: Path) -> dict[str, Array] | None:
    """The arrays as they were written; None where they are not there, or where a byte of them is not what it was."""
    arrays: dict[str, Array] = {}
    try:
        contents = json.loads((folder / _CONTENTS).read_bytes())
        for name, (file, sha256) in contents.items():
            if sha256_of(folder / file) != sha256:
                return None
            arrays[name] = np.load(folder / file, mmap_mode="c", allow_pickle=False)
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return arrays
