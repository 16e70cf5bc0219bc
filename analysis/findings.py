"""What a comparison says, in sentences that are written from its tests and intervals alone."""

from __future__ import annotations

from analysis import celltext
from analysis.grid import Cell, Grid
from analysis.wording import MINUS, count, listing, number, percent

POINTS = 0.01  # an accuracy within one point counts as kept
LOSS_SHARE = 0.1  # a loss within 10 % of what it is compared with counts as kept


def findings(grid: Grid) -> list[str]:
    """The sentences, the most important first."""
    if not grid.measured:
        return [f"No run has given a {grid.metric.words} yet."]
    compared = [method for method in grid.methods if any(cell.difference for cell in grid.row(method))]
    many = [method for method in compared if any(cell.p_holm is not None for cell in grid.row(method))]
    sentences = [_baseline(grid)]
    if compared and not many:
        sentences.append("With a single seed nothing can be said about differences: they may be chance.")
    elif many:
        sentences += [_kept(grid, many), *_better(grid, many)]
    sentences += _winners(grid)
    return [sentence for sentence in sentences if sentence]


def margin(grid: Grid) -> tuple[float, str] | None:
    """How much worse still counts as kept, in stored units and in words."""
    if grid.metric.is_accuracy:
        return POINTS, f"{number(POINTS * 100, 0)} point"
    loss = _loss_compared_with(grid)
    return None if loss is None else (LOSS_SHARE * loss, f"{number(LOSS_SHARE * 100, 0)} %")


def _loss_compared_with(grid: Grid) -> float | None:
    """The loss of the dense network; a method whose loss moves with the level has no one loss to take a share of."""
    cells = [cell for cell in grid.measured if cell.method == grid.against]
    return cells[0].summary.mean if len(cells) == 1 and cells[0].summary else None


def kept_up_to(grid: Grid, method: str) -> Cell | None:
    """The last level up to which a method is not worse by the margin anywhere, with its whole 95 % interval."""
    allowed = margin(grid)
    last = None
    if allowed is not None:
        for cell in grid.row(method):
            if cell.difference is None or cell.difference.low is None or cell.difference.high is None:
                break
            worst = cell.difference.high if grid.metric.lower_is_better else -cell.difference.low
            if worst >= allowed[0]:
                break
            last = cell
    return last


def _baseline(grid: Grid) -> str:
    cells = [cell for method in grid.dense for cell in grid.row(method) if cell.summary is not None]
    if not cells:
        return "The dense network has no result here yet, so nothing can be compared with it."
    cell = cells[0]
    unit = "%" if grid.metric.is_accuracy else grid.metric.unit
    interval = celltext.interval(grid, cell, plus_minus=False)
    return f"Dense: {celltext.value(grid, cell)} {unit} {interval}".rstrip() + (f", {count(cell.n, 'seed')}.")


def _kept(grid: Grid, methods: list[str]) -> str:
    """How far each method can prune before it may be worse by the margin; equal levels are told together."""
    allowed = margin(grid)
    if allowed is None:
        return ""
    reached: dict[float, list[str]] = {}
    never: list[str] = []
    for method in methods:
        last = kept_up_to(grid, method)
        if last is None:
            never.append(method)
        else:
            reached.setdefault(last.target_sparsity, []).append(method)
    where = "above" if grid.metric.lower_is_better else "below"
    lead = f"Less than {allowed[1]} {where} {grid.baseline}, the whole 95 % interval taken: "
    parts = [f"{listing(reached[level])} up to {percent(level)}" for level in sorted(reached, reverse=True)]
    if not parts:
        return f"{lead}shown for no method at any sparsity."
    return f"{lead}{'; '.join(parts)}{f'; not shown at any sparsity for {listing(never)}' if never else ''}."


def _better(grid: Grid, methods: list[str]) -> list[str]:
    parts = []
    for method in methods:
        cells = [
            cell
            for cell in grid.row(method)
            if cell.differs and cell.difference and grid.metric.sign * cell.difference.mean > 0
        ]
        if cells:
            sizes = sorted(abs(cell.difference.mean) * grid.metric.scale for cell in cells if cell.difference)
            parts.append(f"{method} at {_levels(grid, cells)} (by {_range(grid, sizes)} {grid.metric.difference_unit})")
    return [f"Better than {grid.baseline} by the test: {'; '.join(parts)}."] if parts else []


def _winners(grid: Grid) -> list[str]:
    parts = []
    for method in grid.methods:
        cells = [cell for cell in grid.row(method) if cell.best]
        if cells:
            parts.append(f"{method} at {_levels(grid, cells)}")
    return [f"Better than every other method by the test: {'; '.join(parts)}."] if parts else []


def _levels(grid: Grid, cells: list[Cell]) -> str:
    """50 %, 80 to 95 %: neighbours on the ladder are told as a range."""
    order = {level.index: place for place, level in enumerate(grid.levels)}
    spans: list[list[Cell]] = []
    for cell in cells:
        if spans and order[cell.level] == order[spans[-1][-1].level] + 1:
            spans[-1].append(cell)
        else:
            spans.append([cell])
    words = []
    for span in spans:
        ends = [percent(cell.target_sparsity) for cell in span]
        words += ends if len(ends) < 3 else [f"{ends[0]} to {ends[-1]}"]
    return listing(words)


def _range(grid: Grid, sizes: list[float]) -> str:
    low, high = (number(size, celltext.decimals(grid)).replace(MINUS, "") for size in (sizes[0], sizes[-1]))
    return low if low == high else f"{low} to {high}"
