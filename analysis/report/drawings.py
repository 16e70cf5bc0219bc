"""The figures of a report: which there are, their files, and how they stand on the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from analysis.figures import catalogue
from analysis.report.folder import Folder
from analysis.report.painting import ALL, Painted, Task
from analysis.report.slimming import Styles


@dataclass(frozen=True)
class Drawing:
    """A figure as the page shows it: for wide and for narrow screens, or the sentence why there is none."""

    kind: str
    title: str
    text: str  # its caption, or why there is none
    wide: str
    narrow: str
    files: tuple[str, ...]


def tasks_of(names: Sequence[str], figures: Sequence[str] | None) -> list[Task]:
    """All figures to draw, of the grids with these names and of all together, in the order of the page."""
    chosen = set(catalogue.NAMES if figures is None else figures)
    of_grids = [
        Task(kind.name, number, name)
        for number, name in enumerate(names)
        for kind in catalogue.OF_GRIDS
        if kind.name in chosen
    ]
    together = [Task(kind.name, None, ALL) for kind in catalogue.OF_DATABASES if kind.name in chosen and names]
    return [*of_grids, *together]


def drawings(
    painted: Mapping[Task, Painted | None], tasks: Iterable[Task], grid: int | None, target: Folder, styles: Styles
) -> list[Drawing]:
    """The figures about a grid, or about all together: written as files, and with the styles of the page."""
    found = []
    for task in tasks:
        one = painted[task] if task.grid == grid else None
        if one is None:
            continue
        files = tuple(target.write(task.place(form), content) for form, content in one.files.items())
        wide, narrow = styles.shared(one.wide), styles.shared(one.narrow)
        found.append(Drawing(task.figure, one.title, one.text, wide, narrow, files))
    return found
