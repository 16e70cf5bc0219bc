"""What the network still looks at: how many connections each pixel has kept, as pictures, level by level."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analysis.figures import drawing, levels, panels, shades
from analysis.figures.kind import Absence, GridFigure, Made, Picture
from analysis.figures.material import Material
from analysis.figures.style import Width
from analysis.grid import Grid, Level
from analysis.wording import listing, percent

MOST = 4  # methods: one of each kind of those that the grid has
COLUMNS: dict[Width, int] = {"wide": 6, "narrow": 3}
MOST_LEVELS = 6


@dataclass(frozen=True)
class _Row:
    method: str
    pictures: Mapping[int, NDArray[np.float64]]  # by level: share of its connections that each pixel has kept

    @property
    def is_even(self) -> bool:
        """Whether no pixel has kept more than another: whole units are gone, and there is nothing to see."""
        return all(float(np.ptp(picture)) == 0 for picture in self.pictures.values())


def make(material: Material, grid: Grid) -> Made:
    """The figure, of grids whose first layer sees every pixel of a picture."""
    title = "What the first layer still looks at"
    shown = levels.spread(levels.measured(grid), MOST_LEVELS)
    runs = material.first_runs(grid)
    runs = runs[runs["level"].isin([level.index for level in shown])]
    chosen = _methods(grid, runs)
    runs = runs[runs["method"].isin(chosen)]
    masks = material.details.arrays("mask", runs)
    if masks.empty:
        return None if not shown else Absence(title, "No figure: the database has no masks of these runs.")
    first = masks.drop_duplicates(["key", "environment"])
    found = runs.merge(first, on=["key", "environment"])
    rows = [row for method in chosen if (row := _row(method, found[found["method"] == method])).pictures]
    even = [row.method for row in rows if row.is_even]
    rows = [row for row in rows if not row.is_even]
    rows = [row for place, row in enumerate(rows) if not any(_alike(row, before) for before in rows[:place])][:MOST]
    if not rows:
        return None
    return Picture(title, _caption(rows, even, runs), partial(_draw, grid, rows, shown))


def _methods(grid: Grid, runs: pd.DataFrame) -> list[str]:
    """The first methods of the grid that prune, one of each registered name before others of the same."""
    runs = runs[runs["sparsity"] > 0]
    names = dict(zip(runs["method"], runs["method_name"], strict=True))
    there = [method for method in grid.methods if method in names and method not in grid.dense]
    first = list({names[method]: method for method in reversed(there)}.values())[::-1]
    rest = [method for method in there if method not in first]
    return sorted([*first, *rest][: 3 * MOST], key=there.index)


def _alike(row: _Row, other: _Row) -> bool:
    """Whether two methods have the same pictures, such as a ticket and its controls."""
    return row.pictures.keys() == other.pictures.keys() and all(
        np.array_equal(picture, other.pictures[level]) for level, picture in row.pictures.items()
    )


def _row(method: str, found: pd.DataFrame) -> _Row:
    pictures = {}
    for level, mask in zip(found["level"], found["array"], strict=True):
        picture = None if mask is None else _picture(mask)
        if picture is not None:
            pictures[int(level)] = picture
    return _Row(method, pictures)


def _picture(mask: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Outputs by inputs as a square of inputs, colours together; None where the inputs are no square."""
    if mask.ndim != 2:
        return None
    share = mask.mean(axis=0)
    for colours in (1, 3):
        side = math.isqrt(mask.shape[1] // colours)
        if side >= 8 and colours * side * side == mask.shape[1]:
            return np.asarray(share.reshape(colours, side, side).mean(axis=0), dtype=np.float64)
    return None


def _caption(rows: Sequence[_Row], even: Sequence[str], runs: pd.DataFrame) -> str:
    seed = int(runs["seed"].min())
    return (
        "How many of its connections to the first layer each pixel of the input has kept, the darker the more; each"
        f" picture has its own scale, from none to its highest share, which stands above it. Seed {seed}, methods"
        f" {listing(row.method for row in rows)}."
        + (f" Not shown, since all pixels have kept as much: {listing(even)}." if even else "")
    )


def _draw(grid: Grid, rows: Sequence[_Row], shown: Sequence[Level], width: Width) -> Figure:
    levels_shown = shown if width == "wide" else levels.spread(shown, COLUMNS["narrow"])
    columns = len(levels_shown)
    room = (panels.panel_width(width, panels.Sheet(columns, 0, 8, 8, 0, 0), columns)) if columns else 0
    side = min(room, 110.0)
    sheet = panels.Sheet(columns, side, left=8, between=8, below=6, under=17, above=29)
    figure, axes = panels.start(width, sheet, columns * len(rows), drawing.heading(grid))
    for place, panel in enumerate(axes):
        row, level = rows[place // columns], levels_shown[place % columns]
        picture = row.pictures.get(level.index)
        if picture is None:
            panel.set_axis_off()
            panel.text(0.5, 0.5, "no mask", transform=panel.transAxes, ha="center", va="center")
        else:
            most = float(picture.max())
            panel.imshow(picture, cmap=shades.colours(), vmin=0, vmax=most or 1, interpolation="nearest")
            panel.set_aspect("auto" if abs(side - room) < 1 else "equal", anchor="W")
            panel.set_xticks([])
            panel.set_yticks([])
            for spine in panel.spines.values():
                spine.set_visible(False)
            panels.name(panel, f"{percent(level.target_sparsity)}: to {_share(most)}", 200)
        if place % columns == 0:
            panel.text(0, 1 + 17 / side, panels.shortened(row.method, 400), transform=panel.transAxes, va="bottom")
    return figure


def _share(most: float) -> str:
    return f"{100 * most:.0f} %" if most >= 0.0995 or most == 0 else f"{100 * most:.1f} %"


FIGURE = GridFigure(
    "first-layer-masks", "How many connections each pixel of the input has kept, as pictures over the levels.", make
)
