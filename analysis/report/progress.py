"""Whether a run is going on, and how far it is: the report of an unfinished database says that it is one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from analysis.grid import Grid
from analysis.load import LackingError, ask
from analysis.wording import count

SILENCE = timedelta(seconds=120)  # a driver that has been silent for longer counts as gone, as it does for the others
_AT_WORK = """
select driver.heartbeat_at as heartbeat, driver.steps_left as steps_left, environment.label as environment
from driver join environment on environment.id = driver.environment_id
order by driver.session_id
"""


@dataclass(frozen=True)
class Progress:
    """A grid that is being filled: how many of its runs are there, and which seed most of its cells wait for."""

    name: str
    place: str
    final: int
    planned: int
    seed: int  # of `seeds`: the one that is being made
    seeds: int

    @property
    def text(self) -> str:
        """mnist, lenet-300-100: seed 3 of 10, 412 of 1,000 runs."""
        return f"seed {self.seed} of {self.seeds}, {self.final:,} of {count(self.planned, 'run')}"


def at_work(database: str | Path, now: datetime | None = None) -> tuple[str, ...]:
    """The environments in which somebody is making runs at the moment, once for each command; none where nobody is."""
    try:
        found = ask(
            database,
            {
                "driver": ("session_id", "environment_id", "heartbeat_at", "steps_left"),
                "environment": ("id", "label"),
            },
            _AT_WORK,
        )
    except LackingError:  # a database of another kind knows no drivers
        return ()
    oldest = (now or datetime.now(UTC)) - SILENCE
    alive = [datetime.fromisoformat(str(heartbeat)) >= oldest for heartbeat in found["heartbeat"]]
    return tuple(str(label) for label in found["environment"][alive])


def progress_of(grids: Sequence[Grid], names: Sequence[str]) -> tuple[Progress, ...]:
    """The grids that lack runs, in their order."""
    return tuple(
        _progress(grid, name)
        for grid, name in zip(grids, names, strict=True)
        if any(cell.final < cell.planned for cell in grid.cells)
    )


def _progress(grid: Grid, name: str) -> Progress:
    """Seeds are made one after the other over all cells: the first that some cell lacks is being made."""
    lacking = [cell for cell in grid.cells if cell.final < cell.planned]
    seeds = Counter(cell.planned for cell in grid.cells).most_common(1)[0][0]
    return Progress(
        name=name,
        place=f"{grid.data}, {grid.model}",
        final=sum(cell.final for cell in grid.cells),
        planned=sum(cell.planned for cell in grid.cells),
        seed=min(cell.final for cell in lacking) + 1,
        seeds=seeds,
    )
