"""Our numbers beside those that others published."""

from __future__ import annotations

from bench.store.views.intervals import statistics
from bench.store.views.parts import CELL, CELL_OF, stands

_METRICS = ("test_accuracy", "test_loss")
_SPARSITY = "coalesce(published.sparsity_true, published.sparsity_claimed)"
_OURS = "case published.metric when 'test_loss' then intervals.test_loss_{0} else intervals.test_accuracy_{0} end"

# A cell matches by suite (where one is named), data and network, by the label of its method, or by the method's name
# where no cell has that label, and by its target: the nearest of those that leave less than a twentieth more or less.
# A network without a protocol in its name stands for that network under each protocol.
VERSUS_PUBLISHED = f"""
with matched as materialized (
select cell.id as cell_id, published.project, published.position
from published
join suite on suite.is_current = 1 and (published.suite is null or published.suite = suite.name)
join cell on cell.suite_id = suite.id and cell.standin = 0
     and cell.data = published.data
     and cell.model in (published.model, published.model || ' (' || cell.protocol || ')')
where published.metric in {_METRICS!r}
  and abs(cell.target_sparsity - {_SPARSITY}) < (1 - {_SPARSITY}) / 20
  and not exists (
       select 1 from cell as nearer
       where nearer.suite_id = cell.suite_id and nearer.data = cell.data and nearer.model = cell.model
         and nearer.method = cell.method
         and abs(nearer.target_sparsity - {_SPARSITY}) < abs(cell.target_sparsity - {_SPARSITY}))
  and (cell.method = published.method
       or cell.method_name = published.method and not exists (
           select 1 from cell as named
           where named.suite_id = cell.suite_id and named.data = cell.data and named.model = cell.model
             and named.method = published.method))
),
counted as (
select planned.cell_id, run.environment_id, run.test_accuracy, run.test_loss
from (select distinct cell_id from matched) as wanted
join planned on planned.cell_id = wanted.cell_id
join run on run.key = planned.key
where run.status in ('done', 'collapsed') and {stands("run")}
),{statistics("counted", _METRICS, ("count(*) as n",))}
select {CELL}, published.project, published.their_method, published.sparsity_claimed, published.sparsity_true,
       published.metric, published.value as published,
       intervals.n, {_OURS.format("mean")} as mean, {_OURS.format("sd")} as sd,
       {_OURS.format("low")} as low, {_OURS.format("high")} as high,
       {_OURS.format("mean")} - published.value as difference,
       case when {_OURS.format("low")} is not null
            then case when published.value between {_OURS.format("low")} and {_OURS.format("high")}
                      then 1 else 0 end end as inside,
       published.source, published.note, cell.protocol
from matched
join published on published.project = matched.project and published.position = matched.position
join intervals on intervals.cell_id = matched.cell_id
{CELL_OF}
"""
