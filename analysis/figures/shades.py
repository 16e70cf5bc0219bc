"""Maps of one colour from light to dark, with numbers on them: for shares between 0 and 1 in rows and columns."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from numpy.typing import NDArray

LIGHT, MIDDLE, DARK = "#f4f7fb", "#5b9bd0", "#0b3d70"
_MAP = LinearSegmentedColormap.from_list("shades", [LIGHT, "#b9d5ec", MIDDLE, DARK]).with_extremes(bad=(0, 0, 0, 0))
_TURN = 0.5  # from this shade on, numbers are light


def draw(axes: Axes, shades: NDArray[np.float64]) -> None:
    """A map of shades between 0 and 1, the first row on top; there is nothing where there is no number."""
    rows, columns = shades.shape
    lines = 0.6 if rows * columns <= 800 else 0.0
    axes.pcolormesh(
        np.arange(columns + 1) - 0.5,
        np.arange(rows + 1) - 0.5,
        np.ma.masked_invalid(shades),
        cmap=_MAP,
        vmin=0,
        vmax=1,
        edgecolors=LIGHT if lines else "face",
        linewidth=lines or 0.2,
    )
    axes.invert_yaxis()
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0)


def write(axes: Axes, column: float, row: float, text: str, shade: float, size: float = 7.0) -> None:
    """A number on a field of the map."""
    colour = LIGHT if shade >= _TURN else DARK
    axes.text(column, row, text, ha="center", va="center", fontsize=size, color=colour)


def colours() -> Colormap:
    """The colours of the map, for pictures."""
    return _MAP
