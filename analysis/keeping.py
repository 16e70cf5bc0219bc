"""Sentences about how far methods can prune before something is lost."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.grid import Cell, Grid
from analysis.retention import Kept, retention
from analysis.stats import SMALL_TEST_SET
from analysis.tables.kept import kept_text
from analysis.wording import count, listing, number, percent

POINTS = 0.01  # an accuracy within one point counts as kept
LOSS_SHARE = 0.1  # a loss within 10 % of what it is compared with counts as kept
GIVEN_UP = 0.02  # of the dense accuracy
MOST = 4  # methods that a sentence tells of


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
            if cell.difference.sd == 0 and grid.test_count is not None and grid.test_count < SMALL_TEST_SET:
                break  # all seeds agree because the test set is coarse: nothing tells how far they may be apart
            worst = cell.difference.high if grid.metric.lower_is_better else -cell.difference.low
            if worst >= allowed[0]:
                break
            last = cell
    return last


def within_margin(grid: Grid, methods: Sequence[str]) -> str:
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
    counts = sorted({cell.difference.n for cell in grid.cells if cell.difference and cell.method in methods})
    pairs = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    lead = f"Less than {allowed[1]} {where} {grid.baseline}, the whole 95 % interval taken: "
    parts = [f"{listing(reached[level])} {_up_to(level)}" for level in sorted(reached, reverse=True)]
    if not parts:
        return f"{lead}shown for no method at any sparsity (n = {pairs})."
    rest = f"; not shown at any sparsity for {listing(never)}" if never else ""
    return f"{lead}{'; '.join(parts)}{rest} (n = {pairs})."


def _up_to(level: float) -> str:
    """A whole network, such as a student or one of equal size, stands at no level of pruning."""
    return f"up to {percent(level)}" if level > 0 else "without any pruning"


def kept_share(grid: Grid) -> str:
    """Up to which sparsity the methods that go farthest keep a share of the dense network's value, seed by seed."""
    share = LOSS_SHARE if grid.metric.lower_is_better else GIVEN_UP
    found = [one for one in retention(grid.cube, share) if one.n > 1]
    if not found:
        return ""
    shown = sorted(found, key=_reach, reverse=True)[:MOST]
    what = (
        f"A loss at most {percent(share)} above that of its own dense network"
        if grid.metric.lower_is_better
        else f"{percent(1 - share)} of the dense {grid.metric.words}"
    )
    parts = [f"{one.method} {_kept_words(one)}" for one in shown]
    rest = f"; {count(len(found) - len(shown), 'other method')} less far" if len(found) > len(shown) else ""
    return f"{what}, each seed against its own: {'; '.join(parts)}{rest}."


def _reach(found: Kept) -> float:
    return 1 + found.censored / found.n if found.sparsity is None else found.sparsity


def _kept_words(found: Kept) -> str:
    if found.sparsity is None:
        seeds = f"all {found.n}" if found.censored == found.n else f"{found.censored} of {found.n}"
        return f"up to {percent(found.last)} at least ({seeds} seeds)"
    if found.early == found.n:
        return f"{kept_text(found)} only (n = {found.n})"
    some = f", {found.censored} of them to the last level" if found.censored else ""
    return f"up to {kept_text(found)} (n = {found.n}{some})"
