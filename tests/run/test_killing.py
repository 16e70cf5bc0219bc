"""Killed at any moment and started again: nothing finished is lost, nothing is done twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.executors.local import Crew, LocalWorker
from bench.executors.messages import Measure, Order
from tests.run.crews import Listener, real_crew, results, rows, run
from tests.run.driver import planned
from tests.run.test_results import without_curves

ROOT = Path(__file__).parents[2]


class Driver:
    """The program, in a process group of its own, so that its workers can be waited for."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.run.driver", str(folder), str(workers)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def wait_until(self, so: Callable[[], bool], seconds: float = 60) -> bool:
        """False when the program ended first."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if so():
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.01)
        raise TimeoutError

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def end(self) -> None:
        _, said = self.process.communicate(timeout=100)
        assert self.process.returncode == 0, said.decode()


def written(folder: Path) -> int:
    try:
        return int(rows(folder, "SELECT count(*) FROM run")[0][0])
    except Exception:  # not there yet, or being made
        return 0


def more_than(folder: Path, count: int) -> bool:
    return written(folder) > count


def comparable(folder: Path) -> list[dict[str, Any]]:
    return without_curves(results(folder))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    torch.set_num_threads(1)
    run(planned(), folder)
    return comparable(folder)


def nothing_was_done_twice(folder: Path) -> None:
    """A run has one row, and a row that stood before a kill was not written again."""
    assert not rows(folder, "SELECT key FROM run GROUP BY key HAVING count(*) > 1")


def test_the_driver_is_killed_in_the_middle(tmp_path: Path, undisturbed: list[dict[str, Any]]) -> None:
    driver = Driver(tmp_path, 2)
    assert driver.wait_until(lambda: written(tmp_path) >= 6), "it ended before it could be killed"
    driver.kill()
    assert workers_end(driver.process.pid)
    before = rows(tmp_path, "SELECT key, finished_at, pack_id FROM run JOIN pack ON pack.id = pack_id ORDER BY key")
    assert 6 <= len(before) < 44
    listener = Listener()
    receipt = run(planned(), tmp_path, real_crew(tmp_path, 1), listener=listener)
    assert receipt.before == len(before)
    assert receipt.made == {"done": 44 - len(before)}
    assert comparable(tmp_path) == undisturbed
    nothing_was_done_twice(tmp_path)
    after = rows(tmp_path, "SELECT key, finished_at, pack_id FROM run JOIN pack ON pack.id = pack_id ORDER BY key")
    assert set(before) <= set(after)
    assert [status for (status,) in rows(tmp_path, "SELECT status FROM session ORDER BY id")][-1] == "done"


class Unlucky(Crew):
    """A crew one of whose workers is killed a moment after it was given its n-th question."""

    def __init__(self, crew: Crew, kill: Callable[[int, Order | Measure], bool]) -> None:
        self.__dict__.update(crew.__dict__)
        self._kill, self._count, self.killed = kill, 0, 0

    def submit(self, question: Order | Measure) -> LocalWorker:
        worker = super().submit(question)
        self._count += 1
        if self._kill(self._count, question):
            assert worker._process is not None
            os.kill(worker._process.pid, signal.SIGKILL)
            self.killed += 1
        return worker


def test_a_worker_is_killed_inside_a_pack(tmp_path: Path, undisturbed: list[dict[str, Any]]) -> None:
    """In a pack of several, and while a width is measured: the run goes on, and nothing is missing in the end."""
    seen: set[str] = set()

    def kill(number: int, question: Order | Measure) -> bool:
        kind = type(question).__name__
        worth = isinstance(question, Measure) or len(question.tasks) > 1
        if worth and kind not in seen and number != 2:
            seen.add(kind)
            return True
        return False

    crew = Unlucky(real_crew(tmp_path, 1), kill)
    listener = Listener()
    receipt = run(planned(), tmp_path, crew, listener=listener)
    assert crew.killed >= 1
    assert any("the worker process died (signal 9)" in line for line in listener.lines)
    assert receipt.made == {"done": 44}
    assert comparable(tmp_path) == undisturbed
    nothing_was_done_twice(tmp_path)


def workers_end(group: int, seconds: float = 20) -> bool:
    """Whether the workers of a driver that is gone end by themselves."""
    end = time.monotonic() + seconds
    while any(b"bench.executors.worker" in line for line in command_lines(group)):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def command_lines(group: int) -> list[bytes]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(entry.name)) == group:
                found.append((entry / "cmdline").read_bytes())
        except (OSError, ProcessLookupError):
            continue
    return found


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("workers", [1, 2])
def test_the_driver_is_killed_again_and_again(workers: int, tmp_path: Path, undisturbed: list[dict[str, Any]]) -> None:
    """At random moments between and inside packs, until it comes through."""
    choice = random.Random(workers)
    kills, standing = 0, {}
    while kills < 12:
        driver = Driver(tmp_path, workers)
        already = written(tmp_path)
        wanted = min(43, already + choice.choice((0, 1, 2, 4)))
        if not driver.wait_until(partial(more_than, tmp_path, wanted)):
            break
        time.sleep(choice.random() * 0.2)
        driver.kill()
        kills += 1
        now = dict(rows(tmp_path, "SELECT key, finished_at FROM run JOIN pack ON pack.id = pack_id"))
        assert standing.items() <= now.items()  # what stood stands, and as it was
        standing = now
    Driver(tmp_path, workers).end()
    assert kills >= 3
    assert (
        standing.items()
        <= dict(rows(tmp_path, "SELECT key, finished_at FROM run JOIN pack ON pack.id = pack_id")).items()
    )
    assert comparable(tmp_path) == undisturbed
    nothing_was_done_twice(tmp_path)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_workers_are_killed_again_and_again(tmp_path: Path, undisturbed: list[dict[str, Any]]) -> None:
    choice = random.Random(3)
    for _ in range(4):  # what could not be done in one command is done in the next; three failures are the end of it
        crew = Unlucky(
            real_crew(tmp_path, 2),
            lambda number, question: isinstance(question, Order) and len(question.tasks) > 1 and choice.random() < 0.15,
        )
        run(planned(), tmp_path, crew)
    assert {row["status"] for row in results(tmp_path)} == {"done"}
    assert comparable(tmp_path) == undisturbed
