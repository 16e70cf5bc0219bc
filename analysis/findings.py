"""What a comparison says, in sentences that are written from its tests and intervals alone."""

from __future__ import annotations

from collections.abc import Sequence

from analysis import celltext, contests, keeping
from analysis.grid import Cell, Grid
from analysis.wording import MINUS, count, levels_text, number

MOST = 8  # sentences about several comparisons together


def findings(grid: Grid) -> list[str]:
    """The sentences, the most important first."""
    if not grid.measured:
        return [f"No run has given a {grid.metric.words} yet."]
    compared = [method for method in grid.methods if any(cell.difference for cell in grid.row(method))]
    many = [method for method in compared if any(cell.p_holm is not None for cell in grid.row(method))]
    sentences = [_baseline(grid), _incomplete(grid)]
    if compared and not many:
        sentences.append("With a single seed nothing can be said about differences: they may be chance.")
    elif many:
        sentences += [keeping.within_margin(grid, many), keeping.kept_share(grid), *_better(grid, many)]
    sentences += [_winners(grid), *contests.told_apart(grid.cube), *contests.not_told_apart(grid.cube)]
    return [sentence for sentence in sentences if sentence]


def overall(grids: Sequence[Grid], most: int = MOST) -> list[str]:
    """What several comparisons say together: for each pair of methods, where one beats the other."""
    return contests.across([grid.cube for grid in grids if grid.measured], most)


def _baseline(grid: Grid) -> str:
    cells = [cell for method in grid.dense for cell in grid.row(method) if cell.summary is not None]
    if not cells:
        return "The dense network has no result here yet, so nothing can be compared with it."
    cell = cells[0]
    unit = "%" if grid.metric.is_accuracy else grid.metric.unit
    interval = celltext.interval(grid, cell, plus_minus=False)
    return f"Dense: {celltext.value(grid, cell)} {unit} {interval}".rstrip() + (f", {count(cell.n, 'seed')}.")


def _incomplete(grid: Grid) -> str:
    """How much of the grid is there yet, where it is not all."""
    lacking = [cell for cell in grid.cells if cell.final < cell.planned]
    if not lacking:
        return ""
    final, planned = celltext.usual_seeds(grid)
    waiting = sum(not cell.final for cell in grid.cells)
    of_cells = f"{len(lacking):,} of {count(len(grid.cells), 'cell')} lack seeds"
    usual = f"; most have {final} of {planned}" if 0 < final < planned else ""
    none = f"; {count(waiting, 'cell has', 'cells have')} none yet" if waiting else ""
    return f"Incomplete: {of_cells}{usual}{none}. What is said here may change."


def _better(grid: Grid, methods: Sequence[str]) -> list[str]:
    parts = []
    for method in methods:
        cells = [
            cell
            for cell in grid.row(method)
            if cell.differs and cell.difference and grid.metric.sign * cell.difference.mean > 0
        ]
        if cells:
            sizes = sorted(abs(cell.difference.mean) * grid.metric.scale for cell in cells if cell.difference)
            by = f"by {_range(grid, sizes)} {grid.metric.difference_unit}"
            parts.append(f"{method} at {_levels(grid, cells)} ({by}, {_seeds(cells)})")
    return [f"Better than {grid.baseline} by the test: {'; '.join(parts)}."] if parts else []


def _winners(grid: Grid) -> str:
    parts = []
    for method in grid.methods:
        cells = [cell for cell in grid.row(method) if cell.best]
        if cells:
            parts.append(f"{method} at {_levels(grid, cells)} ({_seeds(cells)})")
    return f"Better than every other method by the test: {'; '.join(parts)}." if parts else ""


def _levels(grid: Grid, cells: Sequence[Cell]) -> str:
    """50 %, 80 to 95 %: neighbours on the ladder are told as a range."""
    ladder = [level.target_sparsity for level in grid.levels if level.index > 0]
    return levels_text([cell.target_sparsity for cell in cells], ladder)


def _seeds(cells: Sequence[Cell]) -> str:
    counts = sorted({cell.difference.n if cell.difference else cell.n for cell in cells})
    return f"n = {counts[0]}" if len(counts) == 1 else f"n = {counts[0]} to {counts[-1]}"


def _range(grid: Grid, sizes: Sequence[float]) -> str:
    low, high = (number(size, celltext.decimals(grid)).replace(MINUS, "") for size in (sizes[0], sizes[-1]))
    return low if low == high else f"{low} to {high}"
