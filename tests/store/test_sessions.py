import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from bench.store import EnvironmentInfo, SessionInfo, Store
from tests.store.build import CPU, rows


def test_a_session_says_who_wrote_with_what(store: Store) -> None:
    info = SessionInfo(
        "bench run penguins",
        packages={"torch": "2.15.1", "numpy": "2.4"},
        commit="abc123",
        dirty_code=True,
        plugins={"/somewhere/mine.py": "print('mine')"},
    )
    session = store.start_session(info)
    (row,) = rows(store, "select * from session")
    assert (row["id"], row["status"], row["command"]) == (session, "running", "bench run penguins")
    assert row["packages"] == '{"numpy":"2.4","torch":"2.15.1"}'
    assert (row["code_commit"], row["dirty_code"], row["dirty_suites"]) == ("abc123", 1, None)
    assert row["process"] == os.getpid()
    assert row["started_at"].endswith("Z")
    (plugin,) = rows(store, "select name, text from session_plugin join plugin on plugin_id = plugin.id")
    assert tuple(plugin.values()) == ("mine.py", "print('mine')")
    store.end_session(session, "interrupted")
    (row,) = rows(store, "select * from session")
    assert row["status"] == "interrupted"
    assert row["ended_at"] >= row["started_at"]


def test_two_sessions_with_one_plugin_share_its_text(store: Store) -> None:
    for _ in range(2):
        store.start_session(SessionInfo("bench run", plugins={"mine.py": "1"}))
    store.start_session(SessionInfo("bench run", plugins={"mine.py": "2"}))
    assert len(rows(store, "select * from plugin")) == 2
    assert len(rows(store, "select * from session_plugin")) == 3


def test_the_session_of_a_dead_process_becomes_stale(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "results.db"
    program = (
        "import sys, os\n"
        "from bench.store import SessionInfo, Store\n"
        "Store.open(sys.argv[1]).start_session(SessionInfo('bench run'))\n"
        "os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", program, str(file)], check=False)
    alive = store.start_session(SessionInfo("bench run"))
    statuses = {row["id"]: row["status"] for row in rows(store, "select id, status from session")}
    assert statuses == {1: "stale", alive: "running"}


def test_a_later_process_of_the_same_id_is_told_apart(store: Store, tmp_path: Path) -> None:
    store.start_session(SessionInfo("bench run"))
    connection = sqlite3.connect(tmp_path / "results.db")
    connection.execute("update session set process_start = 'another boot 1' where process_start is not null")
    connection.commit()
    connection.close()
    store.start_session(SessionInfo("bench run"))
    first = rows(store, "select status from session where id = 1")
    assert first == [{"status": "stale"}] or not Path("/proc/self/stat").exists()


def test_the_session_of_another_machine_is_left_alone(store: Store, tmp_path: Path) -> None:
    store.start_session(SessionInfo("bench run"))
    connection = sqlite3.connect(tmp_path / "results.db")
    connection.execute("update session set host_hash = 'elsewhere', process = 999999999, process_start = null")
    connection.commit()
    connection.close()
    store.start_session(SessionInfo("bench run"))
    assert [row["status"] for row in rows(store, "select status from session")] == ["running", "running"]


def test_an_environment_is_entered_once(store: Store) -> None:
    first = store.environment(CPU)
    assert store.environment(EnvironmentInfo("cpu", "AMD EPYC 9V74", "2.15.7")) == first
    assert store.environment(EnvironmentInfo("cpu", "AMD EPYC 9V74", "2.14")) != first
    assert len(rows(store, "select * from environment")) == 2
