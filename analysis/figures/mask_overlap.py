"""Do methods, and seeds, find the same weights? How much their masks overlap, beyond what chance would give.

Jaccard's index of two masks is the weights that both keep over those that either keeps. Masks that keep the same share
of each layer at random overlap too: the expected index is what `chance` gives, layer by layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analysis.figures import drawing, levels, panels, shades
from analysis.figures.kind import Absence, GridFigure, Made, Picture
from analysis.figures.material import Material
from analysis.figures.style import INCHES, Width
from analysis.grid import Grid, Level
from analysis.wording import count, listing, percent

SPARSITIES = (0.8, 0.95)
MOST = 24  # methods
MANY = 9  # methods, above which one level is shown
Masks = Mapping[str, NDArray[np.bool_]]  # by layer
Whole = Mapping[tuple[str, int, int], Masks]  # by method, level and seed


@dataclass(frozen=True)
class _Panel:
    """Rows and columns are methods: how much of what could overlap does, of 1, beyond chance."""

    level: Level
    jaccard: NDArray[np.float64]
    beyond: NDArray[np.float64]


def jaccard(first: Masks, second: Masks) -> float:
    """Weights that both masks keep over those that either keeps; NaN where neither keeps any."""
    both = sum(int(np.count_nonzero(first[layer] & second[layer])) for layer in first)
    either = sum(int(np.count_nonzero(first[layer] | second[layer])) for layer in first)
    return both / either if either else float("nan")


def chance(first: Masks, second: Masks) -> float:
    """The index that masks have which keep as much of each layer, at random."""
    both = either = 0.0
    for layer, mask in first.items():
        a, b = float(mask.mean()), float(second[layer].mean())
        both += mask.size * a * b
        either += mask.size * (a + b - a * b)
    return both / either if either else float("nan")


def make(material: Material, grid: Grid) -> Made:
    """The figure, of grids with masks of two methods or of two seeds."""
    title = "How much masks overlap"
    there = levels.measured(grid)
    if not there:
        return None
    chosen = {level.index: level for level in (levels.nearest(there, at) for at in SPARSITIES)}
    runs = material.runs_of(grid)
    runs = runs[runs["level"].isin(chosen) & (runs["sparsity"] > 0)]
    found = runs[["key", "environment", "method", "level", "seed"]].merge(
        material.details.arrays("mask", runs), on=["key", "environment"]
    )
    if found.empty:
        return Absence(title, "No figure: the database has no masks of these runs.")
    whole = _whole(found)
    groups = _groups([method for method in grid.methods if any(one[0] == method for one in whole)], whole)
    methods = list(groups)[:MOST]
    several = any(seed != other for *_, seed in whole for *_, other in whole)
    if len(methods) < 2 and not several:
        return None
    shown = [_panel(level, methods, whole) for _, level in sorted(chosen.items())]
    shown = [one for one in shown if np.isfinite(one.jaccard).any()]
    if not shown:
        return Absence(title, "No figure: no two masks of one level are there to be compared.")
    more = [f" and {len(groups[method]) - 1} more" if groups[method][1:] else "" for method in methods]
    caption = _caption(several, whole, [same for same in groups.values() if len(same) > 1])
    return Picture(title, caption, partial(_draw, grid, methods, more, shown[-1:] if len(methods) > MANY else shown))


def _groups(methods: Sequence[str], whole: Whole) -> dict[str, list[str]]:
    """Methods by the first that has the same masks in every run, such as a ticket and its controls."""
    groups: dict[str, list[str]] = {}
    for method in methods:
        mine = {place[1:]: masks for place, masks in whole.items() if place[0] == method}
        same = next((first for first in groups if _same(mine, whole, first)), method)
        groups.setdefault(same, []).append(method)
    return groups


def _same(mine: Mapping[tuple[int, int], Masks], whole: Whole, other: str) -> bool:
    theirs = {place[1:]: masks for place, masks in whole.items() if place[0] == other}
    return mine.keys() == theirs.keys() and all(
        masks.keys() == theirs[place].keys()
        and all(np.array_equal(mask, theirs[place][layer]) for layer, mask in masks.items())
        for place, masks in mine.items()
    )


def _whole(found: pd.DataFrame) -> dict[tuple[str, int, int], dict[str, NDArray[np.bool_]]]:
    """The masks of each run, by method, level and seed; runs of which a mask was too large to be kept are left out."""
    whole: dict[tuple[str, int, int], dict[str, NDArray[np.bool_]]] = {}
    lacking = set()
    for method, level, seed, name, mask in found[["method", "level", "seed", "name", "array"]].itertuples(index=False):
        place = (str(method), int(level), int(seed))
        if mask is None:
            lacking.add(place)
        else:
            whole.setdefault(place, {})[str(name)] = mask
    return {place: masks for place, masks in whole.items() if place not in lacking}


def _panel(level: Level, methods: Sequence[str], whole: Whole) -> _Panel:
    size = len(methods)
    index, beyond = np.full((size, size), np.nan), np.full((size, size), np.nan)
    for row, first in enumerate(methods):
        mine = {seed: masks for (name, at, seed), masks in whole.items() if name == first and at == level.index}
        for column in range(row + 1):
            theirs = {
                seed: masks
                for (name, at, seed), masks in whole.items()
                if name == methods[column] and at == level.index
            }
            pairs = _pairs(mine, theirs, row == column)
            if pairs:
                index[row, column] = np.mean([jaccard(a, b) for a, b in pairs])
                guessed = float(np.mean([chance(a, b) for a, b in pairs]))
                beyond[row, column] = (index[row, column] - guessed) / (1 - guessed) if guessed < 1 else 1.0
    return _Panel(level, index, beyond)


def _pairs(mine: Mapping[int, Masks], theirs: Mapping[int, Masks], same: bool) -> list[tuple[Masks, Masks]]:
    """Of two methods the masks of equal seeds; of one method those of different seeds."""
    if same:
        pairs = [(mine[a], mine[b]) for a in mine for b in mine if a < b]
    else:
        pairs = [(mine[seed], theirs[seed]) for seed in mine if seed in theirs]
    return [(a, b) for a, b in pairs if {n: m.shape for n, m in a.items()} == {n: m.shape for n, m in b.items()}]


def _caption(several: bool, whole: Whole, alike: Sequence[Sequence[str]]) -> str:
    seeds = len({seed for *_, seed in whole})
    return (
        "Jaccard's index of the masks of two methods at one seed, in per cent: weights that both keep over those that"
        " either keeps. The darker, the more they overlap beyond what masks would that keep as much of each layer by"
        " chance; white is chance, or below."
        + (" On the diagonal: one method, different seeds." if several else "")
        + f" {count(seeds, 'seed')}."
        + (f" With equal masks, and shown once: {'; '.join(listing(same) for same in alike)}." if alike else "")
    )


def _draw(grid: Grid, methods: Sequence[str], more: Sequence[str], shown: Sequence[_Panel], width: Width) -> Figure:
    wide = INCHES[width] * 72
    room = 16 if width == "narrow" else 30
    longest = min(room, max(len(method + same) for method, same in zip(methods, more, strict=True)))
    left = 18 + 5.2 * longest
    columns = len(shown) if width == "wide" else 1
    side = min(
        (wide - left - panels.RIGHT - (columns - 1) * 18) / columns,
        24.0 * len(methods),
    )
    sheet = panels.Sheet(columns, side, left=left, between=18, below=20, under=24)
    figure, axes = panels.start(width, sheet, len(shown), drawing.heading(grid))
    field = min(side, panels.panel_width(width, sheet, len(shown))) / len(methods)
    for place, (panel, one) in enumerate(zip(axes, shown, strict=True)):
        shades.draw(panel, np.clip(one.beyond, 0, 1))
        panel.set_facecolor("none")
        if field >= 13:
            _write(panel, one)
        panels.name(panel, f"{percent(one.level.target_sparsity)} of the weights gone", 400)
        labels = [
            panels.shortened(method, (longest - len(same)) * panels.CHARACTER) + same
            for method, same in zip(methods, more, strict=True)
        ]
        numbers = [str(number) for number in range(1, len(methods) + 1)]
        rows = [f"{number}: {label}" for label, number in zip(labels, numbers, strict=True)]
        panel.set_yticks(range(len(methods)), rows if panels.is_left(place, columns) else numbers)
        panel.set_xticks(range(len(methods)), numbers)
    return figure


def _write(axes: Axes, one: _Panel) -> None:
    for (row, column), index in np.ndenumerate(one.jaccard):
        if np.isfinite(index):
            text = f"{100 * index:.0f}"
            shades.write(axes, column, row, text, float(np.clip(one.beyond[row, column], 0, 1)))


FIGURE = GridFigure("mask-overlap", "How much the masks of methods and of seeds overlap, beyond chance.", make)
