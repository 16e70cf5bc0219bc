"""What is held against the database: replaced data, and results that are made once more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.checks import replaced_data
from bench.plan import Plan
from bench.receipts import Listener
from bench.states import States
from bench.store import Store
from bench.store.reference import ship
from tests.plan.grids import method, plan
from tests.run.crews import run


def with_other_data(made: Plan) -> Plan:
    """The same plan, as if the files of its data set had been replaced."""
    grounds = tuple(replace(g, data=replace(g.data, fingerprint="f" * 40)) for g in made.grid.grounds)
    return replace(made, grid=replace(made.grid, grounds=grounds))


@pytest.fixture
def made() -> Plan:
    return plan((method("none"), method("one-shot")), seeds=(0,))


def test_data_that_were_replaced_are_named_with_both_contents(made: Plan, tmp_path: Path) -> None:
    run(made, tmp_path)
    with Store.open(tmp_path / "results.db") as store:
        assert replaced_data(store, made) == []
        (line,) = replaced_data(store, with_other_data(made))
    was = made.grid.grounds[0].data.fingerprint
    assert "data set penguins" in line
    assert was[:8] in line
    assert "f" * 8 in line
    assert "--new-data" in line


def test_data_of_a_suite_that_never_ran_are_never_replaced(made: Plan, tmp_path: Path) -> None:
    with Store.open(tmp_path / "results.db") as store:
        assert replaced_data(store, with_other_data(made)) == []


def test_data_of_shipped_results_are_others_files(made: Plan, tmp_path: Path) -> None:
    """Whoever has another copy of a data set begins afresh on a database that came with the project."""
    (tmp_path / "there").mkdir()
    run(made, tmp_path / "there")
    ship(tmp_path / "there" / "results.db", tmp_path / "results.db")
    with Store.open(tmp_path / "results.db") as store:
        assert replaced_data(store, with_other_data(made)) == []


class Ear(Listener):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def advanced(self, replica_steps: int) -> None: ...

    def noticed(self, line: str) -> None:
        self.lines.append(line)


def test_a_result_that_comes_out_otherwise_the_second_time_is_told_and_not_rewritten(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dense state is lost, a new level needs it, and its row says something else than what comes out now."""
    run(made, tmp_path)
    states = States(tmp_path / "states")
    for file in states.folder.rglob("*.state"):
        file.unlink()
    before = _losses(tmp_path)
    monkeypatch.setattr("bench.checks.TOLERANCE", -1.0)  # whatever comes out counts as something else
    ear = Ear()
    run(plan((method("none"), method("one-shot"), method("lottery")), seeds=(0,)), tmp_path, listener=ear)
    dense = next(run.key for run in made.runs.values() if run.last_pruning is None)
    assert [line for line in ear.lines if line.startswith(f"run {dense[:8]} was made again")]
    after = _losses(tmp_path)
    assert {key: after[key] for key in before} == before


def _losses(folder: Path) -> dict[str, float]:
    with Store.open(folder / "results.db") as store:
        return dict(store.query("SELECT key, test_loss FROM run").rows)  # type: ignore[arg-type]
