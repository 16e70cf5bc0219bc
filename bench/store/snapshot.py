"""A copy of a database file as it is now, also while somebody writes to it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from bench.errors import UserError
from bench.store import database
from bench.store.faults import explained
from bench.store.location import file_of, is_file, locate, shown


def snapshot(url_or_path: str | os.PathLike[str], target: Path) -> None:
    """Write all that is committed into a new file, complete by itself."""
    url = locate(url_or_path)
    if not is_file(url):
        raise UserError(f"{shown(url)}: only a database file can be copied; give the path of one with --db")
    database.connect(url, read_only=True).dispose()  # says what is wrong with it
    address = f"{file_of(url).absolute().as_uri()}?mode=ro"
    with explained(shown(url)), closing(sqlite3.connect(address, uri=True, timeout=database.PATIENCE)) as connection:
        connection.execute("vacuum into ?", [str(target)])
