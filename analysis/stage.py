"""The stage of a suite: while it is being developed, nobody here sees its test data.

Runs are evaluated on test data at either stage and the database keeps the numbers, as its views do. What is read from
it for tables, figures and choices is read through `veiled`: of a suite at stage `develop` every number of test data is
gone there, and its headline is the one of the same name on validation data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

DEVELOP, FINAL = "develop", "final"
STAGE = "stage"  # the column that a veiled frame has besides
VERSIONS = "select name, profile, settings from suite where is_current = 1"
NOTICE = (
    "Validation data alone: this suite is at the stage develop. `stage: final` in its file, and another `bench run`,"
    " show its test data."
)

Developing = frozenset[tuple[str, str]]  # suite and profile


def developing(versions: Iterable[Mapping[str, Any]]) -> Developing:
    """The suites at stage develop, from the rows of VERSIONS; one that says nothing is final."""
    return frozenset(
        (str(row["name"]), str(row["profile"]))
        for row in versions
        if json.loads(row["settings"]).get(STAGE, FINAL) == DEVELOP
    )


def stage_of(run: pd.Series[Any]) -> str:
    """The stage of a run's suite; a frame that was not read by us may not say it."""
    return str(run.get(STAGE, FINAL))


def shown_metric(metric: str, stage: str) -> str:
    """The metric that is shown where this one is asked for: that of the same name on validation data, or itself."""
    return metric.replace("test_", "validation_") if stage == DEVELOP else metric


def veiled(runs: pd.DataFrame, suites: Developing) -> pd.DataFrame:
    """Runs as they may be shown: those of suites at stage develop without any number of test data."""
    places = zip(runs["suite"], runs["profile"], strict=True)
    hidden = pd.Series([place in suites for place in places], index=runs.index, dtype=bool)
    shown = runs.assign(**{STAGE: hidden.map({True: DEVELOP, False: FINAL}).astype("object")})
    if hidden.any():
        numbers = [str(name) for name in runs.columns if _of_test_data(str(name))]
        shown.loc[hidden, numbers] = float("nan")
        shown.loc[hidden, "metric"] = [shown_metric(str(metric), DEVELOP) for metric in runs.loc[hidden, "metric"]]
    return shown


def _of_test_data(column: str) -> bool:
    return "test_" in column and column != "test_count"
