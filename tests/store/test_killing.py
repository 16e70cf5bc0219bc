"""A writer that is killed loses nothing that it had finished and leaves nothing half-written."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.store import PackRecord, SessionInfo, Store
from tests.store.build import CPU, rows, run

# Each pack has five runs with layers and a curve; the number of a pack is told only after it was written.
WRITER = """
import sys
from bench.store import CurveRecord, PackRecord, SessionInfo, Store
from tests.store.build import CPU, run

with Store.open(sys.argv[1]) as store:
    session, place = store.start_session(SessionInfo("bench run")), store.environment(CPU)
    done = store.done(place, 1)
    for pack in range(int(sys.argv[2])):
        keys = [f"a/{pack}/{seed}" for seed in range(5)]
        if done.issuperset(keys):
            continue
        assert not done.intersection(keys), "half a pack"
        curves = tuple(CurveRecord(f"trained {key}", "train_loss", [(1, 0.5)]) for key in keys)
        store.write(session, place, PackRecord(tuple(run(key) for key in keys), curves=curves))
        print(pack, flush=True)
    store.end_session(session, "done")
"""

# Stops in the middle of a transaction, after the rows of the runs and before those of their layers.
STUCK = """
import sys, time
from bench.store import PackRecord, SessionInfo, Store
from tests.store.build import CPU, run

class Stuck(tuple):
    def __iter__(self):
        print("inside", flush=True)
        time.sleep(1000)

store = Store.open(sys.argv[1])
session, place = store.start_session(SessionInfo("bench run")), store.environment(CPU)
store.write(session, place, PackRecord((run("finished/1/0"),)))
store.write(session, place, PackRecord((run("half/1/0"), run("half/1/1", layers=Stuck((1,))))))
"""


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGKILL)
    said, _ = process.communicate()
    return said


def check_whole(file: Path) -> set[int]:
    """The packs that are there, each with all that belongs to it."""
    connection = sqlite3.connect(file)
    assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    assert connection.execute("pragma foreign_key_check").fetchall() == []
    packs = connection.execute(
        "select key, (select count(*) from run_layer where run_id = id),"
        " (select count(*) from run_step where run_id = id) from run"
    ).fetchall()
    curves = connection.execute("select count(*) from curve").fetchone()[0]
    connection.close()
    numbers = [int(key.split("/")[1]) for key, layers, steps in packs if (layers, steps) == (2, 1)]
    assert len(numbers) == len(packs) == curves
    assert all(numbers.count(number) == 5 for number in set(numbers))
    return set(numbers)


def killed_again_and_again(file: Path, times: int, packs: int) -> None:
    rng = random.Random(4)
    told: set[int] = set()
    for _ in range(times):
        writer = start(WRITER, file, packs)
        assert writer.stdout is not None
        writer.stdout.readline()  # it has begun to write
        time.sleep(rng.uniform(0, 0.05))
        told |= {int(line) for line in kill(writer).split()}
        assert told <= check_whole(file)
    last = start(WRITER, file, packs)
    last.communicate(timeout=100)
    assert last.returncode == 0
    assert check_whole(file) == set(range(packs))
    with Store.open(file, read_only=True) as store:
        statuses = [row["status"] for row in rows(store, "select status from session order by id")]
    assert statuses == ["stale"] * times + ["done"]
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_writer_killed_between_packs_loses_nothing(tmp_path: Path) -> None:
    killed_again_and_again(tmp_path / "results.db", times=4, packs=300)


@pytest.mark.long
def test_a_writer_killed_thirty_times_loses_nothing(tmp_path: Path) -> None:
    killed_again_and_again(tmp_path / "results.db", times=30, packs=2000)


def test_a_writer_killed_inside_a_pack_leaves_nothing_of_it(tmp_path: Path) -> None:
    file = tmp_path / "results.db"
    writer = start(STUCK, file)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "inside\n"
    kill(writer)
    with Store.open(file, read_only=True) as store:  # what it left beside the file is read too
        assert [row["key"] for row in rows(store, "select key from runs")] == ["finished/1/0"]
    with Store.open(file) as store:
        session, place = store.start_session(SessionInfo("bench run")), store.environment(CPU)
        assert store.done(place, 1) == {"finished/1/0"}
        assert [row["key"] for row in rows(store, "select key from run")] == ["finished/1/0"]
        assert store.write(session, place, PackRecord((run("half/1/0"), run("half/1/1")))) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["results.db"]
