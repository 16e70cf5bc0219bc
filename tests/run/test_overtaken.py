"""Another writer was faster: its rows stand, and the driver that came late counts them as made by others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.executors.messages import Measure, Order
from bench.records import RESULTS_VERSION
from bench.states import States
from bench.store import PackRecord, RunRecord, SessionInfo, Store
from tests.plan.grids import plan
from tests.run.crews import ENVIRONMENT, Desk, Listener, results, rows, run

OTHERS = 0.125  # the test accuracy that the other writer's rows have: none of these runs comes to it


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("alone")
    run(plan(), folder)
    return results(folder)


@pytest.mark.parametrize("status", ["done", "diverged"])
def test_rows_that_others_wrote_meanwhile_stand(status: Any, alone: list[dict[str, Any]], tmp_path: Path) -> None:
    """They come in while a pack with the same runs is under way, as from a driver that took this one for gone."""
    made = plan()
    written: set[str] = set()

    def overtake(question: Order | Measure) -> None:
        finals = [task for task in getattr(question, "tasks", ()) if task.final]
        if len(written) >= 6 or len(finals) < 2:
            return
        chosen = finals[: len(finals) // 2]  # of one pack some rows are new and others are not
        records = tuple(
            RunRecord(task.key, task.seed, status, RESULTS_VERSION, test_accuracy=OTHERS) for task in chosen
        )
        with Store.open(tmp_path / "results.db") as store:
            session = store.start_session(SessionInfo("the faster one"))
            assert store.write(session, store.environment(ENVIRONMENT), PackRecord(records)) == len(records)
        written.update(task.key for task in chosen)

    listener = Listener()
    receipt = run(made, tmp_path, Desk(States(tmp_path / "states"), 4, 1, overtake), listener=listener)
    assert len(written) >= 6
    assert receipt.made == {"done": len(made.runs) - len(written)}
    assert receipt.by_others == len(written)
    assert rows(tmp_path, "SELECT key FROM run GROUP BY key HAVING count(*) > 1") == []
    assert {row[0] for row in rows(tmp_path, f"SELECT key FROM run WHERE test_accuracy = {OTHERS}")} == written
    mine = {row["key"]: row for row in results(tmp_path) if row["key"] not in written}
    assert mine == {row["key"]: row for row in alone if row["key"] not in written}
    owners = dict(
        rows(
            tmp_path,
            "SELECT key, command FROM run JOIN pack ON pack.id = pack_id JOIN session ON session.id = session_id",
        )
    )
    assert {key for key, command in owners.items() if command == "the faster one"} == written
