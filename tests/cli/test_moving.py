"""`bench merge`, `bench forget`, `bench db`, and what `bench sql` gained: Parquet and a shell."""

from __future__ import annotations

import builtins
import csv
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from bench.cli import shell
from bench.store import EvaluationRecord, PackRecord, SessionInfo, Store, moving
from bench.store.sentences import VIEWS
from bench.store.texts import shortened
from tests.cli.conftest import Bench, environment
from tests.store.build import CPU, cell, fill, rows, run


@pytest.fixture
def filled(folder: Path) -> Path:
    with Store.open("results.db") as store:
        fill(
            store,
            [cell("none", 0), cell()],
            [run(f"{name}/{seed}") for name in ("none/0", "one-shot/1") for seed in (0, 1)],
        )
    with Store.open("other.db") as store:
        fill(store, [cell("none", 0), cell()], [run("one-shot/1/0", 0.25), run("one-shot/1/2")])
    return folder


def content(file: str) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.iterdump())


def count(file: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("select count(*) from run").fetchone()[0])


def test_merging_tells_what_is_new_and_what_does_not_agree(bench: Bench, filled: Path) -> None:
    answer = bench("merge", "other.db")
    assert answer.code == 0
    assert answer.lines[0] == "other.db: 2 new runs, 0 here already"
    assert "conflict: run one-shot on cpu AMD EPYC 9V74" in answer.lines[1]
    assert "test_accuracy 0.9 and 0.25" in answer.lines[1]
    assert bench("merge", "other.db").lines == ["other.db: 0 new runs, 2 here already"]
    assert bench("merge", "other.db", "--db", "fresh.db").lines == ["other.db: 2 new runs, 0 here already, 1 new suite"]


@pytest.mark.parametrize("other", ["none.db", "text.db", "results.db", "mysql://host/x"])
def test_what_is_no_other_database_is_refused(bench: Bench, filled: Path, other: str) -> None:
    Path("text.db").write_text("hello")
    before = content("results.db")
    answer = bench("merge", other)
    assert (answer.code, len(answer.err.strip().splitlines())) == (2, 1)
    assert content("results.db") == before


def test_a_schema_of_the_future_is_refused(bench: Bench, filled: Path) -> None:
    with closing(sqlite3.connect("other.db")) as connection:
        connection.execute("update bench_alembic_version set version_num = '9999'")
        connection.commit()
    for arguments in (
        ("merge", "other.db"),
        ("forget", "seed=1", "--db", "other.db"),
        ("db", "copy", "c.db", "--db", "other.db"),
    ):
        answer = bench(*arguments)
        assert answer.code == 2
        assert "written by a newer release" in answer.err
    assert not Path("c.db").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for the superuser")
def test_a_read_only_file_is_left_alone(bench: Bench, filled: Path) -> None:
    Path("results.db").chmod(0o444)
    assert "may not be written to" in bench("merge", "other.db").err


def test_a_locked_file_is_said(bench: Bench, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.store.database.PATIENCE", 0.1)
    with closing(sqlite3.connect("results.db", isolation_level=None)) as connection:
        connection.execute("pragma locking_mode = exclusive")
        connection.execute("begin exclusive")
        answer = bench("merge", "other.db")
    assert (answer.code, "locked" in answer.err) == (2, True)
    assert count("results.db") == 4


def test_a_full_disk_leaves_everything_as_it_was(bench: Bench, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not grow is what a full disk is to SQLite."""
    with Store.open("big.db") as store:
        cells = [cell(f"m{number}", 1, range(10)) for number in range(100)]
        fill(store, cells, [run(key) for one in cells for _, key in one.seeds])

    def narrow(connection: sqlite3.Connection, _: object) -> None:
        (pages,) = connection.execute("pragma page_count").fetchone()
        connection.execute(f"pragma max_page_count = {pages + 5}")

    event.listen(Engine, "connect", narrow)
    try:
        answer = bench("merge", "big.db")
    finally:
        event.remove(Engine, "connect", narrow)
    assert (answer.code, "the disk is full" in answer.err) == (2, True)
    assert count("results.db") == 4
    assert bench("merge", "big.db").lines[0].startswith("big.db: 1,000 new runs")


@pytest.mark.parametrize(("allowed", "kept"), [(100_000, 4), (800_000, 1004)], ids=["of its log", "of the file"])
def test_a_limit_on_the_size_of_files_is_named(bench: Bench, filled: Path, allowed: int, kept: int) -> None:
    """In a process that really has it. SQLite says `disk I/O error`, which sounds like a broken disk.

    Where all fits into the log but the file may not grow, the runs are there, in a file that is not complete.
    """
    with Store.open("big.db") as store:
        cells = [cell(f"m{number}", 1, range(10)) for number in range(100)]
        fill(store, cells, [run(key) for one in cells for _, key in one.seeds])
    assert 600_000 < Path("results.db").stat().st_size < 900_000
    done = subprocess.run(
        [sys.executable, "-m", "bench", "merge", "big.db"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (allowed, allowed)),
    )
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert "results.db: the disk is full, a quota or a limit on the size of files" in line
    assert count("results.db") == kept
    assert bench("merge", "big.db").lines[0].startswith(f"big.db: {1004 - kept:,} new runs")
    assert not list(filled.glob("results.db-*"))


def test_forgetting_shows_before_it_removes(bench: Bench, filled: Path) -> None:
    answer = bench("forget", "method=one-shot,seed=1")
    assert answer.code == 0
    assert "one-shot  seed 1, done, local" in answer.lines[0]
    assert answer.lines[-2:] == ["1 run: 1 done", "nothing is removed; add --yes to remove them"]
    assert count("results.db") == 4
    assert bench("forget", "method=one-shot,seed=1", "--yes").lines[-1] == "1 run removed"
    with Store.open("results.db", read_only=True) as store:
        assert rows(store, "select key from run where seed = 1") == [{"key": "none/0/1"}]
        left = {shortened(f"trained {row['key']}") for row in rows(store, "select key from run")}
        assert {row["key"] for row in rows(store, "select key from trained")} == left
        assert rows(store, "select seed from missing where method = 'one-shot' order by seed") == [
            {"seed": 1},
            {"seed": 2},
        ]
    assert bench("forget", "method=nothing", "--yes").lines == ["no run fits; nothing is removed"]


@pytest.mark.parametrize(
    ("words", "said"), [("", "nothing is picked"), ("metod=x", "did you mean"), ("seed=x", "number")]
)
def test_a_wrong_filter_removes_nothing(bench: Bench, filled: Path, words: str, said: str) -> None:
    answer = bench("forget", words, "--yes")
    assert (answer.code, said in answer.err) == (2, True)
    assert count("results.db") == 4


def test_reference_rows_are_forgotten_by_name_only(bench: Bench, filled: Path) -> None:
    with closing(sqlite3.connect("results.db")) as connection:
        connection.execute("update run set origin = 'reference' where seed = 0")
        connection.commit()
    assert bench("forget", "suite=penguins", "--yes").lines[-1] == "2 runs removed"
    assert bench("forget", "origin=reference", "--yes").lines[-1] == "2 runs removed"
    assert count("results.db") == 0


def test_every_view_becomes_a_file(bench: Bench, filled: Path) -> None:
    assert bench("db", "export", "out", "--format", "csv").code == 0
    assert {file.stem for file in Path("out").iterdir()} == set(VIEWS)
    with Path("out/results.csv").open(newline="") as stream:
        said = list(csv.DictReader(stream))
    assert sorted(float(row["test_accuracy"]) for row in said) == [0.9] * 4
    assert bench("db", "export", "out", "--format", "csv", "--view", "result").code == 2
    assert bench("db", "export", "out", "--format", "xml").code == 2


def test_parquet_says_what_sqlite_says(bench: Bench, filled: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert bench("db", "export", "out").code == 0
    for name in VIEWS:
        with Store.open("results.db", read_only=True) as store:
            expected = rows(store, f"select * from {name}")
        assert parquet.read_table(f"out/{name}.parquet").to_pylist() == expected, name
    mixed = "select 1 as x, 'a' as y union all select 2.5, null"
    assert bench("sql", mixed, "--parquet", "answer.parquet").code == 0
    assert parquet.read_table("answer.parquet").to_pylist() == [{"x": 1.0, "y": "a"}, {"x": 2.5, "y": None}]
    assert bench("sql", "select 1 as x where 0", "--parquet", "none.parquet").code == 0
    assert parquet.read_table("none.parquet").num_rows == 0


def test_without_pyarrow_the_way_out_is_said(bench: Bench, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for arguments in (("db", "export", "out"), ("sql", "select 1", "--parquet", "x.parquet")):
        answer = bench(*arguments)
        assert (answer.code, "pip install '.[parquet]'" in answer.err) == (2, True)
    assert not Path("out").exists()


def test_a_copy_is_whole_and_holds_no_secret(bench: Bench, folder: Path) -> None:
    home, token, note = str(Path.home()), "sesame", "the rival's idea"
    with Store.open("results.db") as store:
        session = store.start_session(
            SessionInfo(f"bench run --db postgresql://ada:{token}@host/x --plugin {home}/mine.py", note=note)
        )
        pack = PackRecord((run("a/1/0", status="failed", reason=f"{home}/mine.py: broken"),), (EvaluationRecord("s"),))
        store.write(session, store.environment(CPU), pack)
    said = bench("db", "copy", "copy.db")
    assert said.code == 0
    said_too = bench("merge", "results.db", "--db", "third.db")
    for secret in (token, note):
        assert secret.encode() not in Path("copy.db").read_bytes()
        assert secret not in said.out + said.err + said_too.out + said_too.err
    for file in ("copy.db", "third.db"):
        assert token.encode() not in Path(file).read_bytes()
        assert f"{home}/mine.py".encode() not in Path(file).read_bytes()
    assert count("copy.db") == 1
    again = bench("db", "copy", "copy.db")
    assert (again.code, "is there already" in again.err) == (2, True)
    assert bench("db", "copy", "nowhere/copy.db").code == 2
    assert sorted(path.name for path in folder.iterdir() if "copy" in path.name) == ["copy.db"]
    server = bench("merge", f"postgresql://ada:{token}@/bench?host={folder}")
    assert (server.code, token in server.err) == (2, False)


def test_a_failed_copy_leaves_nothing(bench: Bench, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(moving, "_without_notes", fail)
    answer = bench("db", "copy", "copy.db")
    assert (answer.code, "the disk is full" in answer.err) == (2, True)
    assert not [path for path in filled.iterdir() if "copy" in path.name]


def test_upgrading_says_which_schema_it_is(bench: Bench, filled: Path) -> None:
    answer = bench("db", "upgrade", "--db", "new.db")
    assert (answer.code, "of this release" in answer.out) == (0, True)
    assert count("new.db") == 0


def test_the_shell_answers_and_survives_mistakes(
    filled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines: Iterator[str] = iter(
        [
            "select count(*) as runs",
            "from run;",
            "delete from run;",
            ".tables",
            ".schema results",
            ".nothing",
            "\\q",
            "x",
        ]
    )
    monkeypatch.setattr(builtins, "input", lambda _: next(lines))
    shell.converse("results.db", None)
    said = capsys.readouterr()
    assert "runs" in said.out
    assert "Correct answers on the test data at the end." in said.out
    assert "only reading is allowed here" in said.err
    assert ".nothing: is no command" in said.err
    assert next(lines) == "x"
    assert count("results.db") == 4


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_command_that_only_looks_brings_runs_back_and_says_so(bench: Bench, folder: Path) -> None:
    Store.open("results.db").close()
    who = ["-c", "user.name=ada", "-c", "user.email=ada@example.org", "-c", "core.hooksPath=/dev/null"]
    for arguments in (["init"], ["add", "results.db"], ["commit", "-m", "empty", "--no-gpg-sign"]):
        subprocess.run(["git", *who, *arguments], check=True, capture_output=True)
    with Store.open("results.db") as store:
        fill(store, [cell()], [run("one-shot/1/0", 0.75)])
    subprocess.run(["git", "checkout", "--", "results.db"], check=True, capture_output=True)
    answer = bench("sql", "select test_accuracy from results", "--json")
    assert answer.json == [{"test_accuracy": 0.75}]
    assert "git had put another file in its place; 1 run of yours brought back" in answer.err
    assert bench("sql", "select 1", "--json").err == ""


def test_a_copy_to_ship_has_reference_rows_alone(bench: Bench, filled: Path) -> None:
    answer = bench("db", "ship", "shipped.db")
    assert answer.code == 0
    assert answer.lines[0] == f"shipped.db: 4 reference runs, {Path('shipped.db').stat().st_size:,} bytes"
    with closing(sqlite3.connect("shipped.db")) as connection:
        assert connection.execute("select distinct origin from run").fetchall() == [("reference",)]
    again = bench("db", "ship", "shipped.db")
    assert (again.code, again.err.count("\n")) == (2, 1)
    assert bench("db", "ship", "other-shipped.db", "--db", "none.db").code == 2
    assert not Path("other-shipped.db").exists()
