"""What hangs on a run: measured speeds, layers, arrays, learning curves."""

from __future__ import annotations

from bench.store.sentences import TABLES
from bench.store.sentences.words import ARTIFACT
from bench.store.views.parts import PLANNED, THEORY

_SPEED_COLUMNS = ", ".join(
    f"speed.{name}" for name in TABLES["speed"] if name not in ("", "environment_id", "session_id")
)
# Trainings of one key in several environments may differ in what they keep by a weight or so: the mean will do.
SPEEDS = f"""
select suite.name as suite, suite.profile, cell.data, cell.model, cell.method, cell.level, cell.target_sparsity,
       planned.seed, {_SPEED_COLUMNS}, environment.label as environment, environment.device_model as device,
       speed.batch / speed.seconds as throughput,
       (select avg({THEORY.format(runs="run")}) from run where run.key = speed.key) as theoretical_speedup,
       speed.session_id as session
from {PLANNED}
join speed on speed.key = planned.key
join environment on environment.id = speed.environment_id
where suite.is_current = 1
"""

LAYERS = """
select runs.key, runs.environment, run_layer.position, layer.name as layer, layer.kind, layer.weights,
       run_layer.kept, run_layer.effective,
       case when layer.weights > 0
            then cast(layer.weights - run_layer.kept as double precision) / layer.weights end as sparsity
from runs
join run_layer on run_layer.run_id = runs.id
join layer on layer.id = run_layer.layer_id
"""

ARTIFACTS = f"""
select runs.key, runs.environment, {", ".join(f"artifact.{name}" for name in ARTIFACT)},
       length(artifact.content) as bytes
from runs
join artifact on artifact.run_id = runs.id
"""

_POINTS = {  # the one place where the two databases have no common words: the rows of a JSON array
    "sqlite": (
        "json_each(curve.points) as point",
        "json_extract(point.value, '$[0]')",
        "json_extract(point.value, '$[1]')",
    ),
    "postgresql": (
        "json_array_elements(curve.points::json) as point(value)",
        "(point.value ->> 0)::bigint",
        "(point.value ->> 1)::double precision",
    ),
}


def curves(dialect: str) -> str:
    points, step, value = _POINTS[dialect]
    return f"""
select runs.key, runs.environment, run_step.position as part, curve.name, {step} as step, {value} as value
from runs
join run_step on run_step.run_id = runs.id
join curve on curve.trained_id = run_step.trained_id and curve.environment_id = runs.environment_id
          and curve.results_version = runs.results_version
cross join {points}
"""
