"""Reading: what comes out, and what is said when there is nothing to read."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from analysis import load, load_missing
from analysis.load import MISSING, RESULTS, database_name
from bench.errors import UserError
from tests.analysis.generate import Simulation, database

SMALL = Simulation(methods=("none", "lottery"), targets=(0.5, 0.9), seeds=range(3), planned=range(5))


def test_one_row_a_run(tmp_path: Path) -> None:
    path = database(tmp_path / "r.db", SMALL, Simulation(suite="starter", profile="quick", data="digits"))
    frame = load(path, suite="mnist")
    assert list(frame.columns) == [*RESULTS, "stage"]
    assert len(frame) == 9
    assert frame["level"].dtype == "int64"
    assert frame["standin"].dtype == "bool"
    assert frame["sparsity"].dtype == "float64"
    assert list(load_missing(path, suite="mnist").columns) == list(MISSING)
    assert len(load_missing(path, suite="mnist")) == 6
    assert set(load(path, profile="quick")["data"]) == {"digits"}
    assert set(load(f"sqlite:///{path}", "mnist", only={"method": ["lottery"], "seed": ["1"]})["level"]) == {1, 2}


def test_an_empty_database_has_typed_columns(tmp_path: Path) -> None:
    frame = load(database(tmp_path / "r.db"))
    assert len(frame) == 0
    pd.testing.assert_series_equal(
        frame.dtypes.astype(str), load(database(tmp_path / "s.db", SMALL)).dtypes.astype(str)
    )


def test_it_cannot_write_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = database(tmp_path / "r.db", SMALL)
    before = path.read_bytes()
    load(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["r.db"]


def foreign(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return path


def test_what_is_not_there_or_not_ours_is_said_in_a_line(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"this is not a database" * 100)
    old = foreign(tmp_path / "old.db", "create table results (suite, profile)", "create table missing (suite)")
    cases = {
        tmp_path / "absent.db": "no such file; `bench run SUITE` makes it",
        tmp_path: "is a folder, not a database file",
        garbage: "cannot be read: file is not a database",
        foreign(tmp_path / "foreign.db", "create table books (title)"): "not a result database",
        old: "lacks suite_hash, data, model, method, method_name and",
    }
    for path, says in cases.items():
        with pytest.raises(UserError) as caught:
            load(path)
        assert says in str(caught.value)
        assert len(caught.value.lines) == 1


def test_an_unknown_suite_is_named_with_its_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no suite 'minst' in it; did you mean 'mnist'"):
        load(database(tmp_path / "r.db", SMALL), suite="minst")
    with pytest.raises(UserError, match="nothing has been run into it yet"):
        load(database(tmp_path / "empty.db"), suite="mnist")
    waiting = database(tmp_path / "waiting.db", Simulation(seeds=(), planned=range(2)))
    assert len(load(waiting, suite="mnist")) == 0


def test_a_password_is_never_shown() -> None:
    assert database_name("postgresql+psycopg://me:secret@host/runs") == "postgresql+psycopg://me:***@host/runs"
    assert database_name("some/where/results.db") == "results.db"
    assert database_name("sqlite:///some/where/results.db") == "results.db"
