"""What is held against the database: data that were replaced since, and results that were made once more."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bench.executors.tasks import TaskResult
from bench.ground import Ground
from bench.masking import masked
from bench.plan import Plan
from bench.store import Store

TOLERANCE = 1e-5  # of a loss, relative where it is above 1: what thread counts and libraries may change

_BEFORE = """
SELECT DISTINCT cell.data, cell.model, settings.text
FROM cell JOIN suite ON suite.id = cell.suite_id JOIN settings ON settings.id = cell.settings_id
WHERE suite.name = :suite AND suite.profile = :profile AND suite.is_current = 1
  AND EXISTS (SELECT 1 FROM planned JOIN run ON run.key = planned.key
              WHERE planned.cell_id = cell.id AND run.origin <> 'reference')
"""
_RESULT = """
SELECT test_loss FROM run
WHERE key = :key AND environment_id = :environment AND origin <> 'reference' AND test_loss IS NOT NULL
"""


def replaced_data(store: Store, plan: Plan) -> list[str]:
    """A line for each data set of the suite whose content is another one than when the suite last ran."""
    suite = plan.grid.suite
    rows = store.query(_BEFORE, {"suite": suite.name, "profile": suite.profile}).rows
    before: dict[tuple[str, str, str], str] = {}
    for data, model, text in rows:
        known = json.loads(text)["data"]
        before[data, model, json.dumps(known.get("choice"))] = known["fingerprint"]
    lines = []
    for ground in plan.grid.grounds:
        choice = json.dumps(data_choice(ground))
        was = before.get((ground.data.name, ground.model, choice))
        if was is not None and was != ground.data.fingerprint:
            lines.append(
                f"data set {ground.data.name}: its content was {was[:8]} when this suite last ran and is "
                f"{ground.data.fingerprint[:8]} now ({ground.data.source}); bring the old files back, or give "
                "--new-data to run everything on the new ones"
            )
    return list(dict.fromkeys(lines))


def data_choice(ground: Ground) -> list[str]:
    """The data set and options that a suite asked for, as they are stored."""
    return [ground.problem.data.name, *(masked(f"{name}={value}") for name, value in ground.problem.data.options)]


def made_again(store: Store, environment: int, results: Sequence[TaskResult]) -> list[str]:
    """A line for each result that differs from the row that stands for it; the row stays."""
    lines = []
    for result in results:
        if result.measured is None:
            continue
        rows = store.query(_RESULT, {"key": result.key, "environment": environment}).rows
        now = result.measured.test.loss
        if rows and abs(rows[0][0] - now) > TOLERANCE * max(1.0, abs(now)):
            lines.append(
                f"run {result.key[:8]} was made again and gives a test loss of {now:.6g}, "
                f"not {rows[0][0]:.6g}; its row stays as it is"
            )
    return lines
