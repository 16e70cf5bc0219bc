"""The paragraph that says what the numbers are: which interval, which test, which correction, and what it could see."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from analysis import celltext
from analysis.detecting import sights
from analysis.grid import Grid
from analysis.markup import tex
from analysis.stage import DEVELOP
from analysis.stats import POWER, SMALL_TEST_SET
from analysis.stats.bootstrap import RESAMPLES
from analysis.wording import count, listing, number


def paragraph(grids: Sequence[Grid]) -> str:
    """As LaTeX, for the section on experiments."""
    sentences = [*_seeds(grids), *_means(grids), *_differences(grids)]
    sentences += [text for grid in grids for text in _sight(grid, several=len(grids) > 1)]
    return tex(" ".join(sentences)) + "\n"


def _seeds(grids: Sequence[Grid]) -> list[str]:
    numbers = sorted({cell.n for grid in grids for cell in grid.measured})
    if not numbers:
        return ["No run has given a result yet."]
    many = count(numbers[-1], "seed") if numbers[0] == numbers[-1] else f"{numbers[0]} to {count(numbers[-1], 'seed')}"
    words = sorted({grid.metric.words for grid in grids})
    lines = [
        f"Every method was trained with {many}. Methods of one seed share the split of the data, the initial weights"
        f" and the order of the data. Reported is the {listing(words)}."
    ]
    if any(grid.stage == DEVELOP for grid in grids):
        lines.append("The suite is in development: all numbers are of validation data.")
    return lines


def _means(grids: Sequence[Grid]) -> list[str]:
    if all(cell.n < 2 for grid in grids for cell in grid.measured):
        return ["A single run has no interval, and nothing is tested."]
    lines = ["Intervals are 95 % intervals of Student's t over seeds."]
    kinds = {cell.summary.interval or "" for grid in grids for cell in grid.measured if cell.summary}
    if any(kind.startswith("BCa") for kind in kinds):
        lines.append(
            "Where some networks of a cell collapsed the interval is the bias-corrected and accelerated bootstrap's"
            f" (BCa, {RESAMPLES:,} resamples of the seeds), which is not symmetric."
        )
    if any(kind.endswith("Wilson") for kind in kinds):
        lines.append(
            f"Where a test set has fewer than {SMALL_TEST_SET:,} samples, an end of an interval of an accuracy is that"
            " of Wilson's interval of all answers where that reaches further."
        )
    return lines


def _differences(grids: Sequence[Grid]) -> list[str]:
    tested = [sum(cell.p_holm is not None for cell in grid.cells) for grid in grids]
    baselines = listing(sorted({grid.baseline for grid in grids}))
    if not any(tested):
        return []
    fewest, most = min(one for one in tested if one), max(tested)
    families = f"{most}" if fewest == most else f"{fewest} to {most}"
    return [
        f"Differences are taken to {baselines}, paired by seed, and tested by two-sided paired t tests at 5 %, with"
        f" Holm's correction over the {families} tests of a table. A method is set in bold where such tests, corrected"
        " over all pairs of a sparsity, tell it from every other one."
    ]


def _sight(grid: Grid, several: bool) -> list[str]:
    """The smallest difference that these seeds could have shown."""
    found = sights(grid.cube)
    if not found:
        return []
    digits, scale = celltext.decimals(grid), grid.metric.scale
    alone = sorted(sight.detectable * scale for sight in found)
    strict = sorted(sight.detectable_here * scale for sight in found)
    where = f"On {grid.data} with {grid.model} a" if several else "A"
    return [
        f"{where} single test shows, with a power of {100 * POWER:.0f} %, a true difference of"
        f" {number(median(alone), digits)} {grid.metric.difference_unit} in the median over cells (from"
        f" {number(alone[0], digits)} to {number(alone[-1], digits)}); after the correction it takes"
        f" {number(median(strict), digits)}."
    ]
