"""The same store on a PostgreSQL server, which is started in a temporary folder."""

import math
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError

from bench.errors import UserError
from bench.store import (
    CurveRecord,
    EvaluationRecord,
    PackRecord,
    RunRecord,
    SessionInfo,
    SpeedRecord,
    Store,
    moving,
    upgrade,
)
from bench.store.base import Base
from bench.store.location import locate
from bench.store.migrations.head import VERSION_TABLE
from bench.store.sentences import TABLES, VIEWS
from tests.store.build import CPU, GPU, SUITE, cell, fill, rows, run
from tests.store.test_merging import everything, told
from tests.store.test_migrating import make_revision_1

pytestmark = pytest.mark.long


def _program(name: str) -> str | None:
    """One of the server's programs, which many systems keep off the search path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name) or next((str(f / name) for f in folders if (f / name).exists()), None)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a server without tables; its socket lies in its folder, so that it takes no port."""
    initdb, postgres = _program("initdb"), _program("postgres")
    if initdb is None or postgres is None:
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # short: a socket's path has few characters
    as_user: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if os.geteuid() == 0:  # the server refuses to run as the superuser
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        as_user |= {"user": nobody.pw_uid, "group": nobody.pw_gid}
    data = folder / "data"
    subprocess.run([initdb, "-D", data, "-U", "ada", "--auth=trust", "--no-sync"], check=True, **as_user)
    command = [postgres, "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"]
    process = subprocess.Popen(command, **as_user)
    try:
        for _ in range(100):
            if list(folder.glob(".s.PGSQL.*[0-9]")):
                break
            time.sleep(0.1)
        yield f"postgresql://ada:sesame@/postgres?host={folder}"
    finally:
        process.terminate()
        process.wait(timeout=30)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def place(server: str) -> str:
    """The URL of a database with the schema of this release."""
    with pytest.raises(UserError, match="holds no results yet"):
        Store.open(server)
    upgrade(server)
    upgrade(server)
    return server


def _fill(store: Store) -> None:
    rng = np.random.default_rng(5)
    cells = [cell("none", 0, range(4)), cell("one-shot", 5, range(4)), cell("one-shot", 6, range(250))]
    sizes = {"macs": 180, "macs_kept": 70}
    runs = [run(key, rng.random(), rng.random(), **sizes) for one in cells for _, key in one.seeds]
    runs[1] = RunRecord("none/0/1", 1, "failed", reason="out of memory")
    runs[2] = run("none/0/2", 0.1, math.nan, status="diverged")
    fill(store, cells, runs)
    fill(store, cells, runs[:3], GPU)
    fill(store, cells, [run("none/0/1", 0.5)])
    session = store.start_session(SessionInfo("bench run", plugins={"mine.py": "1"}))
    curves = (CurveRecord("trained none/0/0", "train_loss", [(1, 0.5), (2, math.nan)]),)
    pack = PackRecord(evaluations=(EvaluationRecord("state", test_loss=0.5),), curves=curves)
    assert store.write(session, store.environment(CPU), pack) == 0
    speeds = [SpeedRecord("one-shot/5/0", "masked", 1, batch, 2e-3, 1e-3, 3e-3, 0.9, 20, 180) for batch in (1, 256)]
    for _ in range(2):
        store.write_speeds(session, store.environment(GPU), speeds)


def _times_apart(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the times, its numbers rounded to what two databases may differ by."""
    kept = {name: value for name, value in row.items() if not name.endswith("_at")}
    return {name: float(f"{value:.9g}") if isinstance(value, float) else value for name, value in kept.items()}


def test_every_view_says_the_same_as_in_a_file(place: str, tmp_path: Path) -> None:
    with Store.open(tmp_path / "results.db") as file, Store.open(place) as server:
        for store in (file, server):
            _fill(store)
        for view in VIEWS:
            here, there = (
                sorted((_times_apart(dict(row)) for row in rows(store, f"select * from {view}")), key=str)
                for store in (file, server)
            )
            assert here == there, view
            assert not any(isinstance(value, Decimal) for row in there for value in row.values()), view
            assert here or view == "missing"
        for store in (file, server):
            here_id = store.environment(CPU)
            assert len(store.done(here_id, 1)) == 258
            assert store.attempts(here_id) == {"none/0/1": 1}
            assert store.evaluations(["state"], here_id)["state"].test_loss == 0.5


def test_registering_and_writing_again_changes_nothing(place: str) -> None:
    with Store.open(place) as store:
        before = rows(store, "select count(*) from planned")
        session = store.start_session(SessionInfo("bench run"))
        cells = [cell("one-shot", 1)]
        assert store.register(SUITE, cells) == store.register(SUITE, cells)
        assert store.write(session, store.environment(CPU), PackRecord((run("again/1/0"),))) == 1
        assert store.write(session, store.environment(CPU), PackRecord((run("again/1/0"),))) == 0
        assert rows(store, "select count(*) from planned") != before


@pytest.mark.parametrize(
    "sql",
    [
        "delete from run_layer",
        "drop table run",
        "select 1; drop view results",
        "select 1; commit; drop view results",
        "commit",
        "set transaction read write",
        "with x as (delete from run_layer returning 1) select * from x",
        "copy (select 1) to '/tmp/stolen'",
        "select nextval('run_id_seq')",
        "explain analyze delete from run_layer",
    ],
)
def test_writing_is_refused(place: str, sql: str) -> None:
    with Store.open(place, read_only=True) as store:
        with pytest.raises(UserError, match="only"):
            store.query(sql)
        assert store.query("select count(*) > 0 from run_layer").rows == [(True,)]


def test_questions_take_parameters_and_a_time_limit(place: str) -> None:
    with Store.open(place, read_only=True) as store:
        answer = store.query("select seed from run where key = :key and key like 'n%'", {"key": "none/0/0"})
        assert (answer.columns, answer.rows[0]) == (("seed",), (0,))
        with pytest.raises(UserError, match=r"took longer than 0.2 s"):
            store.query("select pg_sleep(5)", limit_seconds=0.2)
        with pytest.raises(UserError, match="cannot be run: relation"):
            store.query("select * from result")
        with pytest.raises(UserError, match="open for reading only"):
            store.environment(CPU)


def test_the_server_knows_what_the_columns_mean(place: str) -> None:
    sql = (
        "select col_description(cast(cast(:name as text) as regclass), ordinal_position)"
        " from information_schema.columns where table_name = cast(:name as text)"
    )
    with Store.open(place, read_only=True) as store:
        for name, sentences in (TABLES | VIEWS).items():
            said = store.query(sql, {"name": name})
            assert {text for (text,) in said.rows} == {text for column, text in sentences.items() if column}


def test_a_database_of_the_first_release_is_brought_up_to_date(place: str) -> None:
    url = locate(place)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("create database old")
    engine.dispose()
    old = url.set(database="old")
    engine = create_engine(old)
    with engine.begin() as connection:
        make_revision_1(connection)
        connection.exec_driver_sql("create view results as select 1 as old")
    address = old.render_as_string(hide_password=False)
    with pytest.raises(UserError, match="from an earlier release"):
        Store.open(address)
    upgrade(address)
    with Store.open(address) as store:
        _fill(store)
        assert len(rows(store, "select * from results where bytes_csr is null")) > 200
        with pytest.raises(IntegrityError, match="run_macs_effective_part_of_macs_kept"), engine.begin() as connection:
            connection.exec_driver_sql("update run set macs = 9, macs_kept = 5, macs_effective = 6")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_runs_go_to_a_server_and_come_back(server: str, tmp_path: Path) -> None:
    engine = create_engine(locate(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("create database shared")
    engine.dispose()
    shared = locate(server).set(database="shared").render_as_string(hide_password=False)
    with pytest.raises(UserError, match="`bench db upgrade`"):
        Store.open(shared)
    upgrade(shared)
    here = everything(tmp_path / "here.db")
    with Store.open(shared) as store:
        assert store.merge(here).new == 9
        assert store.merge(here).new == 0
        with Store.open(tmp_path / "other.db") as other:
            fill(other, [cell("none", 0)], [run("none/0/2", 0.125), run("none/0/7")])
        merged = store.merge(tmp_path / "other.db")
        assert (merged.new, len(merged.conflicts)) == (2, 1)
        assert rows(store, "select count(*) as n from conflict") == [{"n": 1}]
    with Store.open(tmp_path / "back.db") as store, Store.open(tmp_path / "straight.db") as straight:
        assert store.merge(shared).new == 11
        assert store.merge(shared).new == 0
        straight.merge(here)
        straight.merge(tmp_path / "other.db")
    assert told(tmp_path / "back.db") == told(tmp_path / "straight.db")
    moving.copy(shared, tmp_path / "copy.db")
    assert told(tmp_path / "copy.db") == told(tmp_path / "straight.db")
    with Store.open(shared) as store:
        assert store.forget({"key": ["none/0/7"]}) == 1
        assert [one.key for one in store.picked({"key": ["none/0/2"], "origin": ["merged"]})] == ["none/0/2"] * 3


def test_a_server_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        Store.open(f"postgresql://ada:sesame@/bench?host={tmp_path}")
    (line,) = error.value.lines
    assert "cannot connect" in line
    assert "sesame" not in line
