"""What somebody sees who has the file, an SQLite of 2021 and nothing of ours."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bench.store import Store
from tests.store.build import cell, fill, run

# What every build of SQLite 3.37 has, and the JSON functions: curves and conflicts cannot do without.
FUNCTIONS = {
    *("abs", "avg", "cast", "coalesce", "count", "group_concat", "ifnull", "iif", "instr", "length", "like", "lower"),
    *("max", "min", "nullif", "replace", "round", "substr", "sum", "total", "trim", "upper"),
    *("dense_rank", "rank", "row_number", "first_value", "last_value", "lag", "lead"),
    *("json_extract", "json_type", "json_valid"),
}
NEWER = {
    "the arrows of JSON (3.38)": r"->",
    "RIGHT and FULL JOIN (3.39)": r"\b(right|full)\s+(outer\s+)?join\b",
    "IS DISTINCT FROM (3.39)": r"\bis\s+(not\s+)?distinct\s+from\b",
    "an order within an aggregate (3.44)": r"\b(group_concat|sum|avg|min|max|count)\s*\([^()]*\border\s+by\b",
    "digits in groups (3.46)": r"\b\d+_\d",
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("stranger") / "results.db"
    cells = [cell("none", 0), cell("one-shot", 1, target_sparsity=0.9), cell("lottery", 1, target_sparsity=0.9)]
    mean = {"none": 0.9, "one-shot": 0.7, "lottery": 0.8}
    runs = [run(key, mean[one.method] + seed / 100, seconds=2.0) for one in cells for seed, key in one.seeds]
    runs[-1] = run(runs[-1].key, None, None, status="failed", reason="out of memory")
    with Store.open(place) as store:
        fill(store, cells, runs)
    return place


@pytest.fixture
def plain(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (  # Which method is best at 90 %?
            "select method, n, round(test_accuracy_mean, 4) from summary where target_sparsity = 0.9"
            " order by test_accuracy_mean desc",
            [("lottery", 2, 0.805), ("one-shot", 3, 0.71)],
        ),
        (  # What does pruning cost, and is that more than chance?
            "select method, round(test_accuracy_difference_mean, 4), test_accuracy_difference_high < 0"
            " from versus_dense order by method",
            [("lottery", -0.1, 1), ("one-shot", -0.2, 1)],
        ),
        (  # What went wrong?
            "select method, seed, reason from results where status = 'failed'",
            [("lottery", 2, "out of memory")],
        ),
        (  # Who made the runs, and how long did it take?
            "select session.command, count(*), sum(results.seconds) from results"
            " join session on session.id = results.session group by session.command",
            [("bench run penguins", 9, 16.0)],
        ),
        (  # What is left of each layer?
            "select layer, min(kept), max(layers.weights) from layers join results using (key)"
            " where method = 'one-shot' group by layer",
            [("fc1", 30, 60), ("output", 18, 36)],
        ),
        (  # What does a column mean?
            "select sentence, unit from documentation where subject = 'results' and name = 'sparsity'",
            [("Zeros among the prunable weights, counted after the fact.", "share")],
        ),
    ],
)
def test_questions_are_answered_by_sqlite_alone(
    plain: sqlite3.Connection, question: str, expected: list[tuple[Any, ...]]
) -> None:
    assert plain.execute(question).fetchall() == expected


def test_names_of_runs_can_be_read(plain: sqlite3.Connection) -> None:
    assert ("one-shot/1/0",) in plain.execute("select key from run").fetchall()


def sql_of(connection: sqlite3.Connection) -> dict[str, str]:
    """All SQL that the file holds: of tables, views and indices, and the questions that it suggests."""
    made = dict(connection.execute("select name, sql from sqlite_master where sql is not null"))
    return made | dict(connection.execute("select title, sql from questions"))


def newer(sql: str) -> list[str]:
    """What a text has that SQLite 3.37 would not read; its comments and strings do not count."""
    bare = re.sub(r"/\*.*?\*/|--[^\n]*|'(?:[^']|'')*'", " ", sql, flags=re.DOTALL)
    return [name for name, pattern in NEWER.items() if re.search(pattern, bare, re.IGNORECASE)]


def functions(connection: sqlite3.Connection, question: str) -> set[str]:
    """The functions that a question calls, by way of views too."""
    called = set()

    def watch(action: int, _: str | None, name: str | None, *rest: str | None) -> int:
        if action == sqlite3.SQLITE_FUNCTION:
            called.add(str(name).lower())
        return sqlite3.SQLITE_OK

    connection.set_authorizer(watch)
    try:
        connection.execute(f"explain {question}").fetchall()
    finally:
        connection.set_authorizer(None)
    return called


def test_no_text_in_the_file_is_newer_than_sqlite_3_37(plain: sqlite3.Connection) -> None:
    texts = sql_of(plain)
    assert len(texts) > 50
    assert {name: newer(text) for name, text in texts.items() if newer(text)} == {}


def test_no_function_is_called_that_an_sqlite_may_lack(plain: sqlite3.Connection) -> None:
    views = [name for (name,) in plain.execute("select name from sqlite_master where type = 'view'")]
    asked = [f"select * from {view}" for view in views] + [sql for (sql,) in plain.execute("select sql from questions")]
    called = {question: functions(plain, question) for question in asked}
    assert {name for names in called.values() for name in names} >= {"avg", "json_extract", "count"}
    assert {question: names - FUNCTIONS for question, names in called.items() if names - FUNCTIONS} == {}


@pytest.mark.parametrize(
    "sql",
    [
        "select a ->> '$.b' from t",
        "select 1 from a full outer join b on true",
        "select 1 from a RIGHT JOIN b on true",
        "select a is not distinct from b",
        "select group_concat(a, ',' order by b) from t",
        "select 1_000",
    ],
)
def test_what_is_newer_is_found(sql: str) -> None:
    assert len(newer(sql)) == 1
    assert newer(f"select 1 /* {sql} */") == []


def test_functions_behind_a_view_are_found() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("create view v as select hex(1) as one")
        assert functions(connection, "select one from v") - FUNCTIONS == {"hex"}
