"""Studies with trials, for tests of what the database says of them and where it takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bench.store import CellRecord, EnvironmentInfo, SessionInfo, Store, SuiteRecord
from bench.store.study_records import StudyRecord, TrialRecord, TrialRunRecord
from tests.store.build import CPU, cell, fill, run

STUDY = StudyRecord(
    hash="5tudy",
    environment_id=0,
    results_version=1,
    name="one-shot at 90 %",
    suite="penguins",
    profile="full",
    data="penguins",
    standin=False,
    model="penguin-net",
    method_name="one-shot",
    target_sparsity=0.9,
    objective="accuracy",
    within=None,
    sampler="tpe",
    sampler_seed=0,
    batch=2,
    seeds=(10, 11),
    halving={},
    entry={"one-shot": {}},
    space=[{"name": "rates"}],
    budget_unit="trials",
    budget=4.0,
)
SUITE = SuiteRecord("tuned", "full", "Tuned", "test_accuracy", "tuned", "title: Tuned")


def trial(number: int, value: float | None, **changes: Any) -> TrialRecord:
    params = {"rates.fc1": number / 10}
    one = TrialRecord(number, number // 2, params, {"one-shot": params}, state="done", value=value, accuracy=value)
    return replace(one, seeds=2, steps=100, flops=1e6, **changes)


DEFAULT, BETTER, BROKEN = trial(0, 0.7), trial(1, 0.8), trial(2, None, state="failed", reason="out of memory")


def tune(
    store: Store,
    trials: Sequence[TrialRecord] = (DEFAULT, BETTER, BROKEN),
    environment: EnvironmentInfo = CPU,
    **changes: Any,
) -> int:
    """Conduct a study as `bench tune` does, as far as these trials; its number."""
    session = store.start_session(SessionInfo("bench tune penguins"))
    record = replace(STUDY, environment_id=store.environment(environment), **changes)
    study = store.studies.begin(record, session).id
    store.studies.ask(study, [replace(one, state="waiting", value=None, accuracy=None) for one in trials])
    store.studies.start(study, [one.number for one in trials], session)
    made = [
        TrialRunRecord(
            one.number,
            f"{record.hash} {one.number} {seed}",
            seed,
            1.0,
            "done" if one.value is not None else "failed",
            one.reason,
            0.9,
            0.3,
            one.value,
            50,
            5e5,
            1.0,
        )
        for one in trials
        for seed in record.seeds
    ]
    store.studies.write(study, made)
    store.studies.finish(study, [one for one in trials if one.is_finished])
    store.studies.end(study, session)
    store.end_session(session, "done")
    return study


def confirm(store: Store, chosen: int = 1) -> list[CellRecord]:
    """A suite whose method has its rates from the study, beside the same method with its own, on fresh seeds."""
    usual, tuned = cell("one-shot", 1, range(3)), cell("tuned", 1, range(3), method_name="one-shot")
    cells = [usual, replace(tuned, tuned=(("rates", STUDY.hash, chosen), ("scope", STUDY.hash, chosen)))]
    runs = [run(key, (0.7, 0.78)[place] + seed**2 / 99) for place, one in enumerate(cells) for seed, key in one.seeds]
    fill(store, cells, runs, suite=SUITE)
    return cells
