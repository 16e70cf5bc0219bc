"""All figures there are, in the order in which a report shows them, and those that can be made of something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.figures import (
    accuracy_versus_sparsity,
    confusion,
    difference_to_dense,
    epochs_to_level,
    first_layer_masks,
    frontier,
    granularities,
    layer_densities,
    learning_curves,
    mask_overlap,
    published_draws,
    ranks,
    reinitialisation,
    supermasks,
    tuning_history,
    tuning_importance,
    weight_histograms,
)
from analysis.figures.kind import Absence, DatabaseFigure, GridFigure, Picture
from analysis.figures.material import Material
from analysis.grid import Grid
from bench.errors import UserError, nearest

OF_GRIDS: tuple[GridFigure, ...] = (
    accuracy_versus_sparsity.FIGURE,
    difference_to_dense.FIGURE,
    frontier.FIGURE,
    granularities.FIGURE,
    reinitialisation.FIGURE,
    epochs_to_level.FIGURE,
    supermasks.FIGURE,
    published_draws.FIGURE,
    learning_curves.FIGURE,
    layer_densities.FIGURE,
    first_layer_masks.FIGURE,
    mask_overlap.FIGURE,
    weight_histograms.FIGURE,
    confusion.FIGURE,
    ranks.OF_GRID,
)
OF_DATABASES: tuple[DatabaseFigure, ...] = (ranks.OF_DATABASE, tuning_history.FIGURE, tuning_importance.FIGURE)
NAMES = (*(kind.name for kind in OF_GRIDS), *(kind.name for kind in OF_DATABASES))


def of_grid(
    material: Material, grid: Grid, names: Sequence[str] | None = None
) -> Iterator[tuple[str, Picture | Absence]]:
    """The figures about a grid, all that belong there or those that are named; each is made when it is come to."""
    check(names)
    for kind in OF_GRIDS:
        made = kind.make(material, grid) if names is None or kind.name in names else None
        if made is not None:
            yield kind.name, made


def of_database(material: Material, names: Sequence[str] | None = None) -> Iterator[tuple[str, Picture | Absence]]:
    """The figures about all grids together."""
    check(names)
    for kind in OF_DATABASES:
        made = kind.make(material) if names is None or kind.name in names else None
        if made is not None:
            yield kind.name, made


def check(names: Sequence[str] | None) -> None:
    """Refuse what is no name of a figure."""
    for name in names or ():
        if name not in NAMES:
            raise UserError(f"figure: {name!r} is no figure; {nearest(name, NAMES)}")
