"""Runs in a file that git tracks survive what git does to the file. The repository is a real one."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from bench.errors import UserError
from bench.store import Store
from tests.store.build import SUITE, cell, fill, rows, run
from tests.store.test_killing import WRITER

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *arguments: str) -> None:
    who = {f"GIT_{one}_{what}": "ada" for one in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    settings = ["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | who
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True, env=environment)


def add_reference(file: Path, key: str) -> None:
    with Store.open(file) as store:
        fill(store, [cell("shipped")], [run(key)])
        with store._writing() as connection:
            connection.exec_driver_sql("update run set origin = 'reference' where key = ?", (key,))


@pytest.fixture
def checkout(blank: Path, tmp_path: Path) -> Path:
    """A clone of a repository that ships a reference row."""
    origin = tmp_path / "origin"
    origin.mkdir()
    shutil.copy(blank, origin / "results.db")
    add_reference(origin / "results.db", "shipped/1/0")
    (origin / ".gitignore").write_text("/.bench/\n")
    for arguments in (["init"], ["add", "."], ["commit", "-m", "reference"]):
        git(origin, *arguments)
    git(tmp_path, "clone", str(origin), "mine")
    return tmp_path / "mine"


def work(file: Path) -> None:
    with Store.open(file) as store:
        fill(store, [cell()], [run("one-shot/1/0", 0.75), run("one-shot/1/1", 0.5)])


def held(store: Store) -> list[tuple[str, str]]:
    return [(row["key"], row["origin"]) for row in rows(store, "select key, origin from run order by key, origin")]


MINE = [("one-shot/1/0", "local"), ("one-shot/1/1", "local")]
SHIPPED = [("shipped/1/0", "reference")]


@pytest.mark.parametrize(
    "commands", ["stash", "checkout -- results.db", "restore results.db", "reset --hard", "stash; stash pop"]
)
def test_runs_come_back_after(checkout: Path, commands: str) -> None:
    file = checkout / "results.db"
    work(file)
    for one in commands.split("; "):
        git(checkout, *one.split())
    with Store.open(file) as store:
        assert store.brought_back == (0 if "pop" in commands else 2)
        assert held(store) == MINE + SHIPPED
        seen = rows(store, "select key, test_accuracy from results where suite = :suite order by key", suite=SUITE.name)
        assert [row["test_accuracy"] for row in seen][:1] == [0.75]
    with Store.open(file) as store:
        assert store.brought_back == 0
        assert held(store) == MINE + SHIPPED


def test_a_pull_brings_its_rows_and_leaves_yours(checkout: Path) -> None:
    file, origin = checkout / "results.db", checkout.parent / "origin"
    work(file)
    add_reference(origin / "results.db", "shipped/1/1")
    git(origin, "commit", "-am", "more")
    git(checkout, "checkout", "--", "results.db")
    git(checkout, "pull")
    with Store.open(file) as store:
        assert held(store) == [*MINE, *SHIPPED, ("shipped/1/1", "reference")]


def test_runs_come_back_into_a_commit_without_the_file(checkout: Path) -> None:
    file = checkout / "results.db"
    work(file)
    git(checkout, "rm", "-q", "-f", "results.db")
    git(checkout, "commit", "-m", "without")
    with Store.open(file) as store:
        assert store.brought_back == 2
        assert held(store) == MINE


def test_a_copy_of_a_newer_release_is_neither_lost_nor_ignored(checkout: Path) -> None:
    file, copy = checkout / "results.db", checkout / ".bench" / "own" / "results.db"
    work(file)
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("update bench_alembic_version set version_num = '9999'")
        connection.commit()
    before = copy.read_bytes()
    git(checkout, "reset", "--hard")
    with pytest.raises(UserError, match="own/results.db: was written by a newer release"):
        Store.open(file)
    assert copy.read_bytes() == before


def test_what_is_forgotten_stays_forgotten(checkout: Path) -> None:
    file = checkout / "results.db"
    work(file)
    with Store.open(file) as store:
        assert store.forget({"seed": ["1"]}) == 1
    git(checkout, "checkout", "--", "results.db")
    with Store.open(file) as store:
        assert held(store) == MINE[:1] + SHIPPED


def test_a_file_that_git_does_not_track_has_no_copy(blank: Path, checkout: Path, tmp_path: Path) -> None:
    for file in (checkout / "own.db", tmp_path / "own.db"):
        shutil.copy(blank, file)
        work(file)
        assert not (file.parent / ".bench").exists()


def test_after_a_kill_the_log_does_not_spoil_the_file_that_git_put_there(checkout: Path) -> None:
    file = checkout / "results.db"
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(file), "100000"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()  # it has begun, which takes long on a busy machine
    until = time.monotonic() + 2  # packs come faster here than copies are made
    while time.monotonic() < until:
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert (checkout / "results.db-wal").stat().st_size
    git(checkout, "reset", "--hard")
    with Store.open(file) as store:
        keys = {key for key, _ in held(store)}
        assert ("shipped/1/0", "reference") in held(store)
        assert store.brought_back >= 5
        assert {f"a/{pack}/{seed}" for pack in range(store.brought_back // 5) for seed in range(5)} <= keys
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]


def test_two_writers_at_once_leave_a_complete_copy(checkout: Path) -> None:
    file = checkout / "results.db"
    with Store.open(file) as one, Store.open(file) as other:
        fill(one, [cell("one")], [run("one/1/0")])
        fill(other, [cell("other")], [run("other/1/0")])
    git(checkout, "reset", "--hard")
    with Store.open(file) as store:
        assert held(store) == [("one/1/0", "local"), ("other/1/0", "local"), *SHIPPED]
