"""Records for the tests of the store: small suites, and runs with chosen numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.store import (
    CellRecord,
    EnvironmentInfo,
    LayerRecord,
    PackRecord,
    RunRecord,
    SessionInfo,
    Store,
    SuiteRecord,
)

CPU = EnvironmentInfo("cpu", "AMD EPYC 9V74", "2.15.1")
GPU = EnvironmentInfo("cuda", "NVIDIA H200", "2.15.1", deterministic=False)
SUITE = SuiteRecord("penguins", "full", "Penguins", "test_loss", "c0ffee", "title: Penguins", {"seeds": 3})


def cell(
    method: str = "one-shot", level: int = 1, seeds: Sequence[int] = (0, 1, 2), prefix: str = "", **changes: Any
) -> CellRecord:
    """A cell whose keys say what they are: ``one-shot/1/0`` for level 1 and seed 0."""
    fields: dict[str, Any] = {
        "data": "penguins",
        "standin": False,
        "model": "penguin-net",
        "method": method,
        "method_name": method.split(" ")[0],
        "options": {"fine-tune": 1},
        "level": level,
        "target_sparsity": level / 10,
        "settings": {"batch": 10},
        "reference": "a paper",
        "position": level,
    }
    fields |= changes
    keys = tuple((seed, f"{prefix}{method}/{level}/{seed}") for seed in seeds)
    return CellRecord(**fields, seeds=keys)


def run(key: str, accuracy: float | None = 0.9, loss: float | None = 0.3, **changes: Any) -> RunRecord:
    """A finished run; the seed is read from its key."""
    fields: dict[str, Any] = {
        "seed": int(key.rpartition("/")[2]),
        "status": "done",
        "sparsity": 0.5,
        "weights": 204,
        "weights_kept": 102,
        "test_accuracy": accuracy,
        "test_loss": loss,
        "validation_accuracy": accuracy,
        "validation_loss": loss,
        "test_count": 100,
        "layers": (LayerRecord("fc1", "linear", 60, 30, 29), LayerRecord("output", "linear", 36, 18)),
        "steps": (f"trained {key}",),
    }
    return RunRecord(key, **{**fields, **changes})


def fill(
    store: Store,
    cells: Sequence[CellRecord],
    runs: Sequence[RunRecord],
    environment: EnvironmentInfo = CPU,
    suite: SuiteRecord = SUITE,
) -> None:
    """Register the cells and write the runs, as one session does."""
    store.register(suite, cells)
    session = store.start_session(SessionInfo("bench run penguins"))
    store.write(session, store.environment(environment), PackRecord(tuple(runs), seconds=1.0, width=len(runs) or 1))
    store.end_session(session, "done")


def rows(store: Store, sql: str, **parameters: Any) -> list[Mapping[str, Any]]:
    """The answer to a question, a mapping a row."""
    result = store.query(sql, parameters)
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows]
