"""A database that git tracks keeps its user's runs, whatever git does to the file.

`git stash`, `checkout`, `reset --hard` and `pull` put an older or another file in its place. So all that was written is
also in a copy under `.bench`, which git ignores, and what a file lacks of it is brought back when it is opened next.
A copy is made anew after writing, at most for a twentieth of the time, and always at the end.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from bench.store import looking

_SHARE = 20  # times as long as the last copy took, before the next is made while a command goes on
_NUMBER = slice(60, 64)  # where SQLite's header holds the number that a program may set


def is_tracked(file: Path) -> bool:
    """Whether git has this file in its index."""
    folder = file.resolve().parent
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return False
    command = ["git", "-C", str(folder), "ls-files", "--error-unmatch", "--", file.resolve().name]
    try:
        return subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False  # without git nothing takes the file away


@dataclass(frozen=True)
class Guarded:
    """Where the copy of a database is, and what is known of the file as it was left."""

    file: Path

    @property
    def folder(self) -> Path:
        return self.file.resolve().parent / ".bench" / "own"

    @property
    def copy(self) -> Path:
        return self.folder / self.file.name

    @property
    def _stamp(self) -> Path:
        return self.copy.with_suffix(".json")

    def is_needed(self) -> bool:
        """Whether this database is to be guarded: git tracks it, or did when the copy was made."""
        return self.copy.exists() or is_tracked(self.file)

    def is_as_left(self) -> bool:
        """Whether nobody but us has changed the file since; then nothing can be missing in it."""
        return not self.copy.exists() or (not _has_log(self.file) and self.left() == _state(self.file))

    def left(self) -> dict[str, int] | None:
        try:
            content = json.loads(self._stamp.read_text())
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def stamp(self) -> None:
        """Note what the file is like now."""
        fresh = self._stamp.with_suffix(".new")
        fresh.write_text(json.dumps(_state(self.file)))
        os.replace(fresh, self._stamp)

    def drop_foreign_log(self) -> None:
        """Take away the log of a killed process when git has put another file beside it: it would spoil that file."""
        left = self.left()
        if left is None or not _has_log(self.file) or left["number"] == _state(self.file)["number"]:
            return
        for ending in ("-wal", "-shm"):
            self.file.with_name(self.file.name + ending).unlink(missing_ok=True)


def _has_log(file: Path) -> bool:
    log = file.with_name(file.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _state(file: Path) -> dict[str, int]:
    if not file.exists():
        return {"size": 0, "time": 0, "number": 0}
    head = looking.head(file, 100)
    seen = file.stat()
    return {"size": seen.st_size, "time": seen.st_mtime_ns, "number": int.from_bytes(head[_NUMBER], "big")}


@dataclass
class Guard:
    """The guard of a database that is open for writing, in this process and perhaps in others."""

    guarded: Guarded
    is_first: bool  # no other process had it open for writing when this one came
    _lock: int
    _engine: Engine | None = None
    _is_changed: bool = False
    _last: float = 0.0
    _took: float = 0.0

    def begin(self, engine: Engine) -> None:
        """The database is open and lacks nothing: from now on it is known from a file that takes its place."""
        self._engine = engine
        if not self.is_first:
            return
        with engine.connect() as connection:
            sqlite: Any = connection.connection.driver_connection
            sqlite.execute(f"pragma user_version = {secrets.randbelow(2**31 - 1) + 1}")
            sqlite.execute("pragma wal_checkpoint(truncate)").fetchall()
        with suppress(OSError):
            self.guarded.stamp()
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def changed(self) -> None:
        """Something was written. A copy is made when the last one is long enough ago."""
        self._is_changed = True
        if time.monotonic() - self._last > _SHARE * self._took:
            self.renew()

    def renew(self) -> None:
        """Make the copy anew. When that fails, the one before stays, and the command goes on."""
        started = time.monotonic()
        with suppress(OSError, sqlite3.Error, DBAPIError):
            self._copy()
            self._is_changed = False
        self._last = time.monotonic()
        self._took = self._last - started

    def _copy(self) -> None:
        """From our own connection: it sees what was written even when git has taken the file away meanwhile."""
        assert self._engine is not None
        copy = self.guarded.copy
        fresh = copy.with_name(copy.name + ".new")
        with _alone(self.guarded.folder / "renewing.lock"), self._engine.connect() as connection:
            source: Any = connection.connection.driver_connection
            (number,) = source.execute("pragma user_version").fetchone()
            if (self.guarded.left() or {}).get("number") != number:
                return  # opened while another command was at work and git had changed the file: not ours to copy
            fresh.unlink(missing_ok=True)
            with closing(sqlite3.connect(fresh)) as target:
                source.backup(target)
                target.execute("pragma journal_mode = delete").fetchall()
            os.replace(fresh, copy)

    def finish(self) -> None:
        """The database is about to be closed: leave a complete copy."""
        if self._is_changed:
            self.renew()

    def abandon(self) -> None:
        """Let go of the database; a worker that was forked meanwhile does not hold on to it."""
        fcntl.flock(self._lock, fcntl.LOCK_UN)
        os.close(self._lock)

    def release(self) -> None:
        """It is closed. What it is like now is noted, if nothing happened to it meanwhile."""
        guarded = self.guarded
        ours = (guarded.left() or {}).get("number") == _state(guarded.file)["number"]
        if ours and not self._is_changed and not _has_log(guarded.file):
            with suppress(OSError):
                guarded.stamp()
        self.abandon()


def guard(file: Path) -> Guard | None:
    """Take a database under guard before it is opened for writing; None where git has no hand in it."""
    guarded = Guarded(file)
    if not guarded.is_needed():
        return None
    try:
        guarded.folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(guarded.folder / f"{file.name}.lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        return None  # a folder in which nothing may be made is not one that results are written in
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(lock, fcntl.LOCK_SH)
        return Guard(guarded, False, lock)
    guarded.drop_foreign_log()
    return Guard(guarded, True, lock)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
