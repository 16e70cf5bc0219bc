"""The same store on a PostgreSQL server, which is started in a temporary folder."""

import math
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError

from analysis import artifacts
from bench.errors import UserError
from bench.status import status
from bench.store import (
    ArtifactRecord,
    CurveRecord,
    EvaluationRecord,
    PackRecord,
    RunRecord,
    SessionInfo,
    SpeedRecord,
    Store,
    moving,
    published,
    upgrade,
)
from bench.store.base import Base
from bench.store.leases import Progress, Seat
from bench.store.location import locate
from bench.store.migrations.head import VERSION_TABLE
from bench.store.questions import QUESTIONS
from bench.store.sentences import TABLES, VIEWS
from bench.store.texts import shortened
from tests.run.commands import Command, folder_with_suite
from tests.store.build import CPU, GPU, SUITE, cell, fill, rows, run
from tests.store.studies import BETTER, DEFAULT, confirm, trial, tune
from tests.store.test_merging import everything, told
from tests.store.test_migrating import make_revision_1

pytestmark = pytest.mark.long

_RUN = "insert into run (key, environment_id, results_version, origin, attempt, pack_id, seed, status, {})"
OLD_ROWS = (
    "insert into environment (hash, label, device_kind, device_model, torch, precision, deterministic)"
    " values ('old', 'an old machine', 'cpu', 'old', '2.0', 'float32', 1)",
    "insert into session (status, command, started_at, host_hash, process, packages)"
    " values ('done', 'bench run', '2026-01-01', 'host', 1, '{}')",
    "insert into pack (session_id, environment_id, width, finished_at) values (1, 1, 1, '2026-01-01')",
    _RUN.format("split_hash, finished_at") + " values"
    " ('a', 1, 1, 'local', 1, 1, 0, 'done', 'one split', '2026-01-01'),"
    " ('b', 1, 1, 'local', 1, 1, 1, 'failed', null, '2026-01-02'),"
    " ('c', 1, 1, 'local', 1, 1, 2, 'done', 'one split', '2026-01-02')",
    "insert into trained (key) values ('0123456789abcdef0123456789abcdef'), ('no hash')",
    "insert into evaluation (key, environment_id, results_version, test_loss) values ('state', 1, 1, 0.5)",
)


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
        process.send_signal(signal.SIGINT)  # without waiting for a connection that a failed test left
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
    mask = ArtifactRecord("mask", "fc1", 0, "bool", (12, 5), "bits+zlib", bytes(range(256)))
    cells += [cell("lottery", 6, range(206)), cell("dynamic", 3, range(4), target_sparsity=0.3111)]
    sizes: dict[str, Any] = {"macs": 180, "macs_kept": 70, "parameters": 90, "parameters_kept": 40}
    sizes["artifacts"] = (mask, replace(mask, name="fc2", content=None))
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


def _beside_others(store: Store, folder: Path) -> None:
    """A cell that published numbers match, and a result that another database does not agree with."""
    mnist = cell("none", 0, range(3), "mnist ", data="mnist", model="mlp-1000-1000-500-200")
    fill(
        store, [mnist], [run(key, 0.97 + seed / 1000) for seed, key in mnist.seeds], suite=replace(SUITE, name="mnist")
    )
    other = folder / "other.db"
    if not other.exists():
        with Store.open(other) as theirs:
            worse = run(mnist.seeds[0][1], 0.5, status="collapsed")
            session = theirs.start_session(SessionInfo("bench run elsewhere"))
            theirs.write(session, theirs.environment(CPU), PackRecord((worse,)))
    assert len(store.merge(other).conflicts) == 1


def _tune(store: Store) -> None:
    """A study whose best is in a suite, one without a finished trial, and one for both accuracy and sparsity."""
    tune(store)
    tune(
        store, [trial(1, None, state="waiting")], hash="begun", name="begun", budget_unit="steps", target_sparsity=None
    )
    tune(store, [DEFAULT, BETTER], hash="both", name="both", objective="both", sampler="nsga-ii", within=0.01)
    confirm(store)


def _times_apart(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the times, its numbers rounded to what two databases may differ by."""
    kept = {name: value for name, value in row.items() if not name.endswith("_at")}
    return {name: float(f"{value:.9g}") if isinstance(value, float) else value for name, value in kept.items()}


def test_every_view_says_the_same_as_in_a_file(place: str, tmp_path: Path) -> None:
    with Store.open(tmp_path / "results.db") as file, Store.open(place) as server:
        for store in (file, server):
            _fill(store)
            _beside_others(store, tmp_path)
            _tune(store)
        for view in VIEWS:
            here, there = (
                sorted((_times_apart(dict(row)) for row in rows(store, f"select * from {view}")), key=str)
                for store in (file, server)
            )
            assert here == there, view
            assert not any(isinstance(value, Decimal) for row in there for value in row.values()), view
            assert here or view == "missing"
        (brought,) = rows(server, "select * from tuning")
        assert (brought["method"], brought["options"], brought["trial"]) == ("tuned", "rates, scope", 1)
        assert brought["gain_mean"] == pytest.approx(0.08)
        assert brought["curse"] == pytest.approx(0.8 - brought["validation_accuracy_mean"])
        for store in (file, server):
            here_id = store.environment(CPU)
            assert len(store.done(here_id, 1)) == 258 + 206 + 4 + 3 + 6
            assert store.attempts(here_id) == {"none/0/1": 1}
            assert store.evaluations(["state"], here_id)["state"].test_loss == 0.5


def test_arrays_come_back_byte_for_byte_and_go_with_their_run(place: str) -> None:
    content = bytes(range(256)) * 100
    array = ArtifactRecord("confusion", "", 0, "int64", (3, 3), "zlib", content)
    with Store.open(place) as store:
        session = store.start_session(SessionInfo("bench run"))
        store.write(session, store.environment(CPU), PackRecord((run("arrays/1/0", artifacts=(array,)),)))
        whose = "from artifact join run on run.id = run_id where key = 'arrays/1/0'"
        assert store.query(f"select content {whose}").rows == [(content,)]
        assert rows(store, "select bytes from artifacts where key = 'arrays/1/0'") == [{"bytes": len(content)}]
    engine = create_engine(locate(place))
    with engine.begin() as connection:
        before = connection.exec_driver_sql("select count(*) from artifact").scalar_one()
        connection.exec_driver_sql("delete from run where key = 'arrays/1/0'")
        assert connection.exec_driver_sql("select count(*) from artifact").scalar_one() == before - 1
    engine.dispose()


def test_the_analysis_reads_the_arrays(place: str) -> None:
    mask = np.random.default_rng(5).random((7, 9)) < 0.5
    content = zlib.compress(np.packbits(mask).tobytes())
    arrays = (ArtifactRecord("mask", "fc1", 0, "bool", mask.shape, "bits+zlib", content),)
    with Store.open(place) as store:
        fill(
            store, [cell("masked", 1, [0])], [run("masked/1/0", artifacts=arrays)], suite=replace(SUITE, name="arrays")
        )
    assert np.array_equal(artifacts.masks(place, "masked/1/0")["fc1"], mask)
    frame = artifacts.load_arrays(place, "mask", suite="arrays", only={"method": ["masked"]})
    assert [(row.level, row.name) for row in frame.itertuples()] == [(1, "fc1")]
    assert np.array_equal(frame["array"][0], mask)
    with pytest.raises(UserError, match="has no histogram"):
        artifacts.histograms(place, "masked/1/0")


def test_what_others_published_is_entered_once_by_whoever_comes_first(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = published.files()[0]
    changed = tmp_path / first.name
    changed.write_text(first.read_text(encoding="utf-8") + "d,m,p,,,test_accuracy,,0.5,log,,,,,\n", encoding="utf-8")
    with Store.open(place) as store:
        (before,) = store.query("select count(*) from published").rows[0]
    with monkeypatch.context() as patch:
        patch.setattr(published, "files", lambda: [changed, *sorted(first.parent.glob("*.csv"))[1:]])
        with ThreadPoolExecutor(4) as several:
            for store in several.map(lambda _: Store.open(place), range(4)):
                assert store.query("select count(*) from published").rows == [(before + 1,)]
                store.close()
    with Store.open(place) as store:
        assert store.query("select count(*) from published").rows == [(before,)]


def test_every_question_is_answered_alike(server: str, tmp_path: Path) -> None:
    with Store.open(tmp_path / "results.db") as file, Store.open(_new_database(server, "questions")) as other:
        _fill(file)
        _fill(other)
        for question in QUESTIONS:
            here, there = ([_times_apart(dict(row)) for row in rows(store, question.sql)] for store in (file, other))
            assert sorted(here, key=str) == sorted(there, key=str), question.title


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
        for statement in OLD_ROWS:
            connection.exec_driver_sql(statement)
    address = old.render_as_string(hide_password=False)
    with pytest.raises(UserError, match="from an earlier release"):
        Store.open(address)
    upgrade(address)
    with Store.open(address) as store:
        kept = rows(store, "select key, split_hash, status, finished_at, session from runs order by key")
        assert [tuple(row.values()) for row in kept] == [
            ("a", "one split", "done", "2026-01-01", 1),
            ("b", None, "failed", "2026-01-02", 1),
            ("c", "one split", "done", "2026-01-02", 1),
        ]
        states = {row["key"] for row in rows(store, "select key from trained union all select key from evaluation")}
        assert states == {shortened("0123456789abcdef" * 2), shortened("no hash"), shortened("state")}
        assert store.evaluations(["state"], 1)["state"].test_loss == 0.5
        _fill(store)
        assert len(rows(store, "select * from results where bytes_csr is null")) > 200
        with pytest.raises(IntegrityError, match="run_macs_effective_part_of_macs_kept"), engine.begin() as connection:
            connection.exec_driver_sql("update run set macs = 9, macs_kept = 5, macs_effective = 6")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def _new_database(server: str, name: str) -> str:
    url = locate(server)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"create database {name}")
    engine.dispose()
    address = url.set(database=name).render_as_string(hide_password=False)
    upgrade(address)
    return address


@pytest.mark.timeout(300)
def test_two_nodes_share_a_suite(server: str, tmp_path: Path) -> None:
    """Each in a folder of its own, as on machines that share nothing but the server."""
    shared = _new_database(server, "shared")
    folders = [folder_with_suite(tmp_path / name) for name in ("a", "b")]
    commands = [Command(folder, "--db", shared) for folder in folders]
    said = [command.end() for command in commands]
    alone = folder_with_suite(tmp_path / "alone")
    Command(alone).end()
    wanted = "select key, status, test_loss, pruned_test_accuracy, weights_kept from results order by key"
    with Store.open(shared) as store, Store.open(alone / "results.db") as file:
        assert sorted(store.query(wanted).rows) == sorted(file.query(wanted).rows)
        assert rows(store, "select key from run group by key having count(*) > 1") == []
        assert len(rows(store, "select session_id from run join pack on pack.id = pack_id group by session_id")) == 2, (
            said
        )
        assert rows(store, "select status from session") == [{"status": "done"}] * 2
        assert rows(store, "select * from missing") == rows(store, "select * from driver") == []


def test_leases_on_a_server_do_what_a_table_of_holders_does(server: str) -> None:
    with Store.open(_new_database(server, "leases")) as store:
        first, second = (Seat(store.start_session(SessionInfo("bench run")), store.environment(CPU), 1) for _ in "ab")
        assert store.exchange(first, Progress(), ["a", "b"]).taken == {"a", "b"}
        told = store.exchange(second, Progress(), ["b", "c"])
        assert (told.taken, told.held, told.others) == ({"c"}, {"a", "b"}, 1)
        store.exchange(first, Progress(), give_back=["b"])
        assert store.exchange(second, Progress(), ["a", "b"]).taken == {"b"}
        store.leave(first.session)
        assert store.exchange(second, Progress(), ["a"]).taken == {"a"}
        assert status(store).at_work[-1].leases == 3


def test_runs_go_to_a_server_and_come_back(server: str, tmp_path: Path) -> None:
    engine = create_engine(locate(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("create database merging")
    engine.dispose()
    shared = locate(server).set(database="merging").render_as_string(hide_password=False)
    with pytest.raises(UserError, match="`bench db upgrade`"):
        Store.open(shared)
    upgrade(shared)
    here = everything(tmp_path / "here.db")
    with Store.open(here) as store:
        tune(store)
        confirm(store)
    with Store.open(shared) as store:
        first, again = store.merge(here), store.merge(here)
        assert (first.new, first.studies, first.trials) == (12, 1, 3)
        assert (again.new, again.studies, again.trials) == (0, 0, 0)
        with Store.open(tmp_path / "other.db") as other:
            fill(other, [cell("none", 0)], [run("none/0/2", 0.125), run("none/0/7")])
        merged = store.merge(tmp_path / "other.db")
        assert (merged.new, len(merged.conflicts)) == (2, 1)
        assert rows(store, "select count(*) as n from conflict") == [{"n": 1}]
    with Store.open(tmp_path / "back.db") as store, Store.open(tmp_path / "straight.db") as straight:
        assert store.merge(shared).new == 14
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
