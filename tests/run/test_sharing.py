"""Several commands on one database: each run is made once, and what one leaves behind another takes over."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.run.commands import Command, folder_with_suite

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


def ask(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "results.db", timeout=60)) as connection:
        return connection.execute(sql).fetchall()


def count(folder: Path, sql: str) -> int:
    """A number from the database; 0 while there is none."""
    try:
        return int(ask(folder, sql)[0][0])
    except sqlite3.OperationalError:
        return 0


def wait_until(so: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def results(folder: Path) -> list[tuple[Any, ...]]:
    """What was measured of each run."""
    return ask(
        folder,
        "SELECT key, status, sparsity, weights_kept, test_accuracy, test_loss, validation_loss, pruned_test_accuracy"
        " FROM results ORDER BY key",
    )


def steps_made(said: str) -> int:
    (line,) = [line for line in said.splitlines() if "training steps made" in line]
    return int(line.split("; ")[1].split()[0].replace(",", ""))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[tuple[Any, ...]], int]:
    """The suite run by one command: its results, and the training steps that they took."""
    folder = folder_with_suite(tmp_path_factory.mktemp("alone"))
    said = Command(folder).end()
    return results(folder), steps_made(said)


def all_is_there(folder: Path, expected: list[tuple[Any, ...]]) -> None:
    assert results(folder) == expected
    assert ask(folder, "SELECT key FROM run GROUP BY key HAVING count(*) > 1") == []
    assert ask(folder, "SELECT count(*) FROM missing") == [(0,)]
    assert ask(folder, "SELECT (SELECT count(*) FROM lease), (SELECT count(*) FROM driver)") == [(0, 0)]


def test_two_commands_at_once_share_the_suite(tmp_path: Path, alone: tuple[list[tuple[Any, ...]], int]) -> None:
    expected, steps = alone
    folder = folder_with_suite(tmp_path)
    said = [command.end() for command in [Command(folder), Command(folder)]]
    all_is_there(folder, expected)
    assert ask(folder, "SELECT status FROM session ORDER BY id") == [("done",), ("done",)]
    makers = ask(folder, "SELECT count(*) FROM run JOIN pack ON pack.id = run.pack_id GROUP BY session_id")
    assert len(makers) == 2, said
    assert all("locked" not in text for text in said)
    assert sum(map(steps_made, said)) <= 1.15 * steps


def test_what_a_killed_command_had_taken_is_taken_over(
    tmp_path: Path, alone: tuple[list[tuple[Any, ...]], int]
) -> None:
    folder = folder_with_suite(tmp_path)
    first = Command(folder)
    stop_after(first, folder, 2)
    second = Command(folder)
    wait_until(lambda: count(folder, "SELECT count(*) FROM driver") == 2)
    first.process.kill()
    first.process.communicate()
    second.end()
    all_is_there(folder, alone[0])
    assert ask(folder, "SELECT status FROM session ORDER BY id") == [("stale",), ("done",)]


def stop_after(command: Command, folder: Path, runs: int) -> None:
    """Stop a command once it has made more runs than that, and not while it holds the database."""
    wait_until(lambda: count(folder, "SELECT count(*) FROM run") > runs)
    for _ in range(100):
        command.process.send_signal(signal.SIGSTOP)
        time.sleep(0.05)
        try:
            with closing(sqlite3.connect(folder / "results.db", timeout=0.2)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                return
        except sqlite3.OperationalError:
            command.process.send_signal(signal.SIGCONT)
            time.sleep(0.05)
    raise AssertionError("it always holds the database")


def test_one_that_gives_no_sign_of_life_is_replaced_and_may_come_back(
    tmp_path: Path, alone: tuple[list[tuple[Any, ...]], int]
) -> None:
    folder = folder_with_suite(tmp_path)
    first = Command(folder, BENCH_LEASE_SECONDS="3")
    stop_after(first, folder, 2)
    assert ask(folder, "SELECT count(*) > 0 FROM lease") == [(1,)]
    Command(folder, BENCH_LEASE_SECONDS="3").end()
    all_is_there(folder, alone[0])
    assert ask(folder, "SELECT status FROM session ORDER BY id") == [("stale",), ("done",)]
    first.process.send_signal(signal.SIGCONT)
    assert "by other commands" in first.end()
    all_is_there(folder, alone[0])
    assert ask(folder, "SELECT status FROM session ORDER BY id") == [("done",), ("done",)]


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGINT])
def test_a_command_that_is_asked_to_end_returns_what_it_had_taken(way: signal.Signals, tmp_path: Path) -> None:
    folder = folder_with_suite(tmp_path, epochs=200)
    command = Command(folder)
    wait_until(lambda: count(folder, "SELECT count(*) FROM lease") > 0)
    command.process.send_signal(way)
    said, _ = command.process.communicate(timeout=30)
    assert command.process.returncode == 130, said
    assert "The same command" in said
    assert ask(folder, "SELECT status FROM session") == [("interrupted",)]
    assert ask(folder, "SELECT (SELECT count(*) FROM lease), (SELECT count(*) FROM driver)") == [(0, 0)]
