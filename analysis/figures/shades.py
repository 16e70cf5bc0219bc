"""Maps of one colour from light to dark, with numbers on them: for shares between 0 and 1 in rows and columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb
from numpy.typing import NDArray

LIGHT, MIDDLE, DARK = "#f4f7fb", "#5b9bd0", "#0b3d70"
_MAP = LinearSegmentedColormap.from_list("shades", [LIGHT, "#b9d5ec", MIDDLE, DARK]).with_extremes(bad=(0, 0, 0, 0))


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
    axes.text(column, row, text, ha="center", va="center", fontsize=size, color=ink(shade))


def ink(shade: float) -> str:
    """The colour of a number on a field: of the two the one that stands out more."""
    field = luminance(_MAP(shade)[:3])
    return max((LIGHT, DARK), key=lambda colour: contrast(luminance(to_rgb(colour)), field))


def contrast(first: float, second: float) -> float:
    """How far two luminances stand apart, as WCAG reckons it: 1 is not at all, 4.5 is enough for text."""
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)


def luminance(rgb: Sequence[float]) -> float:
    """How bright a colour of sRGB is, of 1."""
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def colours() -> Colormap:
    """The colours of the map, for pictures."""
    return _MAP
