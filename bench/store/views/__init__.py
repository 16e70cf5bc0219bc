"""The views: the user's interface to the results, in SQL that SQLite 3.37 and PostgreSQL read alike."""

from __future__ import annotations

from bench.store.sentences import VIEWS
from bench.store.views.cells import SUMMARY, VERSUS_DENSE
from bench.store.views.conflicts import conflicts
from bench.store.views.details import ARTIFACTS, LAYERS, SPEEDS, curves
from bench.store.views.duels import DUELS
from bench.store.views.published import VERSUS_PUBLISHED
from bench.store.views.ranking import FRONTIER, LEADERBOARD
from bench.store.views.runs import MISSING, RESULTS, RUNS
from bench.store.views.tuning import STUDIES, TRIALS, tuning


def views(dialect: str) -> dict[str, str]:
    """The select of every view by name, in an order in which they can be made."""
    return {
        "runs": RUNS,
        "results": RESULTS,
        "summary": SUMMARY,
        "versus_dense": VERSUS_DENSE,
        "leaderboard": LEADERBOARD,
        "duels": DUELS,
        "frontier": FRONTIER,
        "versus_published": VERSUS_PUBLISHED,
        "conflicts": conflicts(dialect),
        "missing": MISSING,
        "studies": STUDIES,
        "trials": TRIALS,
        "tuning": tuning(dialect),
        "speeds": SPEEDS,
        "layers": LAYERS,
        "artifacts": ARTIFACTS,
        "curves": curves(dialect),
    }


def create_statements(dialect: str) -> list[str]:
    """CREATE VIEW for all of them; SQLite keeps the sentences with the text, so that `.schema` tells them."""
    return [f"create view {name} as /* {_explained(name)} */{select}" for name, select in views(dialect).items()]


def _explained(view: str) -> str:
    """The sentence of a view, and below it those of its columns."""
    return "\n".join(f"{column}: {sentence}" if column else sentence for column, sentence in VIEWS[view].items())


def drop_statements(dialect: str) -> list[str]:
    return [f"drop view if exists {name}" for name in reversed(views(dialect))]
