"""Which cells a suite has and which seeds it asks for, from the runs that are there and those that are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from analysis.selection import check, select

PROBLEM = ["suite", "profile", "data", "model"]
PLANNED = [*PROBLEM, "method", "method_name", "level", "target_sparsity", "position", "seed"]
# These choose what a suite asks for; the others choose among the runs that answer it.
PLAN_FILTERS = ("suite", "profile", "data", "model", "seed")
CELL_FILTERS = ("method", "level", "sparsity")
DENSE = "none"


def planned_runs(runs: pd.DataFrame, missing: pd.DataFrame | None) -> pd.DataFrame:
    """One row for each cell and seed that a suite asks for, as far as the database knows."""
    frames = [runs[PLANNED]]
    if missing is not None and not missing.empty:
        names = dict(zip(runs["method"], runs["method_name"], strict=True))
        named = missing.assign(method_name=[names.get(label, label) for label in missing["method"]])
        frames.append(named[PLANNED])
    return pd.concat(frames).drop_duplicates([*PROBLEM, "method", "level", "seed"]).reset_index(drop=True)


def split_filters(
    only: Mapping[str, Sequence[str]],
) -> tuple[dict[str, Sequence[str]], dict[str, Sequence[str]], dict[str, Sequence[str]]]:
    """Filters of what a suite asks for, of the cells to show, and of the runs that answer."""
    check(only)
    plan = {name: values for name, values in only.items() if name in PLAN_FILTERS}
    cells = {name: values for name, values in only.items() if name in CELL_FILTERS}
    runs = {name: values for name, values in only.items() if name not in plan and name not in cells}
    return plan, cells, runs


def restrict(runs: pd.DataFrame, planned: pd.DataFrame) -> pd.DataFrame:
    """The runs of planned cells and seeds."""
    return runs.merge(planned[[*PROBLEM, "method", "level", "seed"]], on=[*PROBLEM, "method", "level", "seed"])


def chosen_runs(
    runs: pd.DataFrame, missing: pd.DataFrame | None, only: Mapping[str, Sequence[str]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The runs that all filters let through, and what the suites ask for of what the filters name."""
    of_plan, of_cells, of_runs = split_filters(only)
    planned = select(planned_runs(runs, missing), {**of_plan, **of_cells})
    return select(restrict(runs, planned), of_runs), planned


def shown_cells(
    planned: pd.DataFrame, filters: Mapping[str, Sequence[str]], against: str
) -> frozenset[tuple[str, str, str, str, str, int]] | None:
    """The cells to show, or None for all: those that the filters choose, and what they are compared with."""
    if not filters:
        return None
    chosen = select(planned, filters)
    levels = {0, *chosen["level"]}
    is_baseline = planned["method"] == against
    if not is_baseline.any():
        is_baseline = planned["method_name"] == against
    baseline = planned[is_baseline & planned["level"].isin(levels)]
    columns = [*PROBLEM, "method", "level"]
    return frozenset(pd.concat([chosen, baseline])[columns].itertuples(index=False, name=None))
