"""Faults of a database, said in one line: which file, what is wrong with it, and the mend."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from bench.errors import UserError

# What SQLite says, and what that means to the user. The first that fits counts.
_MEANINGS = (
    ("locked", "another process has held it locked for too long; let that one end, then start again"),
    ("database or disk is full", "the disk is full; make room, then start again: all that was finished is kept"),
    ("readonly", "it may not be written to; give yourself the right to write to the file and its folder"),
    ("unable to open", "it cannot be opened; see that the folder exists and that you may read and write in it"),
    ("not a database", "this is no SQLite database; give another path"),
    ("malformed", "the file is damaged; bring back a copy of it, or move it away and start afresh"),
    (  # so SQLite calls it too when a file would grow beyond what its user is allowed
        "disk i/o error",
        "the disk is full, a quota or a limit on the size of files (ulimit -f) is reached, or the disk failed; "
        "see to that, then start again: all that was finished is kept",
    ),
)


def meaning(error: BaseException) -> str | None:
    """What an error of the database means to its user, or None for one that is no fault of file or machine."""
    said = str(error).lower()
    return next((meant for words, meant in _MEANINGS if words in said), None)


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn the faults of the database at `place` into a UserError; errors in our own SQL pass."""
    try:
        yield
    except sqlite3.Error as error:
        meant = meaning(error)
        if meant is None or isinstance(error, sqlite3.IntegrityError):
            raise
        raise UserError(f"{place}: {meant}") from error
    except DBAPIError as error:
        meant = meaning(error.orig) if error.orig is not None else None
        if meant is not None and not isinstance(error.orig, sqlite3.IntegrityError):
            raise UserError(f"{place}: {meant}") from error
        if error.connection_invalidated:
            raise UserError(
                f"{place}: the connection to the database was lost; see to the server and start again"
            ) from None
        raise
