"""The SQL that gives a table's numbers, for people who want to check them or go on from there."""

from __future__ import annotations

from analysis.grid import Grid


def means(grid: Grid) -> str:
    """Mean and number of runs of every cell."""
    metric = grid.metric.name
    return f"""select method, level, avg(sparsity) as sparsity, count({metric}) as n, avg({metric}) as mean
from results
where {_where(grid, "results")}
  and status in ('done', 'collapsed') and {metric} is not null
group by method, level
order by method, level"""


def differences(grid: Grid) -> str:
    """Mean difference of every cell to what it is compared with, paired by seed."""
    metric = grid.metric.name
    against = grid.against or ""
    level = "0" if against in grid.dense else "mine.level"
    return f"""select mine.method, mine.level, count(*) as n, avg(mine.{metric} - other.{metric}) as difference
from results as mine
join results as other
  on other.suite = mine.suite and other.profile = mine.profile and other.data = mine.data
  and other.model = mine.model and other.environment = mine.environment and other.seed = mine.seed
  and other.method = {_quoted(against)} and other.level = {level}
where {_where(grid, "mine")}
  and mine.method <> {_quoted(against)} and mine.{metric} is not null and other.{metric} is not null
  and mine.status in ('done', 'collapsed') and other.status in ('done', 'collapsed')
group by mine.method, mine.level
order by mine.method, mine.level"""


def _where(grid: Grid, table: str) -> str:
    pairs = {name: getattr(grid, name) for name in ("suite", "profile", "data", "model", "environment")}
    return "\n  and ".join(f"{table}.{name} = {_quoted(value)}" for name, value in pairs.items())


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
