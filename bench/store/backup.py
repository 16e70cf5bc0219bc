"""A copy of a database file before its schema is changed."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bench.errors import UserError

FOLDER = Path(".bench") / "backups"  # beside the file


def back_up(file: Path, old: str, new: str, looked_at: Callable[[Path], str | None]) -> Path | None:
    """Copy a file of an old schema; None where another process has brought it up to date meanwhile.

    The copy appears whole or not at all, and takes the place of an earlier one.
    """
    folder = file.absolute().parent / FOLDER
    copy = folder / f"{file.name}.before-{new}"
    part = folder / f"{copy.name}.{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        address = f"{file.absolute().as_uri()}?mode=ro"
        with (
            closing(sqlite3.connect(address, uri=True, timeout=60)) as source,
            closing(sqlite3.connect(part)) as target,
        ):
            source.backup(target)
            target.execute("pragma journal_mode = delete")
        if looked_at(part) != old:
            return None
        part.replace(copy)
    except (OSError, sqlite3.Error) as error:
        raise UserError(
            f"{file}: no copy could be made before its schema is changed ({error}); make room or give yourself the "
            f"right to write in {folder}, then start again: the file is as it was"
        ) from error
    finally:
        for rest in (part, *(part.with_name(part.name + end) for end in ("-journal", "-wal", "-shm"))):
            with contextlib.suppress(OSError):
                rest.unlink(missing_ok=True)
    for older in folder.glob(f"{file.name}.before-*"):
        if older != copy:
            older.unlink(missing_ok=True)
    return copy
