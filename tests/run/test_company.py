"""Another command on the same database: it is waited for only where it has something of ours."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.records import RESULTS_VERSION
from bench.store import SessionInfo, Store
from bench.store.leases import Progress, Seat
from tests.plan.grids import plan
from tests.run.crews import ENVIRONMENT, Listener, run


@contextmanager
def another_command(file: Path, taken: list[str], seconds: float) -> Iterator[None]:
    """One that has taken these keys, and leaves after some seconds."""
    with Store.open(file) as store:
        session = store.start_session(SessionInfo("another"))
        seat = Seat(session, store.environment(ENVIRONMENT), RESULTS_VERSION)
        assert store.exchange(seat, Progress(), taken).taken == frozenset(taken)

    def leave() -> None:
        with Store.open(file) as later:
            later.leave(session)

    timer = threading.Timer(seconds, leave)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def test_one_with_other_work_is_not_waited_for(tmp_path: Path) -> None:
    made, listener = plan(), Listener()
    with another_command(tmp_path / "results.db", ["of another suite"], 600):
        receipt = run(made, tmp_path, listener=listener)
    assert receipt.made == {"done": len(made.runs)}
    assert not [line for line in listener.lines if "waiting" in line]


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "1 run that another command is making"), (2, "2 runs that another command is making")],
)
def test_one_with_a_part_of_ours_is_waited_for(count: int, said: str, tmp_path: Path) -> None:
    made, listener = plan(), Listener()
    with another_command(tmp_path / "results.db", sorted(made.runs)[:count], 4):
        receipt = run(made, tmp_path, listener=listener)
    assert receipt.made == {"done": len(made.runs)}
    assert [line for line in listener.lines if "waiting" in line] == [f"waiting for {said} on this database"]
