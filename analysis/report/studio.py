"""Where the figures of a report are drawn: here, and meanwhile in helper processes where that pays.

Drawing is most of the work of a report, and each figure can be drawn by itself. Tasks wait in one queue, from which the
helpers and this process take the next when they are done with one; so nobody waits for the slowest half.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from analysis.figures.material import Material
from analysis.report.painting import Painted, Task, paint

WORTH_A_HELPER = 30  # tasks, from which on the seconds that a helper takes to start are won back
MOST_HELPERS = 7


class Studio:
    """Takes all tasks at once, begins with them, and gives what became of them when asked."""

    def __init__(self, material: Material, tasks: Sequence[Task], helpers: int | None = None) -> None:
        self._material = material
        self._waiting = deque(tasks)
        self._done: dict[Task, Painted | None] = {}
        count = _helpers(len(tasks)) if helpers is None else helpers
        self._threads = ThreadPoolExecutor(max(1, count))
        self._helping: list[Future[None]] = [self._threads.submit(self._helped) for _ in range(count)]

    def __enter__(self) -> Studio:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.clear()
        self._threads.shutdown()

    @property
    def waiting(self) -> int:
        """How many tasks nobody has begun."""
        return len(self._waiting)

    def finish(self) -> dict[Task, Painted | None]:
        """Draw what is left together with the helpers; gives all of it."""
        self._draw_waiting()
        for helping in self._helping:
            helping.result()
        self._draw_waiting()  # what a helper that died had in hand
        return self._done

    def _draw_waiting(self) -> None:
        while (task := self._next()) is not None:
            self._done[task] = paint(self._material, task)

    def _next(self) -> Task | None:
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def _helped(self) -> None:
        """Hand tasks to a helper until none is left. One that dies leaves its task to the others."""
        ours, theirs = multiprocessing.Pipe()
        process = subprocess.Popen(
            [sys.executable, "-m", "analysis.report.painter", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # what goes wrong there goes wrong here again, where it is told
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        theirs.close()
        task: Task | None = None
        try:
            ours.send(self._material)
            while (task := self._next()) is not None:
                ours.send(task)
                self._done[task] = ours.recv()
        except (EOFError, OSError):
            if task is not None:
                self._waiting.append(task)
        finally:
            ours.close()
            process.wait()


def _helpers(tasks: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores - 1, MOST_HELPERS, tasks // WORTH_A_HELPER)
