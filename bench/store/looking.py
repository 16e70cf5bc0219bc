"""Reading the beginning of a database file by ourselves, also while SQLite has it open in this process.

POSIX drops all locks that a process has on a file as soon as the process closes the file anywhere. One that we read and
closed beside SQLite would seem unused to other processes, and the last of those to end would take the log away under
us. So what is read while SQLite has the file open stays open.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

Inode = tuple[int, int]  # device and number: another file may take the place of one that is open

_connections: Counter[Inode] = Counter()  # of SQLite, in this process
_kept_open: dict[Inode, int] = {}


def inode(file: Path) -> Inode:
    facts = file.stat()
    return facts.st_dev, facts.st_ino


def connected(place: Inode) -> None:
    """SQLite has opened this file."""
    _connections[place] += 1


def disconnected(place: Inode) -> None:
    """SQLite is closing this file."""
    _connections[place] -= 1


def is_open(file: Path) -> bool:
    """Whether SQLite has this file open in this process."""
    return _connections[inode(file)] > 0


def head(file: Path, count: int) -> bytes:
    """The first bytes of a file."""
    place = inode(file)
    descriptor = _kept_open.pop(place, None)
    if descriptor is None:
        descriptor = os.open(file, os.O_RDONLY)
    content = os.pread(descriptor, count, 0)
    if _connections[place] > 0:
        _kept_open[place] = descriptor
    else:
        os.close(descriptor)
    return content
