"""A real database, small and complete: what the figures of details are tested on."""

from __future__ import annotations

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


def real_database(folder: Path) -> Path:
    """Runs the suite into a new database."""
    suite = folder / "everything.yaml"
    suite.write_text(SUITE)
    bench.run(str(suite), database=folder / "real.db", threads=1)
    return folder / "real.db"
