"""Which points of a ladder a figure shows when it cannot show all."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.grid import Grid, Level


def measured(grid: Grid, methods: Sequence[str] | None = None) -> list[Level]:
    """The levels at which something is pruned and a method has a value."""
    there = {cell.level for cell in grid.measured if methods is None or cell.method in methods}
    return [level for level in grid.levels if level.index > 0 and level.index in there]


def nearest(levels: Sequence[Level], sparsity: float) -> Level:
    """The level that leaves about as much as this sparsity does, by ratio."""
    return min(levels, key=lambda level: abs(_steps(level.target_sparsity) - _steps(sparsity)))


def spread(levels: Sequence[Level], most: int) -> list[Level]:
    """At most so many levels, evenly over the ladder, the first and the last among them."""
    if len(levels) <= most:
        return list(levels)
    places = sorted({round(place * (len(levels) - 1) / (most - 1)) for place in range(most)}) if most > 1 else [-1]
    return [levels[place] for place in places]


def _steps(sparsity: float) -> float:
    return -math.log(max(1 - sparsity, 1e-9))
