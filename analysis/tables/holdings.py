"""What a database holds besides numbers: how complete its suites are, what failed and why, where runs were made."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analysis import inventory
from analysis.plan import planned_runs
from analysis.sheet import Sheet
from analysis.tables.kind import TableKind

COVERAGE_CAPTION = (
    "Runs with a result, of those that the suites ask for. Reference results came with the project, local ones were"
    " made here, merged ones came from another database."
)
FAILURES_CAPTION = (
    "A run collapsed when a layer lost all its weights; such runs are in the means. It diverged when a value was not"
    " finite, and failed when it broke off; neither is in a mean."
)
ENVIRONMENTS_CAPTION = (
    "An environment is what decides the last bits of a result. Results of different ones are never averaged, nor"
    " compared with each other."
)
NOTHING = "No table: nothing has been run yet."
NO_FAILURES = "No table: no run failed, diverged or collapsed."


def coverage(runs: pd.DataFrame, missing: pd.DataFrame | None = None) -> Sheet:
    """For each problem and environment: runs with a result, of those that the suite asks for."""
    sheet = inventory.coverage(runs, planned_runs(runs, missing))
    return replace(sheet, caption=COVERAGE_CAPTION, absence=NOTHING)


def failures(runs: pd.DataFrame) -> Sheet:
    """Every way in which runs failed, diverged or collapsed, with its reason."""
    return replace(inventory.failures(runs), caption=FAILURES_CAPTION, absence=NO_FAILURES)


def environments(runs: pd.DataFrame) -> Sheet:
    """Where runs were made."""
    return replace(inventory.environments(runs), caption=ENVIRONMENTS_CAPTION, absence=NOTHING)


TABLES = (
    TableKind(
        *("coverage", "What has been run", COVERAGE_CAPTION, NOTHING), lambda given: coverage(given.runs, given.missing)
    ),
    TableKind(*("failures", "What failed, and why", FAILURES_CAPTION, NO_FAILURES), lambda given: failures(given.runs)),
    TableKind(
        *("environments", "Where it was run", ENVIRONMENTS_CAPTION, NOTHING), lambda given: environments(given.runs)
    ),
)
