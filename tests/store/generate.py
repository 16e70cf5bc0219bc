"""A large database with made-up results, for tests of how quickly the views answer."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.store import SessionInfo, Store
from bench.store.sentences import TABLES
from tests.store.build import CPU, run

CELL = (
    "id, suite_id, position, data, standin, model, method, method_name, options, level, target_sparsity, "
    "settings_id, reference"
)


@dataclass(frozen=True)
class Extent:
    """How much of everything; by default a hundred thousand runs of suites like the built-in ones."""

    suites: int = 83
    problems: int = 2
    methods: int = 7
    levels: int = 20
    seeds: int = 5


def generate(file: Path, extent: Extent = Extent()) -> int:
    """Make the database and return the number of its runs; rows are entered directly, past the store."""
    with Store.open(file) as store:
        store.start_session(SessionInfo("bench run"))
        store.environment(CPU)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("insert into settings (id, hash, text) values (1, 'settings', '{}')")
        connection.execute("insert into pack values (1, 1, 1, 1, 1.0, '2026-01-01T00:00:00Z')")
        runs = _enter(connection, extent)
        connection.commit()
    return runs


def _enter(connection: sqlite3.Connection, extent: Extent) -> int:
    rng = np.random.default_rng(0)
    names = [name for name in TABLES["run"] if name != ""]
    enter_run = f"insert into run ({', '.join(names)}) values ({', '.join(f':{name}' for name in names)})"
    usual = dict.fromkeys(names) | {name: value for name, value in vars(run("x/1/0")).items() if name in names}
    usual |= {"environment_id": 1, "results_version": 1, "origin": "local", "attempt": 1, "pack_id": 1}
    usual |= {"recipe_id": None, "parameters": 1000, "macs": 1000}
    runs = cells = 0
    for suite in range(1, extent.suites + 1):
        connection.execute(
            "insert into suite values (?, ?, 'full', ?, ?, 1, 'title', 'test_accuracy', 'text', '{}', '2026')",
            (suite, f"suite {suite}", f"hash {suite}", f"plan {suite}"),
        )
        for problem in range(extent.problems):
            points = [
                (f"method {method}", level)
                for method in range(1, extent.methods)
                for level in range(1, extent.levels + 1)
            ]
            for method, level in [("none", 0), *points]:
                cells += 1
                sparsity = 1 - 0.8**level
                connection.execute(
                    f"insert into cell ({CELL}) values (?, ?, ?, ?, 0, 'network', ?, ?, '{{}}', ?, ?, 1, '')",
                    (cells, suite, cells, f"data {problem}", method, method, level, sparsity),
                )
                entered = []
                for seed, (accuracy, loss) in enumerate(rng.random((extent.seeds, 2))):
                    kept = round(1000 * (1 - sparsity))
                    runs += 1
                    entered.append(
                        usual
                        | {"id": runs, "key": f"{runs * 2654435761 % 2**64:064x}", "seed": seed, "sparsity": sparsity}
                        | {"test_accuracy": accuracy, "test_loss": loss, "validation_accuracy": accuracy}
                        | {"validation_loss": loss, "parameters_kept": kept, "macs_kept": kept, "bytes_bitmask": kept}
                    )
                connection.executemany(enter_run, entered)
                connection.executemany(
                    "insert into planned values (?, ?, ?)", [(cells, one["seed"], one["key"]) for one in entered]
                )
    return runs
