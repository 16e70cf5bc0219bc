"""Finding or adding rows by what they are, whatever their number in this file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, func, insert, select, tuple_
from sqlalchemy.dialects import postgresql

from bench.store.base import Base

_BLOCK = 500  # values in one statement; SQLite takes some 32,000 variables


def blocks(values: Iterable[Any]) -> Iterator[list[Any]]:
    """The values in lists that one statement can take."""
    whole = list(values)
    for start in range(0, len(whole), _BLOCK):
        yield whole[start : start + _BLOCK]


def enter(connection: Connection, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, all with values for the same columns."""
    if connection.dialect.name == "sqlite" and rows:
        _run_many(connection, table, rows)
    elif rows:
        connection.execute(insert(table), rows)


def enter_numbered(connection: Connection, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows and give their numbers in this order.

    SQLite would return numbers for one row at a time; but who writes to it is alone, and can choose them beforehand.
    """
    if not rows:
        return []
    number = table.__table__.c.id
    if connection.dialect.name != "sqlite":
        return list(connection.scalars(insert(table).returning(number, sort_by_parameter_order=True), rows))
    first = 1 + (connection.scalar(select(func.max(number))) or 0)
    numbers = list(range(first, first + len(rows)))
    _run_many(connection, table, [{"id": one, **row} for one, row in zip(numbers, rows, strict=True)])
    return numbers


def add_new(connection: Connection, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows that are not there yet; those that are stay as they are."""
    if connection.dialect.name == "sqlite" and rows:
        _run_many(connection, table, rows, "on conflict do nothing")
    elif rows:
        connection.execute(postgresql.insert(table).on_conflict_do_nothing(), rows)


def _run_many(connection: Connection, table: type[Base], rows: Sequence[Mapping[str, Any]], ending: str = "") -> None:
    """Hand all rows to SQLite at once: our columns need no translation, which would take longer than the writing."""
    names = tuple(rows[0])
    columns, places = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
    text = f'insert into "{table.__tablename__}" ({columns}) values ({places}) {ending}'
    connection.exec_driver_sql(text, [tuple(row[name] for name in names) for row in rows])


def ids(
    connection: Connection, table: type[Base], identity: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> dict[tuple[Any, ...], int]:
    """The row number of each row by the values of its identity; rows that are not there yet are added."""
    wanted = {tuple(row[name] for name in identity): row for row in rows}
    found = _find(connection, table, identity, wanted)
    new = {key: row for key, row in wanted.items() if key not in found}
    found.update(zip(new, enter_numbered(connection, table, list(new.values())), strict=True))
    return found


def _find(
    connection: Connection, table: type[Base], identity: Sequence[str], keys: Iterable[tuple[Any, ...]]
) -> dict[tuple[Any, ...], int]:
    if connection.dialect.name == "sqlite":
        return _find_at_once(connection, table, identity, keys)
    columns = [getattr(table, name) for name in identity]
    found: dict[tuple[Any, ...], int] = {}
    for block in blocks(keys):
        match = columns[0].in_([key[0] for key in block]) if len(columns) == 1 else tuple_(*columns).in_(block)
        for row in connection.execute(select(table.__table__.c.id, *columns).where(match)):
            found[tuple(row[1:])] = row[0]
    return found


def _find_at_once(
    connection: Connection, table: type[Base], identity: Sequence[str], keys: Iterable[tuple[Any, ...]]
) -> dict[tuple[Any, ...], int]:
    """The same in SQLite, past the making of a statement, which takes longer than the search."""
    columns, place = ", ".join(f'"{name}"' for name in identity), f"({', '.join('?' * len(identity))})"
    found: dict[tuple[Any, ...], int] = {}
    for block in blocks(keys):
        wanted = f"({columns}) in (values {', '.join([place] * len(block))})"
        text = f'select id, {columns} from "{table.__tablename__}" where {wanted}'
        for number, *key in connection.exec_driver_sql(text, tuple(chain.from_iterable(block))):
            found[tuple(key)] = number
    return found
