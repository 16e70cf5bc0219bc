"""What `bench status` is made of: workers, pace, time left, failures, and what is stale."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from bench.status import status
from bench.store import PackRecord, SessionInfo, Store
from bench.store.leases import Progress, Seat
from tests.store.build import CPU, SUITE, cell, run
from tests.store.studies import BETTER, DEFAULT, trial, tune


def change(store: Store, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(store.place)) as connection:
        connection.execute(sql, values)
        connection.commit()


def test_nobody(store: Store) -> None:
    found = status(store)
    assert (found.at_work, found.stale, found.failures, found.missing) == ((), (), (), ())
    assert found.seconds_left is None


def test_a_worker_with_its_leases_pace_and_time_left(store: Store) -> None:
    store.register(SUITE, [cell(seeds=range(6))])
    session = store.start_session(SessionInfo("bench run penguins"))
    here = store.environment(CPU)
    own = Seat(session, here, 1, workers=2)
    store.exchange(own, Progress(), ["a", "b", "c"])
    pack = PackRecord(
        (run("one-shot/1/0"), run("one-shot/1/1"), run("one-shot/1/2", status="failed", reason="out of memory"))
    )
    store.write(session, here, pack)
    store.exchange(own, Progress(waiting=True, steps_made=3000, steps_left=500, seconds_left=40.0))
    now = datetime.now(UTC)
    change(store, "update session set started_at = ?", (now - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    change(store, "update driver set joined_at = '2026-01-01T00:00:00.0Z', heartbeat_at = '2026-01-01T00:05:00.0Z'")
    found = status(store, now)
    (one,) = found.at_work
    assert (one.session, one.here, one.workers, one.leases, one.waiting) == (session, True, 2, 3, True)
    assert one.environment == CPU.label
    assert one.runs_an_hour == pytest.approx(3 / 0.5, rel=0.01)
    assert one.steps_a_second == pytest.approx(10)
    assert found.seconds_left == 40.0  # what is left is cheaper than what was done
    assert [(one.status, one.reason, one.runs) for one in found.failures] == [("failed", "out of memory", 1)]
    assert [(left.suite, left.runs) for left in found.missing] == [("penguins", 4)]


def test_what_is_long_ago_is_no_pace(store: Store) -> None:
    session = store.start_session(SessionInfo("bench run"))
    store.write(session, store.environment(CPU), PackRecord((run("one-shot/1/0"),)))
    change(store, "update pack set finished_at = '2020-01-01T00:00:00Z'")
    assert [one.runs_an_hour for one in status(store).at_work] == [0]


def test_a_process_that_is_gone_is_stale_before_anybody_has_marked_it(store: Store) -> None:
    gone = store.start_session(SessionInfo("bench run"))
    change(store, "update session set process = 999999999, process_start = 'another boot 1'")
    alive = store.start_session(SessionInfo("bench run"))
    change(store, "update session set status = 'running' where id = ?", gone)
    found = status(store)
    assert [one.session for one in found.stale] == [gone]
    assert [one.session for one in found.at_work] == [alive]


def together(store: Store, *drivers: Progress) -> float | None:
    here = store.environment(CPU)
    for told in drivers:
        store.exchange(Seat(store.start_session(SessionInfo("bench run")), here, 1), told)
    return status(store).seconds_left


def test_two_work_off_the_same_each_at_its_own_pace(store: Store) -> None:
    assert together(store, Progress(seconds_left=60.0), Progress(seconds_left=30.0)) == pytest.approx(20)


def test_who_waits_makes_nothing_quicker(store: Store) -> None:
    assert together(store, Progress(seconds_left=60.0), Progress(waiting=True, seconds_left=30.0)) == 60


def test_before_anything_is_measured_nothing_is_known(store: Store) -> None:
    assert together(store, Progress(steps_made=0, steps_left=100)) is None


def test_at_the_end_nothing_is_left(store: Store) -> None:
    assert together(store, Progress(seconds_left=0.0), Progress(seconds_left=3.0)) == 0


def test_a_study_tells_how_far_it_is_and_its_best(store: Store) -> None:
    tune(store)
    (one,) = status(store).studies
    assert (one.suite, one.name, one.data) == ("penguins", "one-shot at 90 %", "penguins")
    assert (one.done, one.failed, one.running, one.waiting) == (1, 1, 0, 0)  # the default is no trial of the search
    assert (one.spent, one.budget, one.budget_unit) == (2, 4.0, "trials")
    assert (one.best, one.best_value) == (1, 0.8)


def test_trials_run_as_long_as_the_process_of_their_study_lives(store: Store) -> None:
    study = tune(store, [DEFAULT, BETTER, trial(2, None, state="waiting"), trial(3, None, state="waiting")])
    session = store.start_session(SessionInfo("bench tune penguins"))
    change(store, "update study set session_id = ?", session)
    store.studies.start(study, [2], session)
    (one,) = status(store).studies
    assert (one.done, one.running, one.waiting) == (1, 1, 1)
    change(store, "update session set process = 999999999, process_start = 'another boot 1' where id = ?", session)
    (one,) = status(store).studies
    assert (one.running, one.waiting) == (0, 2)


def test_there_is_no_best_before_a_trial_is_done(store: Store) -> None:
    tune(store, [trial(1, None, state="waiting")], budget_unit="steps", budget=5000.0)
    (one,) = status(store).studies
    assert (one.done, one.waiting, one.best, one.best_value) == (0, 1, None, None)
    assert (one.spent, one.budget) == (100, 5000)
