"""Cells over their seeds: alone, and against the dense network."""

from __future__ import annotations

from bench.store.views.intervals import interval_columns, statistics
from bench.store.views.parts import CELL, CELL_OF, COUNTS, PLANNED, columns, stands

_METRICS = ("test_accuracy", "test_loss", "validation_accuracy", "validation_loss")
AGGREGATES = (
    "avg(sparsity) as sparsity",
    "sum(counts) as n",
    *(f"sum(case when status = '{word}' then 1 else 0 end) as {word}" for word in ("failed", "collapsed", "diverged")),
)

SUMMARY = f"""
with counted as (
select planned.cell_id, run.environment_id, run.status, {COUNTS} 1 else 0 end as counts,
       {columns(COUNTS + "run.{x} end as {x}", ("sparsity", *_METRICS))}
from {PLANNED}
join run on run.key = planned.key
where suite.is_current = 1 and cell.standin = 0 and {stands("run")}
),{statistics("counted", _METRICS, AGGREGATES)}
select {CELL},
       intervals.sparsity, intervals.n, intervals.failed, intervals.collapsed, intervals.diverged,
       {interval_columns(_METRICS)}, cell.protocol
from intervals
{CELL_OF}
"""

_DIFFERENCES = ("test_accuracy_difference", "test_loss_difference")

VERSUS_DENSE = f"""
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
  and run.status in ('done', 'collapsed') and {stands("run")}
  and dense_run.status in ('done', 'collapsed') and {stands("dense_run")}
),{statistics("paired", _DIFFERENCES, ("count(*) as n",))}
select {CELL}, intervals.n, {interval_columns(_DIFFERENCES)}
from intervals
{CELL_OF}
"""
