"""What is left of each layer at each sparsity, as a map: where methods take from, and which layers they empty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analysis.figures import drawing, levels, panels, shades
from analysis.figures.kind import Absence, GridFigure, Made, Picture
from analysis.figures.material import Material
from analysis.figures.style import Width
from analysis.grid import Grid, Level
from analysis.wording import count, listing, percent

MOST = 12  # panels
COLUMNS: dict[Width, int] = {"wide": 3, "narrow": 1}
MOST_LEVELS = {"wide": 7, "narrow": 7}
ROW = 13.0  # points of a layer, until there are too many
HEIGHTS = (26.0, 150.0)  # of a panel
FLOOR = 1e-3  # shares of what is left are coloured from here to 1


@dataclass(frozen=True)
class _Panel:
    """Methods that leave the same of each layer, and what that is: layers by levels, NaN where there is no cell."""

    methods: tuple[str, ...]
    kept: NDArray[np.float64]


def make(material: Material, grid: Grid) -> Made:
    """The figure, of grids with more than one layer."""
    title = "What is left of each layer"
    runs = material.runs_of(grid)
    runs = runs[runs["level"] > 0]
    layers = material.details.layers(runs)
    if layers.empty:
        return Absence(title, "No figure: the database does not say what these runs left of their layers.")
    found = runs[["key", "environment", "method", "level", "method_name"]].merge(layers, on=["key", "environment"])
    usual = found.groupby(["position", "layer"]).size().reset_index(name="runs")
    names = _names(usual["position"].tolist(), usual["layer"].tolist(), usual["runs"].tolist())
    if len(names) < 2:
        return None
    shown = levels.spread(levels.measured(grid), 7)
    means = (
        found.assign(share=1 - found["sparsity"].astype(float)).groupby(["method", "layer", "level"])["share"].mean()
    )
    table = means.to_dict()
    maps: dict[tuple[str, ...], list[str]] = {}
    arrays: dict[tuple[str, ...], NDArray[np.float64]] = {}
    for method in grid.methods:
        kept = np.array([[table.get((method, name, level.index), math.nan) for level in shown] for name in names])
        if (kept < 1).any():  # a whole network that stands at a level for its size or its cost has lost nothing
            alike = tuple(f"{share:.3f}" for share in kept.ravel())
            maps.setdefault(alike, []).append(method)
            arrays[alike] = kept
    found_panels = [_Panel(tuple(methods), arrays[alike]) for alike, methods in maps.items()]
    if not found_panels:
        return Absence(title, "No figure: these runs have all weights of all layers.")
    return Picture(title, _caption(found_panels), partial(_draw, grid, names, shown, found_panels[:MOST]))


def _names(positions: Sequence[int], names: Sequence[str], runs: Sequence[int]) -> list[str]:
    """The layers in the order of the network, without those of other networks, which a method may take instead."""
    most = max(runs)
    return [name for _, name, number in sorted(zip(positions, names, runs, strict=True)) if 2 * number >= most]


def _caption(found: Sequence[_Panel]) -> str:
    parts = [
        "Share of each layer's weights that is left, mean over seeds, from the input (top) to the output; the darker,"
        " the more. Colours go by the logarithm. Numbers are per cent; a dash is nothing at all."
    ]
    shared = [one.methods for one in found if len(one.methods) > 1]
    if shared:
        parts.append("Alike, and shown once: " + "; ".join(listing(methods) for methods in shared) + ".")
    if len(found) > MOST:
        parts.append(f"The first {MOST} of {count(len(found), 'map')} are shown.")
    return " ".join(parts)


def _draw(grid: Grid, names: Sequence[str], shown: Sequence[Level], found: Sequence[_Panel], width: Width) -> Figure:
    longest = min(14, max(len(name) for name in names))
    height = min(max(ROW * len(names), HEIGHTS[0]), HEIGHTS[1])
    columns = min(COLUMNS[width], len(found))
    sheet = panels.Sheet(columns, height, left=12 + 5.4 * longest, between=12, below=34, under=17)
    figure, axes = panels.start(width, sheet, len(found), drawing.heading(grid))
    room = panels.panel_width(width, sheet, len(found))
    for place, (panel, one) in enumerate(zip(axes, found, strict=True)):
        _draw_map(panel, one.kept, room / len(shown), height / len(names))
        more = f" and {len(one.methods) - 1} more" if len(one.methods) > 1 else ""
        panels.name(panel, f"{panels.shortened(one.methods[0], room - 5 * len(more))}{more}", room)
        _label(panel, names, shown, height, room, longest)
        if not panels.is_left(place, columns):
            panel.set_yticklabels([])
    panels.label(figure, axes, "sparsity (%)")
    return figure


def _draw_map(axes: Axes, kept: NDArray[np.float64], across: float, up: float) -> None:
    shades.draw(axes, 1 - np.log10(np.clip(kept, FLOOR, 1)) / math.log10(FLOOR))
    if across < 19 or up < 9:
        return
    for (row, column), share in np.ndenumerate(kept):
        if math.isfinite(share):
            shade = 1 - math.log10(min(max(share, FLOOR), 1)) / math.log10(FLOOR)
            shades.write(axes, column, row, _short(share), shade)


def _short(share: float) -> str:
    if share == 0:
        return "–"
    shown = 100 * share
    return f"{shown:.0f}" if shown >= 9.95 else f"{shown:.1f}" if shown >= 0.095 else "<.1"


def _label(axes: Axes, names: Sequence[str], shown: Sequence[Level], height: float, room: float, longest: int) -> None:
    every = math.ceil(len(names) * 9.5 / height)
    rows = list(range(0, len(names), every))
    axes.set_yticks(rows, [panels.shortened(names[row], longest * panels.CHARACTER) for row in rows])
    labels = [percent(level.target_sparsity).removesuffix("\N{NO-BREAK SPACE}%") for level in shown]
    widest = max(len(label) for label in labels)
    step = math.ceil(len(shown) * (5.6 * widest + 4) / room)
    places = list(range(0, len(shown), step))
    axes.set_xticks(places, [labels[place] for place in places])


FIGURE = GridFigure("layer-densities", "What is left of each layer at each sparsity, as a map for each method.", make)
