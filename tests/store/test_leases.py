"""Leases: what one driver has taken no other gets, until it is given back or its holder is gone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.errors import UserError
from bench.store import PackRecord, SessionInfo, Store
from bench.store.leases import Progress, Seat, limit
from tests.store.build import CPU, GPU, rows, run
from tests.store.conftest import Opener

NOTHING = Progress()


def seat(store: Store, version: int = 1) -> Seat:
    return Seat(store.start_session(SessionInfo("bench run")), store.environment(CPU), version)


def test_a_piece_of_work_has_one_holder(store: Store) -> None:
    first, second = seat(store), seat(store)
    assert store.exchange(first, NOTHING, ["a", "b"]).taken == {"a", "b"}
    told = store.exchange(second, Progress(waiting=True), ["b", "c"])
    assert (told.taken, told.held, told.others) == ({"c"}, {"a", "b"}, 1)
    told = store.exchange(first, NOTHING, give_back=["b"])
    assert (told.held, told.others, told.waiting) == ({"c"}, 1, 1)
    assert store.exchange(second, NOTHING, ["b"]).taken == {"b"}


def test_nobody_gives_back_what_another_holds(store: Store) -> None:
    first, second = seat(store), seat(store)
    store.exchange(first, NOTHING, ["a"])
    store.exchange(second, NOTHING, give_back=["a"])
    assert store.exchange(second, NOTHING, ["a"]).taken == frozenset()


def test_environments_and_versions_do_not_meet(store: Store) -> None:
    here, newer = seat(store), seat(store, version=2)
    there = Seat(store.start_session(SessionInfo("bench run")), store.environment(GPU), 1)
    for one in (here, newer, there):
        told = store.exchange(one, NOTHING, ["a"])
        assert (told.taken, told.others) == ({"a"}, 0)


def test_what_is_final_is_told(store: Store) -> None:
    own = seat(store)
    store.write(own.session, own.environment, PackRecord((run("one-shot/1/0"), run("one-shot/1/1", status="failed"))))
    told = store.exchange(own, NOTHING, ["one-shot/1/0", "one-shot/1/1", "one-shot/1/2"])
    assert told.final == {"one-shot/1/0"}
    assert len(told.taken) == 3  # the state of a run that is there may have to be made again
    assert store.made_by(own.session, ["one-shot/1/0", "one-shot/1/2"]) == {"one-shot/1/0"}


def test_who_leaves_gives_everything_back(store: Store) -> None:
    first, second = seat(store), seat(store)
    store.exchange(first, NOTHING, ["a"])
    store.leave(first.session)
    told = store.exchange(second, NOTHING, ["a"])
    assert (told.taken, told.others) == ({"a"}, 0)


def change(store: Store, sql: str) -> None:
    with closing(sqlite3.connect(store.place)) as connection:
        connection.execute(sql)
        connection.commit()


def test_who_gives_no_sign_of_life_is_replaced_and_told(store: Store) -> None:
    first, second = seat(store), seat(store)
    store.exchange(first, NOTHING, ["a"])
    change(store, "update driver set heartbeat_at = '2020-01-01T00:00:00.000000Z'")
    told = store.exchange(second, NOTHING, ["a"])
    assert (told.taken, told.others) == ({"a"}, 0)
    stale = "select status from session order by id"
    assert [row["status"] for row in rows(store, stale)] == ["stale", "running"]
    told = store.exchange(first, NOTHING, ["a"])
    assert (told.lost, told.taken, told.held) == (True, frozenset(), {"a"})
    assert [row["status"] for row in rows(store, stale)] == ["running", "running"]


def test_a_process_that_died_here_is_replaced_at_once(store: Store) -> None:
    program = (
        "import sys, os\n"
        "from bench.store import SessionInfo, Store\n"
        "from bench.store.leases import Progress, Seat\n"
        "from tests.store.build import CPU\n"
        "store = Store.open(sys.argv[1])\n"
        "own = Seat(store.start_session(SessionInfo('bench run')), store.environment(CPU), 1)\n"
        "store.exchange(own, Progress(), ['a'])\n"
        "os._exit(1)"
    )
    own = seat(store)
    subprocess.run([sys.executable, "-c", program, store.place], check=False)
    assert rows(store, "select key from lease") == [{"key": "a"}]
    assert store.exchange(own, NOTHING, ["a"]).taken == {"a"}


def test_the_time_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_LEASE_SECONDS", "7.5")
    assert limit() == 7.5
    for wrong in ("soon", "0", "-1", "inf", "nan"):
        monkeypatch.setenv("BENCH_LEASE_SECONDS", wrong)
        with pytest.raises(UserError, match=f"BENCH_LEASE_SECONDS: '{wrong}' is no number of seconds"):
            limit()


KEYS = st.sets(st.sampled_from("abcdef"))


@given(st.lists(st.tuples(st.integers(0, 2), KEYS, KEYS), max_size=12))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_leases_do_what_a_table_of_holders_does(fresh: Opener, moves: list[tuple[int, set[str], set[str]]]) -> None:
    with fresh() as store:
        seats = [seat(store) for _ in range(3)]
        holder: dict[str, int] = {}
        for one, take, give_back in moves:
            told = store.exchange(seats[one], NOTHING, sorted(take), sorted(give_back))
            holder = {key: who for key, who in holder.items() if not (who == one and key in give_back)}
            holder |= dict.fromkeys(take - holder.keys(), one)
            assert told.taken == {key for key in take if holder[key] == one}
            assert told.held == {key for key, who in holder.items() if who != one}


def test_many_at_once_never_meet_a_lock_or_a_double(blank: Path, store: Store) -> None:
    """Each opens the file for itself, takes what it can get, and closes it, which folds the log away."""
    taken: list[str] = []
    keys = [f"k{number}" for number in range(40)]
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for number in range(5):
                with Store.open(store.place) as own:
                    place = seat(own)
                    found = own.exchange(place, NOTHING, keys[number::2])
                    taken.extend(found.taken)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(taken) == len(set(taken)) == 40


@pytest.fixture
def reader(store: Store) -> Iterator[subprocess.Popen[str]]:
    """Another program that opens the file, reads and closes it, over and over."""
    program = (
        "import sqlite3, sys\n"
        "while True:\n"
        "    c = sqlite3.connect(sys.argv[1], timeout=60)\n"
        "    c.execute('select count(*) from run').fetchall()\n"
        "    c.close()\n"
        "    print('read', flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, store.place], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_opening_a_file_twice_keeps_other_programs_from_taking_its_log_away(
    store: Store, reader: subprocess.Popen[str]
) -> None:
    own = seat(store)
    with Store.open(store.place, read_only=True):
        for number in range(150):
            store.write(own.session, own.environment, PackRecord((run(f"one-shot/1/{number}"),)))
    assert reader.poll() is None
    assert rows(store, "select count(*) as n from run") == [{"n": 150}]
