"""Reading another database as a whole, of this release or an earlier one, and copying one to give it away."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection

from bench.errors import UserError
from bench.store import database, merging, published
from bench.store.faults import explained
from bench.store.location import file_of, is_file, locate, shown


@contextmanager
def source(place: str | os.PathLike[str]) -> Iterator[Connection]:
    """One state of another database, to be read. It is not written to: a file of an earlier release is copied first."""
    url = locate(place)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, explained(shown(url)):
        if is_file(url) and database.is_older(url):
            url = _copied(url, Path(folder) / file_of(url).name)
        engine = database.connect(url, read_only=True)
        options = {"reading": True} | ({} if is_file(url) else {"isolation_level": "REPEATABLE READ"})
        try:
            with engine.connect().execution_options(**options) as connection:
                yield connection
        finally:
            engine.dispose()


def _copied(url: URL, file: Path) -> URL:
    """A copy of the file, brought to this release's schema."""
    address = f"{file_of(url).absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as old, closing(sqlite3.connect(file)) as new:
        old.backup(new)
    copy = locate(file)
    database.connect(copy).dispose()
    return copy


def copy(place: str | os.PathLike[str], file: Path) -> None:
    """A compact copy for others in a new file, without the notes; of a server's database too."""
    url = locate(place)
    with fresh_file(file) as fresh:
        if is_file(url):
            _vacuum(url, fresh)
        else:
            copied_by_rows(place, fresh, merging.UNCHANGED)
        _without_notes(fresh)


@contextmanager
def fresh_file(file: Path) -> Iterator[Path]:
    """A file to write in, which takes the name when all went well; one that is there is never overwritten."""
    if file.exists():
        raise UserError(f"{file}: is there already; give a new name, or remove it first")
    if not file.absolute().parent.is_dir():
        raise UserError(f"{file}: its folder does not exist; make the folder, or give another path")
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with explained(str(file)):
            yield fresh
            os.replace(fresh, file)
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            fresh.with_name(fresh.name + ending).unlink(missing_ok=True)


def _vacuum(url: URL, fresh: Path) -> None:
    engine = database.connect(url, read_only=True)
    try:
        with closing(sqlite3.connect(f"{file_of(url).absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("vacuum into ?", (str(fresh),))
    finally:
        engine.dispose()


def copied_by_rows(place: str | os.PathLike[str], fresh: Path, origins: merging.Origins) -> None:
    """Every run with all that hangs on it into a new file, by what rows are and not as they lie in a file."""
    engine = database.connect(locate(fresh))
    try:
        with source(place) as connection, engine.begin() as target:
            merging.merge(connection, target, origins)
        published.bring_up_to_date(engine)
    finally:
        engine.dispose()
        database.fold(fresh)


def _without_notes(fresh: Path) -> None:
    with closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
        connection.execute("update session set note = null where note is not null")
        connection.execute("vacuum")  # what was taken out is in no free page either
        connection.execute("pragma journal_mode = delete").fetchall()
