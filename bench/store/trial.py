"""How quickly a database is written to and read, and how large it grows: tried out on results that are made up."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import create_engine

from bench.store.database import upgrade
from bench.store.madeup import ENVIRONMENT, MadeUp
from bench.store.migrations.head import HEAD, REVISIONS, VERSION_TABLE
from bench.store.store import Store
from bench.store.values import SessionInfo

VIEWS = ("summary", "leaderboard", "versus_dense", "duels", "frontier", "results")


@dataclass(frozen=True)
class Figure:
    """One measured number, what it should keep on a machine without other work, and its own processor time."""

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    processor: float | None = None  # the same by seconds of the processor, which other programs lengthen less


def try_out(runs: int, told: Callable[[str], None]) -> Iterator[Figure]:
    """Write so many runs into a new database in a temporary folder, then ask it; figures come as they are measured."""
    made = MadeUp(runs)
    with tempfile.TemporaryDirectory(prefix="bench-trial-") as folder:
        file = Path(folder) / "results.db"
        told(f"writing {runs:,} runs with curves and layers")
        yield _written(made, file)
        told("asking")
        yield from _sizes(file, runs)
        yield _timed("opened, with a first question", lambda: _ask(file, "select count(*) from suite"), 2)
        limits = {"summary": 1.0, "leaderboard": 1.0, "versus_dense": 2.0}
        for view in VIEWS:
            question = f"select * from {view}"
            yield _timed(question, partial(_ask, file, question), limits.get(view))
        told("making a database of the schema before this one")
        old = _of_earlier_schema(Path(folder) / "old.db", file)
        yield _timed(f"brought from schema {REVISIONS[-2]} to {HEAD}", lambda: Store.open(old).close(), 2)


def _written(made: MadeUp, file: Path) -> Figure:
    """Making up the records does not count."""
    spent = processor = 0.0
    with Store.open(file) as store:
        for suite, cells in made.suites():
            store.register(suite, cells)
        session, place = store.start_session(SessionInfo("a trial")), store.environment(ENVIRONMENT)
        for pack in made.packs():
            began, own = time.perf_counter(), time.process_time()
            store.write(session, place, pack)
            spent, processor = spent + time.perf_counter() - began, processor + time.process_time() - own
        store.end_session(session, "done")
    return Figure("written", made.runs / spent, "runs/s", at_least=3000, processor=made.runs / processor)


def _sizes(file: Path, runs: int) -> Iterator[Figure]:
    """The bytes of the whole file, and of that what is no curve, where this SQLite can tell pages apart."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        try:
            (curves,) = connection.execute("select sum(pgsize) from dbstat where name = 'curve'").fetchone()
        except sqlite3.OperationalError:
            (curves,) = connection.execute("select sum(length(points) + 30) from curve").fetchone()
    size = file.stat().st_size
    yield Figure("file without curves", (size - curves) / runs, "bytes a run", at_most=600)
    yield Figure("file", size / runs, "bytes a run")


def _ask(file: Path, question: str) -> None:
    with Store.open(file, read_only=True) as store:
        store.query(question)


def _timed(name: str, action: Callable[[], None], at_most: float | None) -> Figure:
    began, own = time.perf_counter(), time.process_time()
    action()
    return Figure(name, time.perf_counter() - began, "s", at_most=at_most, processor=time.process_time() - own)


# What columns of before hold, where the same stands elsewhere now or in another form.
AS_BEFORE = {
    "run": {
        "split_hash": "(select hash from source.split where split.id = split_id)",
        "finished_at": "(select finished_at from source.pack where pack.id = pack_id)",
    },
    "trained": {"key": "lower(hex(key))"},
    "evaluation": {"key": "lower(hex(key))"},
}


def _of_earlier_schema(file: Path, source: Path) -> Path:
    """The same rows in a database as the release before left it."""
    engine = create_engine(f"sqlite:///{file}")
    try:
        upgrade(engine, str(file), REVISIONS[-2])
    finally:
        engine.dispose()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("attach ? as source", [os.fspath(source)])
        tables = connection.execute(
            "select name from main.sqlite_master where type = 'table' and name not like 'sqlite_%'"
        )
        for (table,) in tables.fetchall():
            if table != VERSION_TABLE:
                take_over(connection, table)
        connection.commit()
    return file


def take_over(connection: sqlite3.Connection, table: str) -> None:
    """Enter the rows that the attached database `source`, which is of this schema, has of a table of an earlier one."""
    before = AS_BEFORE.get(table, {})
    there = _columns(connection, "source", table)
    names = sorted(name for name in _columns(connection, "main", table) if name in there or name in before)
    if names:
        taken = ", ".join(before.get(name, name) for name in names)
        connection.execute(
            f"insert or ignore into main.{table} ({', '.join(names)}) select {taken} from source.{table}"
        )


def _columns(connection: sqlite3.Connection, database: str, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"pragma {database}.table_info({table})")}
