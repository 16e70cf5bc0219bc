"""A real database, small and complete: what the figures of details are tested on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import bench

SUITE = """
title: A little of everything on digits
data: digits
model: {mlp: {sizes: [24, 16]}}
training: {optimiser: adam, lr: 5e-3, schedule: linear, batch: 50, epochs: 3}
seeds: 2
sparsities: [0.5, 0.8, 0.95]
prune: {exclude: [output]}
artifacts: all
methods:
  - none
  - one-shot
  - one-shot: {fine-tune: 40 %, granularity: [weight, unit]}
  - lottery
  - lottery-kept
  - lottery-redrawn
  - supermask
  - dynamic
  - equal-size
"""


# What somebody might have published of it: method, sparsity, accuracy.
PUBLISHED = (("none", 0.0, 0.97), ("one-shot", 0.8, 0.6), ("one-shot", 0.79, 0.5), ("lottery", 0.5, 0.9))


def real_database(folder: Path) -> Path:
    """Runs the suite into a new database, and enters published numbers about it."""
    suite = folder / "everything.yaml"
    suite.write_text(SUITE)
    bench.run(str(suite), database=folder / "real.db", threads=1)
    with closing(sqlite3.connect(folder / "real.db")) as connection:
        connection.executemany(
            "insert into published (project, position, their_data, their_model, their_method, sparsity_claimed, metric,"
            " value, source, note, data, model, method, file_hash) select 'somebody', ?, 'digits', 'MLP', 'theirs', ?,"
            " 'test_accuracy', ?, 'readme', '', data, model, ?, 'x' from cell limit 1",
            [(place, sparsity, value, method) for place, (method, sparsity, value) in enumerate(PUBLISHED)],
        )
        connection.commit()
    return folder / "real.db"
