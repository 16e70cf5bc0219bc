"""What a machine can do to a `bench run`: kill it, fill its disk, lock its database. Nothing is lost; it goes on."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.run.commands import Command, folder_with_suite
from tests.run.faults import content, harass, undisturbed

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
KILLS = int(os.environ.get("BENCH_KILLS", "30"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[dict[str, Any]]], float]:
    return undisturbed(tmp_path_factory.mktemp("undisturbed"))


def test_killed_at_random_moments_it_ends_as_if_undisturbed(
    tmp_path: Path, whole: tuple[dict[str, list[dict[str, Any]]], float]
) -> None:
    expected, seconds = whole
    tally = harass(tmp_path, KILLS, 1, expected, seconds)
    assert tally.kills == KILLS
    assert any(0 < count < len(expected["run"]) for count in tally.by_runs), "never in the middle"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a file system can not be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_said_in_a_line_and_loses_nothing(
    small_disk: Path, whole: tuple[dict[str, list[dict[str, Any]]], float]
) -> None:
    folder = folder_with_suite(small_disk)
    with Command(folder) as command:
        while command.process.poll() is None and not (folder / "results.db").exists():
            time.sleep(0.02)
        ballast = folder / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as stream:
            while command.process.poll() is None:
                stream.write(bytes(4096))
        code, said = command.ending()
    assert code in (1, 2), said
    assert "Traceback" not in said
    assert "internal error" not in said
    ballast.unlink()
    shutil.copytree(folder, small_disk.parent / "roomy")
    with Command(small_disk.parent / "roomy") as command:
        command.end()
    found = content(small_disk.parent / "roomy")
    assert [row["key"] for row in found["planned"]] == [row["key"] for row in whole[0]["planned"]]
    done = {row["key"]: row for row in found["run"] if row["status"] != "failed"}
    assert [done[row["key"]]["test_loss"] for row in whole[0]["run"]] == [row["test_loss"] for row in whole[0]["run"]]


def test_a_database_that_is_locked_for_half_a_minute_is_waited_for(
    tmp_path: Path, whole: tuple[dict[str, list[dict[str, Any]]], float]
) -> None:
    folder = folder_with_suite(tmp_path / "locked")
    with Command(folder) as command:
        while command.process.poll() is None and not _holds(folder, 3):
            time.sleep(0.02)
        with closing(sqlite3.connect(folder / "results.db", timeout=60, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            release = threading.Event()
            release.wait(30)
            assert command.process.poll() is None
            connection.execute("ROLLBACK")
        command.end()
    assert content(folder) == whole[0]


def _holds(folder: Path, runs: int) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{folder / 'results.db'}?mode=ro", uri=True, timeout=60)) as connection:
            return bool(connection.execute("SELECT count(*) >= ? FROM run", [runs]).fetchone()[0])
    except sqlite3.OperationalError:
        return False


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("mount") is None, reason="the superuser may write everywhere")
def test_a_database_that_may_only_be_read_is_said_in_a_line(small_disk: Path) -> None:
    folder = folder_with_suite(small_disk)
    with Command(folder, "--only", "method=none") as command:
        command.end()
    before = (folder / "results.db").read_bytes()
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    with Command(folder) as command:
        code, said = command.ending()
    assert code == 2, said
    assert "may not be written to" in said.splitlines()[-1]
    assert (folder / "results.db").read_bytes() == before
