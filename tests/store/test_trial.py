"""The figures of `bench speed --only store`: measured on a database that is really there, and printed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from bench.store import SessionInfo, Store
from bench.store.madeup import ENVIRONMENT, MadeUp
from bench.store.migrations.head import REVISIONS, VERSION_TABLE
from bench.store.trial import VIEWS, _of_earlier_schema, try_out
from tests.store.build import rows


def written(file: Path, runs: int) -> Path:
    made = MadeUp(runs)
    with Store.open(file) as store:
        for suite, cells in made.suites():
            store.register(suite, cells)
        session, place = store.start_session(SessionInfo("a trial")), store.environment(ENVIRONMENT)
        assert sum(store.write(session, place, pack) for pack in made.packs()) == runs
    return file


def test_made_up_runs_are_asked_for_by_their_suites_and_have_all_that_runs_have(tmp_path: Path) -> None:
    with Store.open(written(tmp_path / "results.db", 350), read_only=True) as store:
        (found,) = rows(store, "select count(*) as runs, count(distinct key) as keys from results")
        assert tuple(found.values()) == (350, 350)
        assert rows(store, "select 1 from missing") == []
        assert rows(store, "select count(*) as n from curves") == [{"n": 350 * 3 * 20}]
        assert rows(store, "select count(*) as n from layers") == [{"n": 350 * 3}]
        (one,) = rows(store, "select * from run limit 1")
    empty = {name for name, value in one.items() if value is None}
    assert all(name == "reason" or name.startswith("recalibrated") for name in empty)


def test_a_database_of_the_schema_before_has_the_same_rows(tmp_path: Path) -> None:
    new = written(tmp_path / "new.db", 30)
    old = _of_earlier_schema(tmp_path / "old.db", new)
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute(f"select * from {VERSION_TABLE}").fetchall() == [(REVISIONS[-2],)]
    Store.open(old).close()
    with Store.open(old, read_only=True) as one, Store.open(new, read_only=True) as other:
        for view in ("results", "curves", "layers"):
            assert rows(one, f"select * from {view}") == rows(other, f"select * from {view}")


def test_every_figure_is_measured(tmp_path: Path) -> None:
    figures = {one.name: one for one in try_out(120, lambda line: None)}
    assert {f"select * from {view}" for view in VIEWS} < figures.keys()
    assert all(one.value > 0 for one in figures.values())
    assert figures["file without curves"].value < figures["file"].value
    assert figures["written"].unit == "runs/s"
