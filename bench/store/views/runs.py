"""Runs as they are: each once, each in its suites, and those that are still to do."""

from __future__ import annotations

from bench.store.sentences import VIEWS
from bench.store.views.parts import PLANNED, THEORY, stands

_RUN_SOURCES = {
    "split_hash": "split.hash",
    "finished_at": "pack.finished_at",
    "environment": "environment.label",
    "session": "pack.session_id",
}
_RUN_COLUMNS = ", ".join(f"{_RUN_SOURCES.get(name, 'run.' + name)} as {name}" for name in VIEWS["runs"] if name)

RUNS = f"""
select {_RUN_COLUMNS}
from run
join environment on environment.id = run.environment_id
join pack on pack.id = run.pack_id
left join split on split.id = run.split_id
where {stands("run")}
"""

_RESULT_SOURCES = {
    "suite": "suite.name",
    "profile": "suite.profile",
    "suite_hash": "suite.hash",
    "metric": "suite.metric",
    "device": "environment.device_model",
    "torch": "environment.torch",
    "seed": "planned.seed",
    **{name: f"cell.{name}" for name in ("data", "standin", "model", "method", "method_name", "options", "level")},
    "target_sparsity": "cell.target_sparsity",
    "position": "cell.position",
    "protocol": "cell.protocol",
    "theoretical_speedup": THEORY.format(runs="runs"),
}
_RESULT_COLUMNS = ", ".join(
    f"{_RESULT_SOURCES.get(name, 'runs.' + name)} as {name}" for name in VIEWS["results"] if name
)

RESULTS = f"""
select {_RESULT_COLUMNS}
from {PLANNED}
join runs on runs.key = planned.key
join environment on environment.id = runs.environment_id
where suite.is_current = 1
"""

MISSING = f"""
select suite.name as suite, suite.profile, cell.data, cell.model, cell.method, cell.level, cell.target_sparsity,
       planned.seed, planned.key,
       (select count(*) from run where run.key = planned.key and run.origin <> 'reference') as failed,
       cell.position
from {PLANNED}
where suite.is_current = 1 and not exists (
    select 1 from run where run.key = planned.key and run.origin <> 'reference' and run.status <> 'failed'
)
"""
