"""The views: the user's interface to the results, in SQL that SQLite 3.37 and PostgreSQL read alike.

They need nothing but the file: a square root, which an SQLite may lack, is made from a table of guesses and two of
Halley's steps; Student's t comes from a table, and beyond it from its expansion (see statistics.py).
"""

from __future__ import annotations

from bench.store.sentences import TABLES, VIEWS
from bench.store.sentences.words import ARTIFACT
from bench.store.statistics import LARGEST_DF, expansion

# Which row stands for a run that has several: the newest results version; then what was made here before what was
# merged, an end before a failure, and shipped reference rows last; then the last attempt.
_PLACE = """case {row}.origin when 'reference' then 0 when 'merged' then 1 else 2 end
             + case when {row}.origin <> 'reference' and {row}.status <> 'failed' then 2 else 0 end"""
_RANK = f"({{row}}.results_version, {_PLACE}, {{row}}.attempt)"

_RUN_COLUMNS = ", ".join(f"run.{name}" for name in TABLES["run"] if name not in ("", "pack_id"))


def _stands(row: str) -> str:
    """The condition that this row of `run` is the one that stands for its run."""
    return f"""not exists (
    select 1 from run as better
    where better.key = {row}.key and better.environment_id = {row}.environment_id and better.id <> {row}.id
      and {_RANK.format(row="better")}
        > {_RANK.format(row=row)}
)"""


_RUNS = f"""
select {_RUN_COLUMNS}, environment.label as environment, pack.session_id as session
from run
join environment on environment.id = run.environment_id
join pack on pack.id = run.pack_id
where {_stands("run")}
"""

_THEORY = "cast({runs}.macs as double precision) / nullif({runs}.macs_kept, 0)"

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
    "theoretical_speedup": _THEORY.format(runs="runs"),
}
_RESULT_COLUMNS = ", ".join(
    f"{_RESULT_SOURCES.get(name, 'runs.' + name)} as {name}" for name in VIEWS["results"] if name
)

_PLANNED = """suite
join cell on cell.suite_id = suite.id
join planned on planned.cell_id = cell.id"""

_RESULTS = f"""
select {_RESULT_COLUMNS}
from {_PLANNED}
join runs on runs.key = planned.key
join environment on environment.id = runs.environment_id
where suite.is_current = 1
"""

_CELL = (
    "suite.name as suite, suite.profile, cell.data, cell.model, cell.method, cell.level, cell.target_sparsity, "
    "environment.label as environment"
)
_CELL_OF = """join cell on cell.id = intervals.cell_id
join suite on suite.id = cell.suite_id
join environment on environment.id = intervals.environment_id"""


def _columns(template: str, names: tuple[str, ...]) -> str:
    return ",\n       ".join(template.format(x=name) for name in names)


def _statistics(source: str, names: tuple[str, ...], extra: tuple[str, ...] = ()) -> str:
    """Common table expressions from the rows of `source` (cell_id, environment_id and values) to `intervals`.

    Squares are summed about the mean, because the sum of plain squares loses the digits of a small spread. `extra` are
    aggregates that go along. Each step that is used more than once below is materialized: SQLite would repeat it.
    """
    halley = "{g} * ({g} * {g} + 3 * {v}) / (3 * {g} * {g} + {v})"
    guess = "(select guess from square_root where low <= {v} order by low desc limit 1)"
    student = (
        f"case when {{x}}_n <= {LARGEST_DF + 1} then (select quantile from student_t where df = {{x}}_n - 1) "
        f"else {expansion('({x}_n - 1)')} end"
    )
    roots = tuple(f"{name}_{what}" for name in names for what in ("sd", "half"))
    kept = ", ".join(("cell_id", "environment_id", *(name.split(" as ")[1] for name in extra)))
    means = _columns("{x}_mean", names)
    return f"""
centred as (
select {source}.*,
       {_columns("avg({x}) over (partition by cell_id, environment_id) as {x}_mean", names)}
from {source}
),
variances as materialized (
select {", ".join(("cell_id", "environment_id", *extra))},
       {_columns("count({x}) as {x}_n", names)},
       {_columns("max({x}_mean) as {x}_mean", names)},
       {_columns("sum(({x} - {x}_mean) * ({x} - {x}_mean)) / nullif(count({x}) - 1, 0) as {x}_sd", names)}
from centred group by cell_id, environment_id
),
scaled as materialized (
select {kept}, {means},
       {_columns("{x}_n, {x}_sd", names)},
       {_columns(student + " as {x}_t", names)}
from variances
),
guesses as materialized (
select {kept}, {means},
       {_columns("{x}_sd, {x}_sd / {x}_n * {x}_t * {x}_t as {x}_half", names)},
       {_columns(guess.format(v="{x}_sd") + " as {x}_sd_guess", names)},
       {_columns(guess.format(v="({x}_sd / {x}_n * {x}_t * {x}_t)") + " as {x}_half_guess", names)}
from scaled
),
nearer as materialized (
select {kept}, {means},
       {_columns("{x}", roots)},
       {_columns(halley.format(g="{x}_guess", v="{x}") + " as {x}_guess", roots)}
from guesses
),
exact as materialized (
select {kept}, {means},
       {_columns("case when {x} > 0 then " + halley.format(g="{x}_guess", v="{x}") + " else {x} end as {x}", roots)}
from nearer
),
intervals as (
select {kept}, {means},
       {_columns("{x}_sd", names)},
       {_columns("{x}_mean - {x}_half as {x}_low", names)},
       {_columns("{x}_mean + {x}_half as {x}_high", names)}
from exact
)"""


def _interval_columns(names: tuple[str, ...]) -> str:
    return ", ".join(f"intervals.{name}_{what}" for name in names for what in ("mean", "sd", "low", "high"))


_COUNTS = "case when run.status in ('done', 'collapsed') then "  # a diverged run has no numbers worth a mean
_METRICS = ("test_accuracy", "test_loss", "validation_accuracy", "validation_loss")
_AGGREGATES = (
    "avg(sparsity) as sparsity",
    "sum(counts) as n",
    *(f"sum(case when status = '{word}' then 1 else 0 end) as {word}" for word in ("failed", "collapsed", "diverged")),
)

_SUMMARY = f"""
with counted as (
select planned.cell_id, run.environment_id, run.status, {_COUNTS} 1 else 0 end as counts,
       {_columns(_COUNTS + "run.{x} end as {x}", ("sparsity", *_METRICS))}
from {_PLANNED}
join run on run.key = planned.key
where suite.is_current = 1 and cell.standin = 0 and {_stands("run")}
),{_statistics("counted", _METRICS, _AGGREGATES)}
select {_CELL},
       intervals.sparsity, intervals.n, intervals.failed, intervals.collapsed, intervals.diverged,
       {_interval_columns(_METRICS)}
from intervals
{_CELL_OF}
"""

_DIFFERENCES = ("test_accuracy_difference", "test_loss_difference")

_VERSUS_DENSE = f"""
with dense as materialized (
select cell.suite_id, cell.data, cell.model, min(cell.id) as cell_id
from suite join cell on cell.suite_id = suite.id
where suite.is_current = 1 and cell.standin = 0 and cell.method_name = 'none'
group by cell.suite_id, cell.data, cell.model
),
paired as (
select cell.id as cell_id, run.environment_id,
       run.test_accuracy - dense_run.test_accuracy as test_accuracy_difference,
       run.test_loss - dense_run.test_loss as test_loss_difference
from dense
join cell on cell.suite_id = dense.suite_id and cell.data = dense.data and cell.model = dense.model
join planned on planned.cell_id = cell.id
join planned as dense_planned on dense_planned.cell_id = dense.cell_id and dense_planned.seed = planned.seed
join run on run.key = planned.key
join run as dense_run on dense_run.key = dense_planned.key and dense_run.environment_id = run.environment_id
where cell.method_name <> 'none'
  and run.status in ('done', 'collapsed') and {_stands("run")}
  and dense_run.status in ('done', 'collapsed') and {_stands("dense_run")}
),{_statistics("paired", _DIFFERENCES, ("count(*) as n",))}
select {_CELL}, intervals.n, {_interval_columns(_DIFFERENCES)}
from intervals
{_CELL_OF}
"""

_MISSING = f"""
select suite.name as suite, suite.profile, cell.data, cell.model, cell.method, cell.level, cell.target_sparsity,
       planned.seed, planned.key,
       (select count(*) from run where run.key = planned.key and run.origin <> 'reference') as failed
from {_PLANNED}
where suite.is_current = 1 and not exists (
    select 1 from run where run.key = planned.key and run.origin <> 'reference' and run.status <> 'failed'
)
"""

_SPEED_COLUMNS = ", ".join(
    f"speed.{name}" for name in TABLES["speed"] if name not in ("", "environment_id", "session_id")
)
# Trainings of one key in several environments may differ in what they keep by a weight or so: the mean will do.
_SPEEDS = f"""
select suite.name as suite, suite.profile, cell.data, cell.model, cell.method, cell.level, cell.target_sparsity,
       planned.seed, {_SPEED_COLUMNS}, environment.label as environment, environment.device_model as device,
       speed.batch / speed.seconds as throughput,
       (select avg({_THEORY.format(runs="run")}) from run where run.key = speed.key) as theoretical_speedup,
       speed.session_id as session
from {_PLANNED}
join speed on speed.key = planned.key
join environment on environment.id = speed.environment_id
where suite.is_current = 1
"""

_LAYERS = """
select runs.key, runs.environment, run_layer.position, layer.name as layer, layer.kind, layer.weights,
       run_layer.kept, run_layer.effective,
       case when layer.weights > 0
            then cast(layer.weights - run_layer.kept as double precision) / layer.weights end as sparsity
from runs
join run_layer on run_layer.run_id = runs.id
join layer on layer.id = run_layer.layer_id
"""

_ARTIFACTS = f"""
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


def _curves(dialect: str) -> str:
    points, step, value = _POINTS[dialect]
    return f"""
select runs.key, runs.environment, run_step.position as part, curve.name, {step} as step, {value} as value
from runs
join run_step on run_step.run_id = runs.id
join curve on curve.trained_id = run_step.trained_id and curve.environment_id = runs.environment_id
          and curve.results_version = runs.results_version
cross join {points}
"""


def views(dialect: str) -> dict[str, str]:
    """The select of every view by name, in an order in which they can be made."""
    return {
        "runs": _RUNS,
        "results": _RESULTS,
        "summary": _SUMMARY,
        "versus_dense": _VERSUS_DENSE,
        "missing": _MISSING,
        "speeds": _SPEEDS,
        "layers": _LAYERS,
        "artifacts": _ARTIFACTS,
        "curves": _curves(dialect),
    }


def create_statements(dialect: str) -> list[str]:
    """CREATE VIEW for all of them; SQLite keeps the sentence with the text."""
    return [f"create view {name} as /* {VIEWS[name]['']} */{select}" for name, select in views(dialect).items()]


def drop_statements(dialect: str) -> list[str]:
    return [f"drop view if exists {name}" for name in reversed(views(dialect))]
