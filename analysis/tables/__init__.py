"""Tables, each a function of a DataFrame that gives a Sheet: `tables.winners(load("results.db")).to_latex()`.

TABLES lists all of them, so that a report or a paper may go through them.
"""

from __future__ import annotations

from analysis.tables.areas import TABLE as AREAS
from analysis.tables.areas import areas
from analysis.tables.compression import TABLE as COMPRESSION
from analysis.tables.compression import compression
from analysis.tables.costs import TABLE as COSTS
from analysis.tables.costs import costs
from analysis.tables.detectable import TABLE as DETECTABLE
from analysis.tables.detectable import detectable
from analysis.tables.differences import TABLE as DIFFERENCES
from analysis.tables.differences import differences
from analysis.tables.duels import TABLE as DUELS
from analysis.tables.duels import duels
from analysis.tables.gathering import gather
from analysis.tables.holdings import TABLES as HOLDINGS
from analysis.tables.holdings import coverage, environments, failures
from analysis.tables.kept import TABLE as KEPT
from analysis.tables.kept import kept
from analysis.tables.kind import Evidence, TableKind
from analysis.tables.published import TABLE as PUBLISHED
from analysis.tables.published import published
from analysis.tables.ranks import TABLE as RANKS
from analysis.tables.ranks import ranks
from analysis.tables.tuning import TABLE as TUNING
from analysis.tables.tuning import tuning
from analysis.tables.winners import TABLE as WINNERS
from analysis.tables.winners import winners

__all__ = [
    "TABLES",
    "Evidence",
    "TableKind",
    "areas",
    "compression",
    "costs",
    "coverage",
    "detectable",
    "differences",
    "duels",
    "environments",
    "failures",
    "gather",
    "kept",
    "published",
    "ranks",
    "tuning",
    "winners",
]

TABLES: tuple[TableKind, ...] = (
    WINNERS,
    DIFFERENCES,
    DUELS,
    AREAS,
    KEPT,
    RANKS,
    DETECTABLE,
    COSTS,
    COMPRESSION,
    PUBLISHED,
    TUNING,
    *HOLDINGS,
)
