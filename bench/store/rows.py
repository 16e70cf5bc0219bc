"""Finding or adding rows by what they are, whatever their number in this file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, tuple_
from sqlalchemy import select as sa_select
from sqlalchemy.dialects import postgresql, sqlite

from bench.store.base import Base

_BLOCK = 500  # values in one statement; SQLite takes some 32,000 variables


def blocks(values: Iterable[Any]) -> Iterator[list[Any]]:
    """The values in lists that one statement can take."""
    whole = list(values)
    for start in range(0, len(whole), _BLOCK):
        yield whole[start : start + _BLOCK]


def add_new(connection: Connection, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows that are not there yet; those that are stay as they are."""
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(table).on_conflict_do_nothing(), rows)


def ids(
    connection: Connection, table: type[Base], identity: Sequence[str], rows: Iterable[dict[str, Any]]
) -> dict[tuple[Any, ...], int]:
    """The row number of each row by the values of its identity; rows that are not there yet are added."""
    wanted = {tuple(row[name] for name in identity): row for row in rows}
    found = _find(connection, table, identity, wanted)
    new = [row for key, row in wanted.items() if key not in found]
    if new:
        add_new(connection, table, new)
        found |= _find(connection, table, identity, [tuple(row[name] for name in identity) for row in new])
    return found


def _find(
    connection: Connection, table: type[Base], identity: Sequence[str], keys: Iterable[tuple[Any, ...]]
) -> dict[tuple[Any, ...], int]:
    columns = [getattr(table, name) for name in identity]
    found: dict[tuple[Any, ...], int] = {}
    for block in blocks(keys):
        match = columns[0].in_([key[0] for key in block]) if len(columns) == 1 else tuple_(*columns).in_(block)
        for row in connection.execute(sa_select(table.__table__.c.id, *columns).where(match)):
            found[tuple(row[1:])] = row[0]
    return found
