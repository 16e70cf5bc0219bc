"""The comparison of a suite as a table in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bench.cli.output import say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from analysis import Cell, Comparison, Grid, Level

GAP = 3  # columns between two cells


def compared(
    database: str,
    suite: str,
    profile: str | None,
    metric: str | None,
    against: str,
    only: Mapping[str, Sequence[str]],
) -> Comparison:
    """The comparison that is in the database by now."""
    from analysis import comparison, load, load_missing

    runs = load(database, suite, profile)
    return comparison(runs, metric, against, load_missing(database, suite, profile), only)


def print_comparison(screen: Console, comparison: Comparison) -> None:
    """Means and their intervals, then differences, a table for each problem and environment."""
    from analysis import export
    from analysis.stage import NOTICE

    notable = {export.STAND_IN: "bold red", NOTICE: "yellow"}
    for grid in comparison.grids:
        say(screen)
        say(screen, export.title(grid), "bold")
        say(screen, export.place(grid), "dim")
        _blocks(screen, grid, _mean)
        for line in export.notes(grid):
            say(screen, line, notable.get(line, "dim"))
        if export.origin(grid):
            say(screen, export.origin(grid), "dim")
        if export.has_differences(grid):
            say(screen)
            _blocks(screen, grid, _difference)
            for line in export.difference_notes(grid):
                say(screen, line, "dim")
    if comparison.grids:
        say(screen)


def _blocks(screen: Console, grid: Grid, write: Callable[[Grid, Cell], Text]) -> None:
    """The table, in as many pieces below each other as the width asks for."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rows = {method: {cell.level: write(grid, cell) for cell in grid.row(method)} for method in grid.methods}
    rows = {method: cells for method, cells in rows.items() if any(text.plain for text in cells.values())}
    heads = {level.index: Text(_head(grid, level)) for level in grid.levels}
    shown = [level.index for level in grid.levels if any(rows[m].get(level.index) for m in rows)]
    widths = {
        index: max([_width(heads[index])] + [_width(rows[m][index]) for m in rows if index in rows[m]])
        for index in shown
    }
    first = max((len(method) for method in rows), default=0)
    for levels in _fitting(shown, widths, screen.width - first - GAP):
        made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
        made.add_column("method", overflow="fold")
        for index in levels:
            made.add_column(heads[index], justify="right", no_wrap=True)
        for method, cells in rows.items():
            if any(cells.get(index) for index in levels):
                made.add_row(Text(method), *(cells.get(index, Text()) for index in levels))
        screen.print(made)


def _fitting(levels: Sequence[int], widths: dict[int, int], room: int) -> list[list[int]]:
    """The levels in rows of which each is no wider than there is room, one level at least."""
    blocks: list[list[int]] = []
    left = 0
    for index in levels:
        need = widths[index] + GAP
        if not blocks or need > left:
            blocks.append([])
            left = room
        blocks[-1].append(index)
        left -= need
    return blocks


def _width(text: Text) -> int:
    return max((len(line) for line in text.plain.split("\n")), default=0)


def _head(grid: Grid, level: Level) -> str:
    from analysis import celltext
    from analysis.wording import percent

    measured = celltext.measured_sparsity(grid, level)
    return percent(level.target_sparsity) + (f"\ncounted {measured}" if measured else "")


def _mean(grid: Grid, cell: Cell) -> Text:
    from rich.text import Text

    from analysis import celltext

    text = Text(celltext.value(grid, cell), style="bold" if cell.best else "")
    interval = celltext.interval(grid, cell, celltext.symmetric(grid))
    if interval:
        text.append(f" {interval}", style="dim")
    for remark in celltext.remarks(grid, cell):
        text.append(f"\n{remark}" if text.plain else remark, style="yellow")
    return text


def _difference(grid: Grid, cell: Cell) -> Text:
    from rich.text import Text

    from analysis import celltext

    text = Text(celltext.difference(grid, cell))
    interval = celltext.difference_interval(grid, cell)
    if interval:
        text.append(f" {interval}", style="dim")
    return text
