"""Every two methods of one comparison, paired by seed."""

from __future__ import annotations

from bench.store.views.intervals import quantile, statistics
from bench.store.views.parts import HEADLINE, PLANNED, stands

ALIKE = 0.001  # measured sparsities of a pair differ by less

_SIDE = "case side.sign when 1 then {0} else {1} end"

# Each pair is computed once and shown from both sides, so that a reader need not know which one comes first.
DUELS = f"""
with problem as materialized (
select cell.id as cell_id, min(cell.id) over (partition by cell.suite_id, cell.data, cell.model, cell.level) as ring
from suite join cell on cell.suite_id = suite.id
where suite.is_current = 1 and cell.standin = 0
),
fighter as materialized (
select problem.ring, planned.seed, run.environment_id, planned.cell_id, run.sparsity,
       {HEADLINE} as headline, case suite.metric when 'test_loss' then -1 else 1 end as up
from {PLANNED}
join problem on problem.cell_id = cell.id
join run on run.key = planned.key
where run.status in ('done', 'collapsed') and {stands("run")}
),
fought as (
select one.cell_id, other.cell_id as rival_id, one.environment_id, one.sparsity, other.sparsity as rival_sparsity,
       one.headline - other.headline as difference, one.up * (one.headline - other.headline) as better
from fighter as one
join fighter as other on other.ring = one.ring and other.seed = one.seed
     and other.environment_id = one.environment_id and other.cell_id > one.cell_id
where abs(one.sparsity - other.sparsity) < {ALIKE}
  and one.headline is not null and other.headline is not null
),{
    statistics(
        "fought",
        ("difference",),
        (
            "count(*) as n",
            "avg(sparsity) as sparsity",
            "avg(rival_sparsity) as rival_sparsity",
            "sum(case when better > 0 then 1 else 0 end) as wins",
            "sum(case when better < 0 then 1 else 0 end) as losses",
        ),
        ("cell_id", "rival_id", "environment_id"),
    )
}
select suite.name as suite, suite.profile, cell.data, cell.model,
       {_SIDE.format("cell.method", "rival.method")} as method,
       {_SIDE.format("rival.method", "cell.method")} as rival,
       cell.level, cell.target_sparsity, environment.label as environment, suite.metric,
       {_SIDE.format("intervals.sparsity", "intervals.rival_sparsity")} as sparsity,
       {_SIDE.format("intervals.rival_sparsity", "intervals.sparsity")} as rival_sparsity,
       intervals.n,
       {_SIDE.format("intervals.wins", "intervals.losses")} as wins,
       {_SIDE.format("intervals.losses", "intervals.wins")} as losses,
       intervals.n - intervals.wins - intervals.losses as ties,
       {_SIDE.format("difference_mean", "0 - difference_mean")} as difference_mean,
       difference_sd,
       {_SIDE.format("difference_low", "0 - difference_high")} as difference_low,
       {_SIDE.format("difference_high", "0 - difference_low")} as difference_high,
       {_SIDE.format("difference_mean", "0 - difference_mean")} * ({quantile("intervals.n")})
           / nullif(difference_half, 0) as t,
       intervals.n - 1 as df
from intervals
cross join (select 1 as sign union all select -1) as side
join cell on cell.id = intervals.cell_id
join cell as rival on rival.id = intervals.rival_id
join suite on suite.id = cell.suite_id
join environment on environment.id = intervals.environment_id
"""
