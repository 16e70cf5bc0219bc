"""Questions in SQL, on a connection that can read and nothing else."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from bench.errors import UserError, nearest
from bench.store.database import PATIENCE
from bench.store.faults import meaning
from bench.store.sentences import TABLES, VIEWS
from bench.store.values import QueryResult

Parameters = Mapping[str, Any]
_READERS = ("select", "with", "values", "table", "explain", "show")
_EVERY = 10_000  # steps of SQLite's machine between two looks at the clock
_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_PRAGMAS = {
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "foreign_key_list",
    "compile_options",
}
_CHANGES = {sqlite3.SQLITE_INSERT: "INSERT", sqlite3.SQLITE_UPDATE: "UPDATE", sqlite3.SQLITE_DELETE: "DELETE"}


@dataclass
class _Guard:
    """What SQLite asks before each part of a statement; remembers what it was that was refused."""

    refused: list[str] = field(default_factory=list)

    def __call__(self, action: int, first: str | None, second: str | None, *_: Any) -> int:
        loading = action == sqlite3.SQLITE_FUNCTION and second == "load_extension"
        # SQLite declares a table function, such as pragma_table_info, as an update of its schema in memory.
        declaring = action == sqlite3.SQLITE_UPDATE and first == "sqlite_master"
        telling = action == sqlite3.SQLITE_PRAGMA and first in _PRAGMAS
        if not loading and (action in _READING or declaring or telling):
            return sqlite3.SQLITE_OK
        self.refused.append(_CHANGES.get(action, "another action"))
        return sqlite3.SQLITE_DENY


def query_file(file: Path, sql: str, parameters: Parameters | None, limit: float | None) -> QueryResult:
    """Ask a database file."""
    if _first_word(sql) == "":
        raise UserError("nothing is asked; write a SELECT")
    guard = _Guard()
    address = f"{file.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None)) as connection:
        connection.execute("pragma query_only = on")
        connection.execute("pragma cache_size = -64000")  # in KiB; the views read large databases more than once
        connection.set_authorizer(guard)
        if limit is not None:
            deadline = time.monotonic() + limit
            connection.set_progress_handler(lambda: int(time.monotonic() > deadline), _EVERY)
        try:
            cursor = connection.execute(sql, parameters or {})
            rows = cursor.fetchall()
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise UserError(_explain(str(file), sql, error, guard, limit)) from error
        except (TypeError, ValueError) as error:
            raise UserError(f"the query cannot be run: {error}") from error
    return QueryResult(tuple(column[0] for column in cursor.description or ()), rows)


def _refusal(action: str) -> str:
    return f"only reading is allowed here, and this statement would do more ({action}); write a SELECT"


def _explain(place: str, sql: str, error: Exception, guard: _Guard, limit: float | None) -> str:
    said = str(error)
    if guard.refused:
        first = _first_word(sql)
        return _refusal(guard.refused[0] if first in _READERS else first.upper())
    if "one statement" in said:
        return "only one statement can be run at a time; leave out what stands after the first ';'"
    if limit is not None and "interrupted" in said:
        return f"the query took longer than {limit:g} s and was stopped; narrow it with WHERE, or allow it more time"
    meant = meaning(error)
    if meant is not None:
        return f"{place}: {meant}"
    missing = re.fullmatch(r"no such table: (\w+)", said)
    if missing:
        return f"no such table or view: {missing[1]}; {nearest(missing[1], [*TABLES, *VIEWS])}"
    missing = re.fullmatch(r"no such column: (?:\w+\.)?(\w+)", said)
    if missing:
        columns = {name for sentences in (*TABLES.values(), *VIEWS.values()) for name in sentences if name}
        return f"no such column: {missing[1]}; {_hint(missing[1], columns)}"
    return f"the query cannot be run: {said}"


def _hint(word: str, columns: set[str]) -> str:
    said = nearest(word, columns)
    return said if said.startswith("did") else "SELECT subject, name, sentence FROM documentation lists them all"


def query_server(engine: Engine, sql: str, parameters: Parameters | None, limit: float | None) -> QueryResult:
    """Ask a server, in a read-only transaction that is rolled back."""
    first = _first_word(sql)
    if first not in _READERS:
        raise UserError(_refusal(first.upper()) if first else "nothing is asked; write a SELECT")
    compiled = text(sql).compile(dialect=engine.dialect)
    with engine.connect().execution_options(reading=True) as connection:
        connection.exec_driver_sql("set transaction read only")
        if limit is not None:
            connection.exec_driver_sql(f"set local statement_timeout = {max(1, round(limit * 1000))}")
        cursor = connection.connection.cursor()
        try:
            # A prepared statement is one statement: a second one after a ';' could end our transaction and write.
            cursor.execute(str(compiled), dict(parameters or {}), prepare=True)  # type: ignore[call-arg]  # psycopg's own
            rows = [tuple(row) for row in cursor.fetchall()]
        except (engine.dialect.loaded_dbapi.Error, KeyError) as error:
            raise UserError(_explain_server(error, limit)) from error
        return QueryResult(tuple(column[0] for column in cursor.description or ()), rows)


def _first_word(sql: str) -> str:
    bare = re.sub(r"^(\s|\(|--[^\n]*(\n|$)|/\*.*?\*/)+", "", sql, flags=re.DOTALL)
    word = re.match(r"\w+", bare)
    return word[0].lower() if word else ""


def _explain_server(error: Exception, limit: float | None) -> str:
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    if "read-only transaction" in said:
        return f"only reading is allowed here, and this statement would write ({said}); write a SELECT"
    if "multiple commands" in said:
        return "only one statement can be run at a time; leave out what stands after the first ';'"
    if "statement timeout" in said:
        return f"the query took longer than {limit:g} s and was stopped; narrow it with WHERE, or allow it more time"
    return f"the query cannot be run: {said}"
