"""The SQL that gives a table's numbers, for people who want to check them or go on from there."""

from __future__ import annotations

from typing import Final

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


_CELL = """where suite = {suite} and profile = {profile} and data = {data} and model = {model}
  and environment = {environment}
  and method = {method} and level = {level}"""

# The same of a single cell. The page fills in the words in braces, quoted as SQL has it; `metric` is a column.
OF_CELL: Final = {
    "runs": {
        "title": "its runs, seed by seed",
        "text": f"""select key, seed, status, origin, sparsity, {{metric}}
from results
{_CELL}
order by seed""",
    },
    "mean": {
        "title": "mean and number of runs",
        "text": f"""select count({{metric}}) as n, avg({{metric}}) as mean
from results
{_CELL}
  and status in ('done', 'collapsed') and {{metric}} is not null""",
    },
    "difference": {
        "title": "the difference, paired by seed",
        "text": """select mine.seed, mine.{metric} - other.{metric} as difference
from results as mine
join results as other
  on other.suite = mine.suite and other.profile = mine.profile and other.data = mine.data
  and other.model = mine.model and other.environment = mine.environment and other.seed = mine.seed
  and other.method = {against} and other.level = {other_level}
where mine.suite = {suite} and mine.profile = {profile} and mine.data = {data} and mine.model = {model}
  and mine.environment = {environment}
  and mine.method = {method} and mine.level = {level}
  and mine.{metric} is not null and other.{metric} is not null
  and mine.status in ('done', 'collapsed') and other.status in ('done', 'collapsed')
order by mine.seed""",
    },
}
