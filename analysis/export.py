"""The tables of a comparison as files: a tidy frame and CSV, Markdown, LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis import celltext
from analysis.markup import markdown_text, tex
from analysis.stage import DEVELOP, NOTICE
from analysis.wording import count, percent

if TYPE_CHECKING:
    from analysis.grid import Cell, Grid, Level

SIDE_BY_SIDE = 7  # levels that fit on a page; more go into a second block below the first
TWO = "Of two seeds both values stand in place of an interval, which would reach 12.7 standard errors."
STAND_IN = "Stand-in data: these are not results on the data set whose place it takes."

Blocks = list[tuple[tuple["Level", ...], tuple[str, ...]]]  # levels, and the methods to show for them

COLUMNS = (
    *("suite", "profile", "data", "standin", "model", "environment", "metric", "method", "level", "target_sparsity"),
    *("sparsity", "n", "mean", "sd", "low", "high", "interval", "against", "difference_n", "difference_mean"),
    *("difference_low", "difference_high", "effect", "p", "p_holm", "planned", "final", "collapsed", "diverged"),
    *("failed", "reference", "best"),
)
_OF_GRID = ("suite", "profile", "data", "standin", "model", "environment")
_OF_CELL = ("method", "level", "target_sparsity", "sparsity", "n", "planned", "final", "collapsed", "diverged")
_OF_MEAN = ("mean", "sd", "low", "high", "interval")
_OF_DIFFERENCE = ("n", "mean", "low", "high")


def frame(grids: Sequence[Grid]) -> pd.DataFrame:
    """One row a cell, in the units of the database."""
    return pd.DataFrame([_row(grid, cell) for grid in grids for cell in grid.cells], columns=list(COLUMNS))


def csv(grids: Sequence[Grid]) -> str:
    """The frame as text; equal results give equal bytes."""
    return str(frame(grids).to_csv(index=False, lineterminator="\n"))


def _row(grid: Grid, cell: Cell) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(grid, name) for name in _OF_GRID}
    values |= {"metric": grid.metric.name}
    values |= {name: getattr(cell, name) for name in (*_OF_CELL, "failed", "reference", "best")}
    if cell.summary is not None:
        values |= {name: getattr(cell.summary, name) for name in _OF_MEAN}
    if cell.difference is not None:
        values |= {f"difference_{name}": getattr(cell.difference, name) for name in _OF_DIFFERENCE}
        values |= {"against": grid.against, "effect": cell.difference.effect}
        values |= {"p": cell.difference.p, "p_holm": cell.p_holm}
    return values


def title(grid: Grid) -> str:
    """Test accuracy (%) of mnist, lenet-300-100."""
    return f"{grid.metric.axis} of {grid.data}, {grid.model}"


def place(grid: Grid) -> str:
    """The suite, its profile and the environment, in a line."""
    return f"suite {grid.suite}, profile {grid.profile}; {grid.environment}"


def origin(grid: Grid) -> str:
    """Where the runs come from, in a sentence; empty where all were made here."""
    reference = sum(cell.reference for cell in grid.cells)
    runs = sum(cell.final + cell.failed for cell in grid.cells)
    if not reference:
        return ""
    if reference == runs:
        return "All of them are reference results that came with the project."
    return f"{reference:,} of {count(runs, 'run')} are reference results that came with the project."


def notes(grid: Grid) -> list[str]:
    """What the numbers of the table of means are, in sentences."""
    lines = [STAND_IN] if grid.standin else []
    lines += [NOTICE] if grid.stage == DEVELOP else []
    seeds = sorted({cell.n for cell in grid.measured})
    if seeds:
        many = count(seeds[0], "seed") if len(seeds) == 1 else f"{seeds[0]} to {count(seeds[-1], 'seed')}"
        spread = "a single run has no interval" if seeds[-1] == 1 else "95 % intervals over seeds"
        lines.append(f"Means of {many}; {spread}.")
        if any(celltext.two(cell.summary) for cell in grid.measured if cell.summary):
            lines.append(TWO)
    final, planned = celltext.usual_seeds(grid)
    if final < planned:
        lines.append(f"Incomplete: {final} of {count(planned, 'seed')} have run where a cell does not say otherwise.")
    if any(cell.best for cell in grid.cells):
        lines.append(
            "Bold: better than every other method at this sparsity (paired t tests by seed, Holm-corrected, 5 %)."
        )
    kinds = {cell.summary.interval or "" for cell in grid.measured if cell.summary}
    if any(kind.startswith("BCa") for kind in kinds):
        lines.append("Where some networks collapsed the interval is the bootstrap's (BCa), which leans to their side.")
    if any(kind.endswith("Wilson") for kind in kinds):
        lines.append(
            f"The test set has {count(grid.test_count or 0, 'sample')}: an interval reaches as far as Wilson's interval"
            " of all answers where that is wider than the one over seeds."
        )
    return lines


def difference_notes(grid: Grid) -> list[str]:
    """What the numbers of the table of differences are, in sentences."""
    better = "below" if grid.metric.lower_is_better else "above"
    pairs = {cell.difference.n for cell in grid.cells if cell.difference}
    lines = [
        f"Differences to {grid.baseline}, paired by seed, in {grid.metric.difference_unit};"
        f" {'95 % t intervals' if max(pairs, default=0) > 1 else 'a single pair has no interval'};"
        f" {better} zero is better."
    ]
    if any(celltext.two(cell.difference) for cell in grid.cells if cell.difference):
        lines.append(TWO)
    if any(cell.differs for cell in grid.cells):
        lines.append("* differs from zero (paired t test, Holm-corrected over this table, 5 %).")
    return lines


def has_differences(grid: Grid) -> bool:
    """Whether there is anything to put into the table of differences."""
    return any(cell.difference for cell in grid.cells)


def markdown(grid: Grid) -> str:
    """A heading, the table of means, that of differences, and what the numbers are."""
    parts = [f"### {markdown_text(title(grid))}", "", f"{markdown_text(place(grid))}.", ""]
    parts += [*_markdown_table(grid, blocks(grid, SIDE_BY_SIDE), _markdown_mean), *_paragraph(notes(grid))]
    if has_differences(grid):
        shown = blocks(grid, SIDE_BY_SIDE, compared)
        parts += [*_markdown_table(grid, shown, _markdown_difference), *_paragraph(difference_notes(grid))]
    return "\n".join(parts)


def _paragraph(sentences: list[str]) -> list[str]:
    return [" ".join(markdown_text(sentence) for sentence in sentences), ""]


def blocks(grid: Grid, size: int, filled: Callable[[Cell], bool] = lambda cell: True) -> Blocks:
    """The levels in groups that fit side by side, each with the methods that have a filled cell there."""
    places = {(cell.method, cell.level) for cell in grid.cells if filled(cell)}
    levels = [level for level in grid.levels if any((method, level.index) in places for method in grid.methods)]
    groups = [tuple(levels[at : at + size]) for at in range(0, len(levels), size)]
    return [
        (group, tuple(m for m in grid.methods if any((m, level.index) in places for level in group)))
        for group in groups
    ]


def compared(cell: Cell) -> bool:
    """Whether a cell has a difference to show."""
    return cell.difference is not None


def head(grid: Grid, level: Level) -> str:
    """The sparsity asked for, with the measured one where it reads otherwise."""
    measured = celltext.measured_sparsity(grid, level)
    return percent(level.target_sparsity) + (f" (measured {measured})" if measured else "")


def _markdown_table(grid: Grid, shown: Blocks, text: Callable[[Grid, Cell], str]) -> list[str]:
    lines: list[str] = []
    for levels, methods in shown:
        lines.append("| method | " + " | ".join(head(grid, level) for level in levels) + " |")
        lines.append("|:--|" + "--:|" * len(levels))
        for method in methods:
            cells = [grid.cell(method, level.index) for level in levels]
            row = [text(grid, cell) if cell else "" for cell in cells]
            lines.append(f"| {markdown_text(method)} | " + " | ".join(row) + " |")
        lines.append("")
    return lines


def _markdown_mean(grid: Grid, cell: Cell) -> str:
    value = celltext.value(grid, cell)
    interval = celltext.interval(grid, cell, celltext.symmetric(grid))
    return _joined(f"**{value}**" if cell.best else value, interval, _bracketed(celltext.remarks(grid, cell)))


def _markdown_difference(grid: Grid, cell: Cell) -> str:
    return _joined(markdown_text(celltext.difference(grid, cell)), celltext.difference_interval(grid, cell))


def latex(grid: Grid) -> str:
    """Floating tables of means and of differences; a long ladder goes into blocks. Needs booktabs."""
    where = f"by sparsity; {place(grid)}."
    text = _latex_table(grid, blocks(grid, SIDE_BY_SIDE), [f"{title(grid)} {where}", *notes(grid)], _latex_mean)
    if has_differences(grid):
        about = f"{grid.metric.difference_axis} of {grid.data}, {grid.model} {where}"
        shown = blocks(grid, SIDE_BY_SIDE, compared)
        text += "\n" + _latex_table(grid, shown, [about, *difference_notes(grid)], _latex_difference)
    return text


def _latex_table(grid: Grid, shown: Blocks, caption: list[str], text: Callable[[Grid, Cell], str]) -> str:
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{table}[t]",
        r"  \centering\scriptsize\setlength{\tabcolsep}{3pt}",
        f"  \\caption{{{tex(' '.join(caption))}}}",
    ]
    for number, (levels, methods) in enumerate(shown):
        lines += [r"  \par\medskip"] if number else []
        lines += [
            f"  \\begin{{tabular}}{{l{'r' * len(levels)}}}",
            r"    \toprule",
            "    method & " + " & ".join(tex(percent(level.target_sparsity)) for level in levels) + r" \\",
            r"    \midrule",
        ]
        for method in methods:
            cells = [grid.cell(method, level.index) for level in levels]
            lines.append(
                f"    {tex(method)} & " + " & ".join(text(grid, cell) if cell else "" for cell in cells) + r" \\"
            )
        lines += [r"    \bottomrule", r"  \end{tabular}"]
    return "\n".join([*lines, r"\end{table}", ""])


def _latex_mean(grid: Grid, cell: Cell) -> str:
    value = tex(celltext.value(grid, cell))
    interval = celltext.interval(grid, cell, celltext.symmetric(grid))
    return _stacked(rf"\textbf{{{value}}}" if cell.best else value, interval, *celltext.remarks(grid, cell))


def _latex_difference(grid: Grid, cell: Cell) -> str:
    return _stacked(tex(celltext.difference(grid, cell)), celltext.difference_interval(grid, cell))


def _stacked(value: str, *below: str) -> str:
    """A number with small lines under it."""
    lines = [value, *(rf"{{\tiny {tex(text)}}}" for text in below if text)]
    stack = r"\\".join(lines)
    return rf"\shortstack[r]{{{stack}}}" if any(lines) else ""


def _bracketed(remarks: tuple[str, ...]) -> str:
    return f"({', '.join(remarks)})" if remarks else ""


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
