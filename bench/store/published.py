"""Numbers that others published, from the files that come with the benchmark into a database that is written to."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select

from bench.errors import UserError
from bench.store.schema import Published
from bench.store.schema.aids import SOURCES

_PACKAGE = Path(__file__).resolve().parents[1]
_OURS = ("project", "position", "file_hash")  # what the file does not hold itself
COLUMNS = tuple(column.name for column in Published.__table__.columns if column.name not in _OURS)
_NUMBERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("sparsity_claimed", "sparsity_true", "value"), float),
    "epochs": int,
}
_NEEDED = ("their_data", "their_model", "their_method", "metric", "value", "source")


def files() -> list[Path]:
    """One file a project: those of the installed package, else of the checkout."""
    installed = _PACKAGE / "_suites"
    folder = installed if installed.is_dir() else _PACKAGE.parent / "suites"
    return sorted((folder / "published").glob("*.csv"))


def bring_up_to_date(engine: Engine) -> None:
    """Replace what a database has of the projects whose files are others than those that it was entered from.

    Nearly always nothing is to do: then it is one short question, and no lock is taken.
    """
    texts = {file: file.read_bytes() for file in files()}
    hashes = {file.stem: hashlib.sha256(content).hexdigest()[:40] for file, content in texts.items()}
    with engine.connect().execution_options(reading=True) as connection:
        if _entered(connection) == hashes:
            return
    rows = {file.stem: read(file, content, hashes[file.stem]) for file, content in texts.items()}
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # SQLite has one writer anyhow
            connection.exec_driver_sql("lock table published in exclusive mode")
        entered = _entered(connection)
        for project in sorted(entered.keys() | hashes.keys()):
            if entered.get(project) != hashes.get(project):
                connection.execute(delete(Published).where(Published.project == project))
                if rows.get(project):
                    connection.execute(insert(Published), rows[project])


def _entered(connection: Connection) -> dict[str, str]:
    found = connection.execute(select(Published.project, Published.file_hash).distinct())
    return {row.project: row.file_hash for row in found}


def read(file: Path, content: bytes, file_hash: str) -> list[dict[str, Any]]:
    """The rows of a project's file; a mistake in it is said with its line."""
    reader = csv.reader(io.StringIO(content.decode("utf-8")))
    head = tuple(next(reader, ()))
    if head != COLUMNS:
        raise UserError(f"{file}:1: the columns are not those of a published table; write {','.join(COLUMNS)}")
    rows = []
    for position, fields in enumerate(reader, start=1):
        place = f"{file}:{reader.line_num}"
        if len(fields) != len(COLUMNS):
            raise UserError(f"{place}: has {len(fields)} fields in place of {len(COLUMNS)}; quote texts with commas")
        row = {name: _value(place, name, text) for name, text in zip(COLUMNS, fields, strict=True)}
        if row["source"] not in SOURCES:
            raise UserError(f"{place}: the source {row['source']!r} is not known; write one of {', '.join(SOURCES)}")
        rows.append({"project": file.stem, "position": position, **row, "file_hash": file_hash})
    if not rows:
        raise UserError(f"{file}: holds no numbers; remove the file, or enter some")
    return rows


def _value(place: str, name: str, text: str) -> Any:
    if not text:
        if name in _NEEDED:
            raise UserError(f"{place}: {name} is empty; only a sparsity, epochs, a note and our names may be")
        return None
    try:
        value = _NUMBERS.get(name, str)(text)
    except ValueError:
        raise UserError(f"{place}: {name} {text!r} is no number; write one, or nothing where it is not known") from None
    if name.startswith("sparsity") and not 0 <= value <= 1:
        raise UserError(f"{place}: {name} {text} is no share; write a number between 0 and 1")
    return value
