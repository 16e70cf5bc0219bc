"""How long what is left will take is reckoned from what such work has taken, not from how much of it is done."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from bench.executors.messages import Measure, Order
from bench.executors.tasks import Task
from bench.pace import Pace
from bench.plan import Work, work_left
from bench.states import States
from tests.plan.grids import plan
from tests.run.crews import Desk, run


@pytest.fixture(scope="module")
def work() -> Work:
    return work_left(plan(seeds=(0,)), (), ())


def learned(work: Work, tasks: Sequence[Task], seconds: float, pace: Pace | None = None) -> Pace:
    pace = pace or Pace()
    pace.learn(tasks, work.ground[tasks[0].key], seconds)
    return pace


def trainings(work: Work) -> list[Task]:
    return [task for task in work.tasks.values() if task.steps]


def test_before_the_first_training_nothing_is_known(work: Work) -> None:
    assert Pace().seconds_left(work, (), 1) is None


def test_steps_of_one_kind_cost_what_they_cost_so_far(work: Work) -> None:
    (dense, *_) = trainings(work)
    pace = learned(work, [dense], 0.5 * dense.steps)
    left = sum(task.steps for task in work.tasks.values()) - dense.steps
    assert pace.seconds_left(work, {dense.key}, 1) == pytest.approx(0.5 * left)
    assert pace.seconds_left(work, work.tasks.keys(), 1) == 0


def test_what_has_no_steps_is_measured_by_itself(work: Work) -> None:
    idle = [task for task in work.tasks.values() if not task.steps]
    assert idle
    (dense, *_) = trainings(work)
    pace = learned(work, idle[:1], 7.0, learned(work, [dense], 0.0001))
    done = {task.key for task in trainings(work)}
    assert pace.seconds_left(work, done, 1) == pytest.approx(7.0 * len(idle))


def test_a_larger_network_takes_longer_by_its_operations_until_it_is_measured() -> None:
    small, large = (work_left(plan(seeds=(0,), model=name), (), ()) for name in ("penguin-net", "lenet-300-100"))
    both = Work(
        {**small.tasks, **large.tasks}, {**small.ground, **large.ground}, {**small.waits_for, **large.waits_for}
    )
    one, other = trainings(small)[0], trainings(large)[0]
    pace = learned(both, [one], 1.0 * one.steps)
    ratio = large.ground[other.key].multiply_adds / small.ground[one.key].multiply_adds
    assert ratio > 10
    left = pace.seconds_left(both, small.tasks.keys(), 1)
    assert left == pytest.approx(ratio * sum(task.steps for task in large.tasks.values()))
    learned(both, [other], 2.0 * other.steps, pace)
    assert pace.seconds_left(both, small.tasks.keys(), 1) == pytest.approx(
        2 * sum(task.steps for task in large.tasks.values())
    )


def test_many_workers_do_not_shorten_a_chain(work: Work) -> None:
    (dense, *_) = trainings(work)
    pace = learned(work, [dense], 1.0 * dense.steps)
    alone, two, many = (pace.seconds_left(work, (), workers) for workers in (1, 2, 10_000))
    assert alone is not None
    assert two == pytest.approx(alone / 2)
    lottery = 20 * 4  # the dense training and one for each of its rounds, one after the other
    assert many == pytest.approx(lottery)


def test_a_pack_under_way_counts_by_its_steps(work: Work) -> None:
    (dense, *_) = trainings(work)
    pace = learned(work, [dense], 1.0 * dense.steps)
    before = pace.seconds_left(work, {dense.key}, 1)
    pace.advanced(10)
    after = pace.seconds_left(work, {dense.key}, 1)
    assert before is not None
    assert after == pytest.approx(before - 10)


def test_a_driver_says_it_with_its_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_LEASE_SECONDS", "0.000001")
    told: list[float | None] = []

    def look(_: Order | Measure) -> None:
        with closing(sqlite3.connect(tmp_path / "results.db")) as connection:
            told.extend(row[0] for row in connection.execute("select seconds_left from driver"))

    run(plan(), tmp_path, Desk(States(tmp_path / "states"), 4, 1, look))
    assert told[0] is None
    known = [seconds for seconds in told if seconds is not None]
    assert known
    assert all(seconds >= 0 for seconds in known)
    assert known[-1] < max(known)
