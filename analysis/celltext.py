"""How a cell of a table reads: its number, its interval, its difference, with digits that fit what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from analysis.stats import SMALL_TEST_SET
from analysis.wording import ALL_EQUAL, count, number, percent, signed

if TYPE_CHECKING:
    from analysis.grid import Cell, Grid, Level
    from analysis.stats import Mean, Paired


def decimals(grid: Grid) -> int:
    """Fewer where the test set is small or the intervals are wide: digits that mean nothing are left out."""
    most = grid.metric.decimals
    if grid.metric.is_accuracy:
        return 1 if grid.test_count is not None and grid.test_count < SMALL_TEST_SET else most
    reaches = sorted(
        cell.summary.high - cell.summary.low
        for cell in grid.measured
        if cell.summary and cell.summary.high is not None and cell.summary.low is not None
    )
    return most if reaches and reaches[len(reaches) // 2] < 0.01 else most - 1


def symmetric(grid: Grid) -> bool:
    """Whether every interval of the table may be written with ±."""
    return all(
        cell.summary is None
        or two(cell.summary)
        or cell.summary.low is None
        or cell.summary.high is None
        or abs(cell.summary.high - 2 * cell.summary.mean + cell.summary.low) < 1e-9
        for cell in grid.cells
    )


def value(grid: Grid, cell: Cell) -> str:
    """The mean in the unit that people read; empty while there is none."""
    return number(cell.summary.mean * grid.metric.scale, decimals(grid)) if cell.summary else ""


def interval(grid: Grid, cell: Cell, plus_minus: bool) -> str:
    """± 0.12, or [97.10, 98.30]; of two runs both, (97.10 to 98.30); empty where there is none."""
    if cell.summary is None or cell.summary.low is None or cell.summary.high is None:
        return ""
    digits, scale = decimals(grid), grid.metric.scale
    if two(cell.summary):
        return _both(cell.summary, lambda one: number(one * scale, digits))
    if cell.summary.low == cell.summary.high:
        return ALL_EQUAL
    if plus_minus:
        return f"± {number((cell.summary.high - cell.summary.mean) * scale, digits)}"
    return f"[{number(cell.summary.low * scale, digits)}, {number(cell.summary.high * scale, digits)}]"


def usual_seeds(grid: Grid) -> tuple[int, int]:
    """Seeds with a result and seeds asked for, as most cells have them."""
    pairs = Counter((cell.final, cell.planned) for cell in grid.cells)
    return max(pairs, key=lambda pair: (pairs[pair], pair)) if pairs else (0, 0)


def remarks(grid: Grid, cell: Cell) -> tuple[str, ...]:
    """What a reader has to know beside the number; seeds only where they are not those of most cells."""
    parts = []
    if (cell.final, cell.planned) != usual_seeds(grid):
        parts.append(f"{cell.final} of {count(cell.planned, 'seed')}")
    endings = ((cell.collapsed, "collapsed"), (cell.diverged, "diverged"), (cell.failed, "failed"))
    return (*parts, *(f"{number_of} {word}" for number_of, word in endings if number_of))


def difference(grid: Grid, cell: Cell) -> str:
    """The difference with its sign, and a star where the test tells it from none."""
    if cell.difference is None:
        return ""
    return signed(cell.difference.mean * grid.metric.scale, decimals(grid)) + ("*" if cell.differs else "")


def difference_interval(grid: Grid, cell: Cell) -> str:
    """[−0.30, +0.10]; of two pairs both, (−0.30 to +0.10); empty for a single pair."""
    if cell.difference is None or cell.difference.low is None or cell.difference.high is None:
        return ""
    digits, scale = decimals(grid), grid.metric.scale
    if two(cell.difference):
        return _both(cell.difference, lambda one: signed(one * scale, digits))
    if cell.difference.low == cell.difference.high:
        return ALL_EQUAL
    return f"[{signed(cell.difference.low * scale, digits)}, {signed(cell.difference.high * scale, digits)}]"


def two(found: Mean | Paired) -> bool:
    """Whether there are just two values, whose t interval, of 12.7 standard errors, would say next to nothing."""
    return found.n == 2 and found.least is not None and found.most is not None


def _both(found: Mean | Paired, text: Callable[[float], str]) -> str:
    least, most = text(found.least or 0.0), text(found.most or 0.0)
    return f"(both {least})" if least == most else f"({least} to {most})"


def measured_sparsity(grid: Grid, level: Level) -> str:
    """The sparsities that were counted at a level, where they read otherwise than what was asked for; else empty.

    A whole network that stands at a level for its size or its cost has none.
    """
    counted = [cell.sparsity for cell in grid.cells if cell.level == level.index and cell.sparsity]
    if not counted:
        return ""
    low, high = percent(min(counted)), percent(max(counted))
    if low == high:
        return "" if low == percent(level.target_sparsity) else low
    return f"{low} to {high}"
