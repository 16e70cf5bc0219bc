"""Reads a result database, and only reads: one row a run of the view `results`, one row a run that is still missing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from analysis import stage
from analysis.selection import select
from analysis.wording import listing
from bench.errors import UserError, nearest

WORDS = (
    *("suite", "profile", "suite_hash", "data", "model", "method", "method_name", "options", "key", "origin"),
    *("status", "reason", "environment", "device", "torch", "metric", "finished_at", "session", "protocol"),
)
COUNTS = ("standin", "level", "seed", "position")
NUMBERS = (
    *("target_sparsity", "sparsity", "effective_sparsity", "weights", "weights_kept", "parameters", "parameters_kept"),
    *("parameters_effective", "macs", "macs_kept", "macs_effective", "bytes_dense", "bytes_bitmask", "bytes_csr"),
    *("bytes_gzip", "train_loss", "validation_loss", "validation_accuracy", "test_loss", "test_accuracy"),
    *("test_count", "pruned_validation_loss", "pruned_validation_accuracy", "pruned_test_loss"),
    *("pruned_test_accuracy", "recalibrated_validation_loss", "recalibrated_validation_accuracy"),
    *("recalibrated_test_loss", "recalibrated_test_accuracy", "recalibrated_pruned_validation_accuracy"),
    *("recalibrated_pruned_test_accuracy", "steps_alone", "steps_shared", "flops_alone", "seconds"),
    "theoretical_speedup",
)
RESULTS = (*WORDS, *COUNTS, *NUMBERS)
SPEEDS = (
    *("suite", "profile", "data", "model", "method", "level", "target_sparsity", "seed", "key", "environment"),
    *("device", "form", "threads", "batch", "seconds", "seconds_low", "seconds_high", "speedup", "repetitions"),
    *("throughput", "macs", "theoretical_speedup", "measured_at"),
)
PUBLISHED = (
    *("suite", "profile", "data", "model", "method", "level", "target_sparsity", "environment", "project"),
    *("their_method", "sparsity_claimed", "sparsity_true", "metric", "published", "n", "mean", "sd", "low", "high"),
    *("difference", "inside", "source", "note"),
)
MISSING = (
    *("suite", "profile", "data", "model", "method", "level", "target_sparsity", "seed", "key", "failed"),
    "position",
)


class LackingError(UserError):
    """The database has no such view or column: another program, or another release, made it."""


@dataclass(frozen=True)
class Records:
    """What a database holds: its runs, and the runs that its suites still need."""

    name: str
    runs: pd.DataFrame
    missing: pd.DataFrame


def load(
    database: str | Path,
    suite: str | None = None,
    profile: str | None = None,
    only: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """One row for each cell, seed and environment that has a run, with the columns of the view `results`, and `stage`.

    Of suites at stage develop the numbers of test data are missing values.
    """
    return select(read(database, suite, profile).runs, only or {})


def load_missing(database: str | Path, suite: str | None = None, profile: str | None = None) -> pd.DataFrame:
    """One row for each run that a suite still needs, with the columns of the view `missing`."""
    return read(database, suite, profile).missing


def load_developing(database: str | Path) -> stage.Developing:
    """Suites at stage develop, each with its profile: what is made of their test data is not to be shown."""
    with _connect(database, database_name(database)) as connection:
        return _developing(connection)


def columns_of(database: str | Path, view: str) -> frozenset[str]:
    """The columns of a view or table; none where the database has no such."""
    with _connect(database, database_name(database)) as connection:
        return frozenset(_columns(connection, view))


def load_speeds(database: str | Path, suite: str) -> pd.DataFrame:
    """One row for each run, form, number of threads and batch size whose speed was measured."""
    name = database_name(database)
    with _connect(database, name) as connection:
        speeds = _rows(connection, "speeds", SPEEDS, name)
    return speeds[speeds["suite"] == suite].reset_index(drop=True)


def load_beside(database: str | Path, view: str, columns: Sequence[str]) -> pd.DataFrame | None:
    """A view that tables can do without, as it is; None where the database has none of this name."""
    name = database_name(database)
    with _connect(database, name) as connection:
        return _rows(connection, view, columns, name) if _columns(connection, view) else None


def read(database: str | Path, suite: str | None = None, profile: str | None = None) -> Records:
    """Runs and missing runs of a suite, or of all suites."""
    name = database_name(database)
    with _connect(database, name) as connection:
        runs = stage.veiled(_tidy(_rows(connection, "results", RESULTS, name)), _developing(connection))
        missing = _tidy(_rows(connection, "missing", MISSING, name))
    for column, wanted in (("suite", suite), ("profile", profile)):
        if wanted is not None:
            known = sorted({*runs[column], *missing[column]})
            if wanted not in known:
                hint = nearest(wanted, known) if known else "nothing has been run into it yet"
                raise UserError(f"{name}: no {column} {wanted!r} in it; {hint}")
            runs, missing = runs[runs[column] == wanted], missing[missing[column] == wanted]
    return Records(name, runs.reset_index(drop=True), missing.reset_index(drop=True))


def ask(
    database: str | Path,
    views: Mapping[str, Sequence[str]],
    question: str,
    parameters: Mapping[str, object] | None = None,
) -> pd.DataFrame:
    """The answer to a question in SQL with named parameters, such as :key; these views and columns must be there."""
    name = database_name(database)
    with _connect(database, name) as connection:
        for view, columns in views.items():
            _check(connection, view, columns, name)
        return _answer(connection, question, parameters)


def database_name(database: str | Path) -> str:
    """How a report calls the database: a file's name, or a URL without its password."""
    text = str(database)
    if "://" not in text or text.startswith("sqlite:///"):
        return Path(text.removeprefix("sqlite:///")).name or text
    from sqlalchemy.engine import make_url

    return make_url(text).render_as_string(hide_password=True)


@contextmanager
def _connect(database: str | Path, name: str) -> Iterator[Any]:
    """A connection that cannot write; SQLite without SQLAlchemy, which takes longer to import than to use here."""
    text = str(database)
    if "://" in text and not text.startswith("sqlite:///"):
        from sqlalchemy import create_engine
        from sqlalchemy.exc import SQLAlchemyError

        engine = create_engine(text)
        try:
            with engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise UserError(f"{name}: cannot be read: {str(error).splitlines()[0]}") from error
        finally:
            engine.dispose()
        return
    path = Path(text.removeprefix("sqlite:///")).expanduser()
    if not path.is_file():
        what = "is a folder, not a database file" if path.is_dir() else "no such file; `bench run SUITE` makes it"
        raise UserError(f"{path}: {what}")
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, timeout=30)) as connection:
            yield connection
    except (sqlite3.DatabaseError, pd.errors.DatabaseError) as error:
        raise UserError(f"{path}: cannot be read: {error.__cause__ or error}") from error


def _rows(connection: Any, view: str, columns: Sequence[str], name: str) -> pd.DataFrame:
    """A view as it is."""
    _check(connection, view, columns, name)
    return _answer(connection, f"select {', '.join(columns)} from {view}")


def _developing(connection: Any) -> stage.Developing:
    """Plain tables with the columns of the views do for everything else; without suites nothing is in development."""
    if not _columns(connection, "suite"):
        return frozenset()
    return stage.developing(
        {str(name): value for name, value in row.items()}
        for row in _answer(connection, stage.VERSIONS).to_dict("records")
    )


def _check(connection: Any, view: str, columns: Sequence[str], name: str) -> None:
    """The absence of a view, or a missing column, means that another program or release made the file."""
    known = _columns(connection, view)
    if not known:
        raise LackingError(f"{name}: not a result database: it has no view `{view}`; `bench run SUITE` makes one")
    absent = [column for column in columns if column not in known]
    if absent:
        raise LackingError(
            f"{name}: its view `{view}` lacks {listing(absent, most=5)}: another release wrote it;"
            " `bench run` with this release brings it up to date"
        )


def _columns(connection: Any, view: str) -> set[str]:
    """The columns of a view or table; none where it is not there."""
    if isinstance(connection, sqlite3.Connection):
        return {str(row[1]) for row in connection.execute(f"pragma table_info({view})")}
    from sqlalchemy import inspect

    inspector = inspect(connection)
    there = view in {*inspector.get_view_names(), *inspector.get_table_names()}
    return {str(column["name"]) for column in inspector.get_columns(view)} if there else set()


def _answer(connection: Any, question: str, parameters: Mapping[str, object] | None = None) -> pd.DataFrame:
    given: Any = dict(parameters or {})
    if isinstance(connection, sqlite3.Connection):
        return pd.read_sql_query(question, connection, params=given)
    from sqlalchemy import text

    return pd.read_sql_query(text(question), connection, params=given)


def _tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """The same types in every case, also for a view without rows or a column without values."""
    types: dict[str, str] = {}
    for column in frame.columns:
        types[column] = "float64" if column in NUMBERS else "int64" if column in (*COUNTS, "failed") else "object"
    frame = frame.astype(types)
    return frame.astype({"standin": "bool"}) if "standin" in frame else frame
