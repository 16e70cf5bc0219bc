"""A look at a database file leaves SQLite's locks alone, which other processes go by."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.store import Store
from bench.store.looking import head

OTHER = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('select * from run').fetchall(); c.close()"


def log_left(store: Store, file: Path, look: Callable[[Path], bytes]) -> bool:
    """Whether the log is still there after a look, when another process has read the database and ended."""
    with store._engine.connect() as connection:  # one that is open for writing has a log
        connection.exec_driver_sql("select count(*) from run").fetchall()
    assert look(file).startswith(b"SQLite format 3")
    subprocess.run([sys.executable, "-c", OTHER, str(file)], check=True)
    return file.with_name(f"{file.name}-wal").exists()


def plainly(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(100)


@pytest.mark.parametrize(("look", "left"), [(lambda file: head(file, 100), True), (plainly, False)])
def test_the_log_of_an_open_file_stays(blank: Path, tmp_path: Path, look: Callable[[Path], bytes], left: bool) -> None:
    file = tmp_path / "results.db"
    file.write_bytes(blank.read_bytes())
    with Store.open(file) as store:
        assert log_left(store, file, look) is left


def test_a_look_sees_the_file_that_is_there_now(tmp_path: Path) -> None:
    file = tmp_path / "file"
    for content in (b"first", b"second"):
        file.unlink(missing_ok=True)
        file.write_bytes(content)
        assert head(file, 100) == content
