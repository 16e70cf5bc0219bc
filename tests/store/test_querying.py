import hashlib
import time
from pathlib import Path

import pytest

from bench.errors import UserError
from bench.store import Store
from tests.store.build import cell, fill, run


@pytest.fixture
def filled(store: Store) -> Store:
    fill(store, [cell()], [run("one-shot/1/0", 0.75), run("one-shot/1/1", 0.5)])
    return store


def test_a_question_gets_columns_and_rows(filled: Store) -> None:
    answer = filled.query("select seed, test_accuracy from results where test_accuracy > :least", {"least": 0.6})
    assert answer.columns == ("seed", "test_accuracy")
    assert answer.rows == [(0, 0.75)]


@pytest.mark.parametrize(
    "sql",
    [
        "select 1;",
        "-- a question\nselect count(*) from runs",
        "with best as (select max(test_accuracy) as top from results) select top from best",
        "explain query plan select * from summary",
        "pragma table_info(run)",
        "select name from pragma_table_info('run')",
        "select json_extract(options, '$.fine-tune') from results",
        "values (1, 2)",
    ],
)
def test_reading_of_every_kind_is_allowed(filled: Store, sql: str) -> None:
    assert filled.query(sql).rows


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("insert into layer (name, kind, weights) values ('a', 'b', 1)", "INSERT"),
        ("replace into layer values (1, 'a', 'b', 2)", "REPLACE"),
        ("update run set test_accuracy = 1", "UPDATE"),
        ("delete from run_layer", "DELETE"),
        ("drop table run", "DROP"),
        ("drop view results", "DROP"),
        ("alter table run add column x", "ALTER"),
        ("create table mine (x)", "CREATE"),
        ("create temp table mine (x)", "CREATE"),
        ("create virtual table mine using fts5(x)", "CREATE"),
        ("with x as (select 1) insert into layer (name, kind, weights) select 'a', 'b', 1", "INSERT"),
        ("with x as (select 1) update run set seed = 1", "UPDATE"),
        ("WITH x AS (SELECT 1) DELETE FROM run", "DELETE"),
        ("/* select */ delete from run", "DELETE"),
        ("pragma journal_mode = wal", "PRAGMA"),
        ("pragma user_version = 7", "PRAGMA"),
        ("pragma writable_schema = on", "PRAGMA"),
        ("pragma query_only = off", "PRAGMA"),
        ("attach 'other.db' as other", "ATTACH"),
        ("vacuum", "VACUUM"),
        ("vacuum into 'copy.db'", "VACUUM"),
        ("begin immediate", "BEGIN"),
        ("savepoint here", "SAVEPOINT"),
        ("analyze", "ANALYZE"),
        ("reindex", "REINDEX"),
        ("select load_extension('x')", "another action"),
    ],
)
def test_writing_of_every_kind_is_refused(
    filled: Store, sql: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "results.db"
    filled.close()
    before = hashlib.sha256(file.read_bytes()).digest()
    with Store.open(file, read_only=True) as store, pytest.raises(UserError) as refusal:
        store.query(sql)
    assert refusal.value.lines == (
        f"only reading is allowed here, and this statement would do more ({named}); write a SELECT",
    )
    assert hashlib.sha256(file.read_bytes()).digest() == before
    assert [path.name for path in tmp_path.iterdir()] == ["results.db"]


def test_a_store_that_writes_refuses_just_the_same(filled: Store) -> None:
    with pytest.raises(UserError, match="only reading is allowed"):
        filled.query("delete from run_layer")
    assert filled.query("select count(*) from run_layer").rows == [(4,)]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select 1; drop table run", "only one statement can be run at a time"),
        ("", "nothing is asked; write a SELECT"),
        ("  -- nothing at all", "nothing is asked; write a SELECT"),
        ("selct 1", 'the query cannot be run: near "selct": syntax error'),
        ("select * from result", "no such table or view: result; did you mean 'results'?"),
        ("select test_acuracy from results", "no such column: test_acuracy; did you mean 'test_accuracy'?"),
        ("select r.qqq from results r", "no such column: qqq; SELECT subject, name, sentence FROM documentation"),
        ("select :missing", "the query cannot be run"),
        ("select '\x00", "the query cannot be run"),
    ],
)
def test_mistakes_are_said_in_one_line(filled: Store, sql: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        filled.query(sql)
    (line,) = error.value.lines
    assert line.startswith(message)
    assert "\n" not in line


def test_a_question_that_takes_too_long_is_stopped(filled: Store) -> None:
    endless = "with recursive n(x) as (select 1 union all select x + 1 from n) select max(x) from n"
    start = time.perf_counter()
    with pytest.raises(UserError, match=r"took longer than 0.2 s and was stopped"):
        filled.query(endless, limit_seconds=0.2)
    assert time.perf_counter() - start < 2
    assert filled.query("select 1", limit_seconds=0.2).rows == [(1,)]
