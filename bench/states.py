"""The states that later work starts from, as files by key, and in memory while they are at hand.

A file appears whole or not at all. The folder is kept below a limit: what was used least lately goes first, and what is
missing is made again from its recipe.
"""

from __future__ import annotations

import contextlib
import os
import struct
import time
import zlib
from collections import OrderedDict
from collections.abc import Collection
from pathlib import Path

from bench.training.state import State, from_bytes, to_bytes

LIMIT = 10 * 10**9
MEMORY = 10**9
ABANDONED = 3600.0  # seconds after which a half-written file belongs to a process that is gone
_SUM = struct.Struct("<I")  # each file begins with the checksum of the rest


class StateMissing(Exception):
    """A state that is not stored, or whose file is damaged; its argument is the key."""


def home(database: str) -> Path:
    """What is kept beside a database: in .bench next to its file, or in the current folder for a server."""
    return Path(".bench") if "://" in database else Path(database).expanduser().resolve().parent / ".bench"


def states_folder(database: str, environment: str, results_version: int) -> Path:
    """Of one environment (its hash) and one version of the trainer: states never cross into another."""
    return home(database) / "states" / f"{environment[:12]}-v{results_version}"


class States:
    """A folder of states. Several processes may use one."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self.folder = folder
        self._limit = limit
        self._dear: frozenset[str] = frozenset()
        self._near: OrderedDict[str, bytes] = OrderedDict()
        self._near_size = 0

    def keys(self) -> set[str]:
        """Everything that is stored."""
        return {file.stem for file in self.folder.glob("*/*.state")}

    def __contains__(self, key: str) -> bool:
        return self._file(key).is_file()

    def get(self, key: str) -> State:
        """The state of a key; StateMissing when there is none, or a broken one."""
        content = self._near.get(key)
        if content is not None:
            self._near.move_to_end(key)
            return from_bytes(content)
        file = self._file(key)
        try:
            content = _checked(file.read_bytes())
            state = from_bytes(content)
        except FileNotFoundError:
            raise StateMissing(key) from None
        except Exception as error:  # whatever a damaged file makes the reader say
            file.unlink(missing_ok=True)
            raise StateMissing(key) from error
        with contextlib.suppress(OSError):
            os.utime(file)
        self._remember(key, content)
        return state

    def put(self, key: str, state: State) -> None:
        content = to_bytes(state)
        file = self._file(key)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{key}.{os.getpid()}.part")
        part.write_bytes(_SUM.pack(zlib.crc32(content)) + content)
        part.replace(file)
        self._remember(key, content)

    def favour(self, keys: Collection[str]) -> None:
        """From now on these go last."""
        self._dear = frozenset(keys)

    def drop(self, keys: Collection[str]) -> None:
        """Delete states that nobody wants to keep."""
        for key in keys:
            self._near_size -= len(self._near.pop(key, b""))
            self._file(key).unlink(missing_ok=True)

    def trim(self, needed: Collection[str]) -> None:
        """Bring the folder below its limit without touching what is still needed."""
        for part in self.folder.glob("*/*.part"):
            if time.time() - part.stat().st_mtime > ABANDONED:
                part.unlink(missing_ok=True)
        files = [(file.stat(), file) for file in self.folder.glob("*/*.state")]
        size = sum(facts.st_size for facts, _ in files)
        for facts, file in sorted(files, key=lambda item: (item[1].stem in self._dear, item[0].st_mtime)):
            if size <= self._limit:
                return
            if file.stem not in needed:
                file.unlink(missing_ok=True)
                size -= facts.st_size

    def _remember(self, key: str, content: bytes) -> None:
        self._near_size += len(content) - len(self._near.pop(key, b""))
        self._near[key] = content
        while self._near_size > MEMORY:
            _, oldest = self._near.popitem(last=False)
            self._near_size -= len(oldest)

    def _file(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.state"


def _checked(content: bytes) -> bytes:
    (expected,) = _SUM.unpack_from(content)
    rest = content[_SUM.size :]
    if zlib.crc32(rest) != expected:
        raise ValueError("the checksum does not fit")
    return rest
