"""A database of an earlier release becomes one of this release with every row that it had."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event

from bench.errors import UserError
from bench.store import CurveRecord, EvaluationRecord, PackRecord, RunRecord, SessionInfo, Store
from bench.store.migrations.head import HEAD, VERSION_TABLE
from bench.store.sentences import TABLES, VIEWS
from bench.store.texts import shortened
from bench.store.trial import take_over
from bench.store.views import views
from tests.store.build import CPU, GPU, cell, fill, rows, run

NEW_COLUMNS = {
    "cell": {"protocol"},
    "run": {
        *("parameters_effective", "macs_effective", "bytes_dense", "bytes_bitmask", "bytes_csr", "bytes_gzip"),
        *("recalibrated_validation_loss", "recalibrated_validation_accuracy", "recalibrated_test_loss"),
        *("recalibrated_test_accuracy", "recalibrated_pruned_validation_accuracy"),
        "recalibrated_pruned_test_accuracy",
    },
    "evaluation": {"recalibrated_validation_accuracy", "recalibrated_test_accuracy"},
}
NEW_TABLES = ("speed", "artifact", "driver", "lease", "conflict", "study", "trial", "trial_run", "tuned")


def filled(file: Path) -> Path:
    """A database of this release with rows in all the tables that revision 1 had, and failures among its runs."""
    with Store.open(file) as store:
        cells = [cell("none", 0, range(4)), cell("one-shot", 5, range(4))]
        runs = [
            run(key, 0.8 + 0.01 * seed, split_hash=f"split {seed}" if seed < 3 else None)
            for one in cells
            for seed, key in one.seeds
        ]
        runs[1] = RunRecord("none/0/1", 1, "failed", reason="out of memory")
        fill(store, cells, runs)
        fill(store, cells, runs[:3], GPU)
        fill(store, cells, [run("none/0/1", 0.5)])
        session = store.start_session(SessionInfo("bench run", plugins={"mine.py": "1"}))
        curves = (CurveRecord("trained none/0/0", "train_loss", [(1, 0.5)]),)
        pack = PackRecord(evaluations=(EvaluationRecord("state", test_loss=0.5),), curves=curves)
        store.write(session, store.environment(CPU), pack)
        store.remember(store.environment(CPU), "width", {"width": 3})
    return file


def make_revision_1(connection: Connection) -> None:
    """The tables of the first release; its views are not those of today, and none are made."""
    config = Config()
    config.set_main_option("script_location", "bench.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")


def of_revision_1(file: Path, source: Path) -> Path:
    """A database as the first release made it, with the rows of another."""
    engine = create_engine(f"sqlite:///{file}")
    event.listen(engine, "connect", lambda connection, _: connection.execute("pragma foreign_keys = on"))
    with engine.begin() as connection:
        make_revision_1(connection)
    engine.dispose()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("attach ? as source", [str(source)])
        for (table,) in connection.execute("select name from main.sqlite_master where type = 'table'").fetchall():
            if table in (VERSION_TABLE, "documentation", "student_t", "square_root") or table.startswith("sqlite_"):
                continue
            take_over(connection, table)
        connection.execute("create view results as select run.key, run.test_accuracy as old from run")
        connection.commit()
    return file


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"pragma main.table_info({table})")]


def content(file: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of ours."""
    found = {}
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        for table in TABLES:
            known = connection.execute("select 1 from sqlite_master where name = ?", [table]).fetchone()
            if known and table != "documentation":
                found[table] = [dict(row) for row in connection.execute(f"select * from {table}")]
    return found


def in_words(file: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of runs with what stood in them before there were numbers for it."""
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute(
            "select run.*, split.hash as split_hash, pack.finished_at from run join pack on pack.id = pack_id"
            " left join split on split.id = split_id order by run.id"
        )
        return {"run": [{name: row[name] for name in row.keys() if name != "split_id"} for row in found]}  # noqa: SIM118


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """With keys of states as long as they were."""
    file = of_revision_1(tmp_path / "old.db", filled(tmp_path / "new.db"))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("update trained set key = key || '0123456789abcdef'")
        connection.execute("update evaluation set key = 'state'")
        connection.commit()
    return file


def test_the_old_database_is_one_of_the_first_release(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute(f"select * from {VERSION_TABLE}").fetchall() == [("0001",)]
        for table, new in NEW_COLUMNS.items():
            assert not new & set(columns(connection, table))
        assert not {*NEW_TABLES, "published", "questions"} & content(old).keys()
    with pytest.raises(UserError, match=r"is from an earlier release \(schema 0001\); `bench run` on it brings it to"):
        Store.open(old, read_only=True)


def test_every_row_is_there_afterwards_with_null_in_what_is_new(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:  # two runs were written later than their pack
        connection.execute("update run set finished_at = '2030-01-01T00:00:00Z' where id in (3, 4)")
        connection.commit()
    before = content(old)
    assert all(before[table] for table in before if table not in ("settings", "recipe"))
    Store.open(old).close()
    after = content(old) | in_words(old)
    assert after.pop("split")
    assert after.pop("published")
    assert after.pop("questions")
    assert [after.pop(table) for table in NEW_TABLES] == [[] for _ in NEW_TABLES]
    assert after.keys() == before.keys()
    (later,) = (row for row in after["pack"] if row["finished_at"].startswith("2030"))
    after["pack"].remove(later)
    for row in before["run"]:
        if row["finished_at"] == later["finished_at"]:
            row["pack_id"] = later["id"]  # the times of one pack differed: it is two now
    for table in ("trained", "evaluation"):
        for row in before[table]:
            row["key"] = shortened(row["key"])
    for table, found in after.items():
        new = dict.fromkeys(NEW_COLUMNS.get(table, ()))
        assert found == [row | new for row in before[table]], table
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute(f"select * from {VERSION_TABLE}").fetchall() == [(HEAD,)]
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert connection.execute("pragma foreign_key_check").fetchall() == []


def test_it_is_then_like_one_that_was_made_new(old: Path, tmp_path: Path) -> None:
    Store.open(old).close()
    with Store.open(old, read_only=True) as store, Store.open(tmp_path / "new.db", read_only=True) as new:
        for view in VIEWS:
            assert rows(store, f"select * from {view}") == rows(new, f"select * from {view}"), view
        for table in TABLES:
            (made,) = rows(store, "select sql from sqlite_master where name = :name", name=table)
            for column, sentence in TABLES[table].items():
                assert f"/* {sentence} */" in made["sql"] or not column, (table, column)
        said = "select * from documentation order by subject, name"
        assert rows(store, said) == rows(new, said)
    with closing(sqlite3.connect(old)) as connection:
        assert dict(
            connection.execute("select name, strict from pragma_table_list where name in ('run', 'speed')")
        ) == {
            "run": 1,
            "speed": 1,
        }
        with pytest.raises(sqlite3.IntegrityError, match="run_macs_effective_part_of_macs_kept"):
            connection.execute("update run set macs = 9, macs_kept = 5, macs_effective = 6 where status = 'done'")
        with pytest.raises(sqlite3.IntegrityError, match="cannot store TEXT"):
            connection.execute("update run set bytes_gzip = 'few'")


def test_a_copy_is_kept_of_what_it_was(old: Path) -> None:
    before = content(old)
    with Store.open(old) as store:
        (said,) = store.notices
    backups = old.parent / ".bench" / "backups"
    copy = backups / f"old.db.before-{HEAD}"
    assert said == f"{old}: brought from schema 0001 to {HEAD}; as it was before: {copy}"
    assert content(copy) == before
    assert [file.name for file in backups.iterdir()] == [copy.name]
    with Store.open(old) as store:
        assert store.notices == ()
    copy.rename(copy.with_name("old.db.before-0002"))
    (backups / "other.db.before-0002").touch()
    old.unlink()
    of_revision_1(old, old.parent / "new.db")
    Store.open(old).close()
    assert sorted(file.name for file in backups.iterdir()) == [copy.name, "other.db.before-0002"]  # one of each file


def test_without_a_copy_nothing_is_changed(old: Path) -> None:
    before = content(old)
    (old.parent / ".bench").write_text("in the way")
    with pytest.raises(UserError, match=r"no copy could be made before its schema is changed .* the file is as it was"):
        Store.open(old)
    assert content(old) == before


def test_work_goes_on_where_it_stopped(old: Path) -> None:
    with Store.open(old) as store:
        here = store.environment(CPU)
        assert len(store.done(here, 1)) == 8
        assert store.evaluations(["state"], here)["state"] == EvaluationRecord("state", test_loss=0.5)
        session = store.start_session(SessionInfo("bench run"))
        new = run("one-shot/5/9", bytes_dense=816, recalibrated_test_accuracy=0.75)
        assert store.write(session, here, PackRecord((new, run("one-shot/5/0", 0.1)))) == 1
        (found,) = rows(store, "select bytes_dense, recalibrated_test_accuracy from runs where key = 'one-shot/5/9'")
        assert tuple(found.values()) == (816, 0.75)


def test_a_migration_that_breaks_leaves_the_old_database(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(old)

    def broken(dialect: str) -> list[str]:
        return [*(f"create view {name} as {select}" for name, select in views(dialect).items()), "create nonsense"]

    monkeypatch.setattr("bench.store.views.create_statements", broken)
    with pytest.raises(Exception, match="nonsense"):
        Store.open(old)
    assert content(old) == before
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute(f"select * from {VERSION_TABLE}").fetchall() == [("0001",)]
        assert connection.execute("select count(*) from results").fetchone() == (12,)
    monkeypatch.undo()
    Store.open(old).close()
    assert len(content(old)["run"]) == len(before["run"])
