"""Pieces of SQL that several views share."""

from __future__ import annotations

# Which row stands for a run that has several: the newest results version; then what was made here before what was
# merged, an end before a failure, and shipped reference rows last; then the last attempt.
_PLACE = """case {row}.origin when 'reference' then 0 when 'merged' then 1 else 2 end
             + case when {row}.origin <> 'reference' and {row}.status <> 'failed' then 2 else 0 end"""
_RANK = f"({{row}}.results_version, {_PLACE}, {{row}}.attempt)"


def stands(row: str) -> str:
    """The condition that this row of `run` is the one that stands for its run."""
    return f"""not exists (
    select 1 from run as better
    where better.key = {row}.key and better.environment_id = {row}.environment_id and better.id <> {row}.id
      and {_RANK.format(row="better")}
        > {_RANK.format(row=row)}
)"""


def columns(template: str, names: tuple[str, ...]) -> str:
    return ",\n       ".join(template.format(x=name) for name in names)


PLANNED = """suite
join cell on cell.suite_id = suite.id
join planned on planned.cell_id = cell.id"""

CELL = (
    "suite.name as suite, suite.profile, cell.data, cell.model, cell.method, cell.level, cell.target_sparsity, "
    "environment.label as environment"
)
CELL_OF = """join cell on cell.id = intervals.cell_id
join suite on suite.id = cell.suite_id
join environment on environment.id = intervals.environment_id"""

COUNTS = "case when run.status in ('done', 'collapsed') then "  # a diverged run has no numbers worth a mean

HEADLINE = "case suite.metric when 'test_loss' then run.test_loss else run.test_accuracy end"

THEORY = "cast({runs}.macs as double precision) / nullif({runs}.macs_kept, 0)"
