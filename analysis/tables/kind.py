"""What every file of tables offers, and what tables are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from analysis.plan import DENSE
from analysis.sheet import Sheet


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a database holds for tables: runs, and what some tables need beyond them."""

    runs: pd.DataFrame  # the view `results`
    missing: pd.DataFrame | None = None  # the view `missing`: what suites still need
    speeds: pd.DataFrame | None = None  # the view `speeds`
    published: pd.DataFrame | None = None  # the view `versus_published`
    tuning: pd.DataFrame | None = None  # the view `tuning`
    metric: str | None = None  # None: each suite's headline
    against: str = DENSE  # what differences are taken to


@dataclass(frozen=True)
class TableKind:
    """One kind of table: all there is to say about it, and the function that makes it."""

    name: str  # of the function in analysis.tables, and of its files
    title: str
    caption: str  # what the numbers are, in sentences
    absence: str  # the sentence in place of a table without rows
    make: Callable[[Evidence], Sheet]


class Compares(Protocol):
    """A table of what methods reach, in a metric, against a method."""

    def __call__(
        self, runs: pd.DataFrame, metric: str | None, against: str, missing: pd.DataFrame | None, /
    ) -> Sheet: ...


def comparing(table: Compares) -> Callable[[Evidence], Sheet]:
    """How such a table is made from evidence."""
    return lambda given: table(given.runs, given.metric, given.against, given.missing)
