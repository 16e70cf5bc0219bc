"""The tables of the result database. What each table and column means stands in sentences.py.

Integer ids never leave a file; what is the same in every file is known by its hash: a run by its key; an environment,
a recipe, a suite version by theirs.
"""

from __future__ import annotations

from sqlalchemy import MetaData

from bench.store.base import Base
from bench.store.schema.aids import Documentation, Published, Question, SquareRoot, StudentT
from bench.store.schema.artifacts import Artifact
from bench.store.schema.conflicts import Conflict
from bench.store.schema.plans import Cell, Planned, Settings, Suite
from bench.store.schema.results import (
    Curve,
    Evaluation,
    Layer,
    Pack,
    Recipe,
    Run,
    RunLayer,
    RunStep,
    Speed,
    Split,
    Trained,
)
from bench.store.schema.sessions import Calibration, Environment, Plugin, Session, SessionPlugin
from bench.store.schema.sharing import Driver, Lease
from bench.store.schema.tuning import Study, Trial, TrialRun, Tuned
from bench.store.sentences import TABLES

__all__ = [
    "Artifact",
    "Calibration",
    "Cell",
    "Conflict",
    "Curve",
    "Documentation",
    "Driver",
    "Environment",
    "Evaluation",
    "Layer",
    "Lease",
    "Pack",
    "Planned",
    "Plugin",
    "Published",
    "Question",
    "Recipe",
    "Run",
    "RunLayer",
    "RunStep",
    "Session",
    "SessionPlugin",
    "Settings",
    "Speed",
    "Split",
    "SquareRoot",
    "StudentT",
    "Study",
    "Suite",
    "Trained",
    "Trial",
    "TrialRun",
    "Tuned",
]


def _finish(metadata: MetaData) -> None:
    """Every table gets its sentences and, on SQLite, refuses values of the wrong type."""
    for table in metadata.tables.values():
        table.dialect_options["sqlite"]["strict"] = True
        table.comment = TABLES[table.name][""]
        for column in table.columns:
            column.comment = TABLES[table.name][column.name]


_finish(Base.metadata)
