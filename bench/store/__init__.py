"""The result database: a store that is safe to write and pleasant to ask.

with Store.open("results.db") as store:
    store.query("select * from summary where suite = :suite", {"suite": "penguins"})
"""

from bench.store.store import Store, upgrade
from bench.store.values import (
    FINAL,
    ArtifactRecord,
    CellRecord,
    CurveRecord,
    EnvironmentInfo,
    EvaluationRecord,
    LayerRecord,
    PackRecord,
    QueryResult,
    RunRecord,
    SessionInfo,
    SpeedRecord,
    Status,
    SuiteRecord,
)

__all__ = [
    "FINAL",
    "ArtifactRecord",
    "CellRecord",
    "CurveRecord",
    "EnvironmentInfo",
    "EvaluationRecord",
    "LayerRecord",
    "PackRecord",
    "QueryResult",
    "RunRecord",
    "SessionInfo",
    "SpeedRecord",
    "Status",
    "Store",
    "SuiteRecord",
    "upgrade",
]
