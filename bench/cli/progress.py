"""How a run goes on, for people: a bar with the time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from bench.cli.output import duration, say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from bench.data.policy import Progress as DownloadProgress

A_TENTH = 0.1
QUIET = 5.0  # seconds between two lines of a log, at least
PATIENCE = 60.0  # and at most


class Listening(Protocol):
    """What `bench.run` tells about itself."""

    def advanced(self, replica_steps: int) -> None: ...

    def noticed(self, line: str) -> None: ...


class Bar:
    """On a terminal."""

    def __init__(self, progress: Progress, steps: int) -> None:
        self._progress = progress
        self._task = progress.add_task("training", total=max(1, steps))

    def advanced(self, replica_steps: int) -> None:
        self._progress.advance(self._task, replica_steps)

    def noticed(self, line: str) -> None:
        say(self._progress.console, line, "yellow")


class Log:
    """In a file or a pipe."""

    def __init__(self, screen: Console, steps: int) -> None:
        self._screen = screen
        self._steps = max(1, steps)
        self._made = 0
        self._began = self._said = time.monotonic()
        self._said_at = 0.0

    def advanced(self, replica_steps: int) -> None:
        self._made += replica_steps
        share = min(1.0, self._made / self._steps)
        waited = time.monotonic() - self._said
        if waited >= PATIENCE or (share - self._said_at >= A_TENTH and waited >= QUIET):
            spent = time.monotonic() - self._began
            left = duration(spent / share * (1 - share)) if share else "unknown time"
            say(self._screen, f"{share:.0%} of the training steps, about {left} left")
            self._said, self._said_at = time.monotonic(), share

    def noticed(self, line: str) -> None:
        say(self._screen, line)


@contextmanager
def listening(screen: Console, steps: int) -> Iterator[Listening]:
    """Who is told of a run of so many training steps."""
    if not screen.is_terminal:
        yield Log(screen, steps)
        return
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen, transient=True, speed_estimate_period=120) as progress:
        yield Bar(progress, steps)


@contextmanager
def downloading(screen: Console) -> Iterator[DownloadProgress]:
    """Who is told of files that are fetched, and of what else takes a while with data."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    seen: dict[str, int] = {}
    if not screen.is_terminal:

        def name_it(what: str, so_far: int, whole: int) -> None:
            if what not in seen:
                seen[what] = whole
                say(screen, what)

        yield name_it
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as progress:

        def show(what: str, so_far: int, whole: int) -> None:
            if what not in seen:
                seen[what] = int(progress.add_task(what, total=whole or None))
            progress.update(next(task.id for task in progress.tasks if task.id == seen[what]), completed=so_far)

        yield show
