"""Which cells lead: by the headline of their suite at each sparsity, and by what they cost."""

from __future__ import annotations

from bench.store.views.cells import AGGREGATES
from bench.store.views.intervals import statistics
from bench.store.views.parts import CELL, CELL_OF, COUNTS, HEADLINE, PLANNED, columns, stands

_PROBLEM = "cell.suite_id, cell.data, cell.model, intervals.environment_id"

# A loss is the better the lower it is. Methods of equal means share a place, and the next one is left out.
LEADERBOARD = f"""
with counted as (
select planned.cell_id, run.environment_id, run.status, {COUNTS} 1 else 0 end as counts,
       {COUNTS} run.sparsity end as sparsity, {COUNTS} {HEADLINE} end as headline
from {PLANNED}
join run on run.key = planned.key
where suite.is_current = 1 and cell.standin = 0 and cell.level > 0 and {stands("run")}
),{statistics("counted", ("headline",), AGGREGATES)},
scored as (
select intervals.*, case suite.metric when 'test_loss' then headline_mean else 0 - headline_mean end as behind
from intervals
join cell on cell.id = intervals.cell_id
join suite on suite.id = cell.suite_id
where headline_mean is not null
)
select {CELL}, suite.metric,
       rank() over (partition by {_PROBLEM}, cell.level, cell.target_sparsity order by intervals.behind) as place,
       count(*) over (partition by {_PROBLEM}, cell.level, cell.target_sparsity) as methods,
       intervals.sparsity, intervals.n, intervals.failed, intervals.collapsed, intervals.diverged,
       intervals.headline_mean as mean, intervals.headline_sd as sd,
       intervals.headline_low as low, intervals.headline_high as high,
       intervals.behind - min(intervals.behind)
           over (partition by {_PROBLEM}, cell.level, cell.target_sparsity) as behind
from scored as intervals
{CELL_OF}
"""

# What a network costs, and the measurement that says it.
_COSTS = {"parameters": "parameters_kept", "macs": "macs_kept", "bytes": "bytes_bitmask"}
_SIZES = " ".join(f"when '{name}' then intervals.{name}" for name in _COSTS)
_SIZE = f"case cost.name {_SIZES} end"
_NAMES = " union all ".join(f"select '{name}' as name" for name in _COSTS)
# What comes before a cell in this order costs no more; a cell is beaten when one of those is as accurate, or more so.
# Cells that are equal in both are one group: none of them beats another.
_BEFORE = """over (partition by suite_id, data, model, environment_id, cost order by size, test_accuracy_mean desc
       groups between unbounded preceding and 1 preceding)"""

FRONTIER = f"""
with counted as (
select planned.cell_id, run.environment_id, run.sparsity, run.test_accuracy,
       {columns("cast(run.{x} as double precision) as {x}", tuple(_COSTS.values()))}
from {PLANNED}
join run on run.key = planned.key
where suite.is_current = 1 and cell.standin = 0 and run.status in ('done', 'collapsed')
  and run.test_accuracy is not null and {stands("run")}
),{
    statistics(
        "counted",
        ("test_accuracy",),
        ("count(*) as n", "avg(sparsity) as sparsity", *(f"avg({of}) as {name}" for name, of in _COSTS.items())),
    )
},
sized as (
select intervals.*, cell.suite_id, cell.data, cell.model, cost.name as cost, {_SIZE} as size
from intervals
join cell on cell.id = intervals.cell_id
cross join ({_NAMES}) as cost
where {_SIZE} is not null
),
compared as (
select sized.*, max(test_accuracy_mean) {_BEFORE} as best_before
from sized
)
select {CELL}, intervals.cost, intervals.size, intervals.sparsity, intervals.n,
       intervals.test_accuracy_mean, intervals.test_accuracy_sd,
       intervals.test_accuracy_low, intervals.test_accuracy_high
from compared as intervals
{CELL_OF}
where intervals.best_before is null or intervals.test_accuracy_mean > intervals.best_before
"""
