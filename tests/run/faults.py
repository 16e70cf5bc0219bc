"""A real `bench run` is killed at random moments and started again, until it comes through; then it is compared.

python -m tests.run.faults FOLDER KILLS [SEED]
"""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.run.commands import Command, folder_with_suite

# What differs between two runs of the same: times, numbers of rows, and how often a recipe's text was entered.
_PASSING = {"id", "pack_id", "recipe_id", "split_id", "environment_id", "run_id", "layer_id", "trained_id"}
_PASSING |= {"seconds", "peak_memory"}
_TABLES = {
    "run": "SELECT run.*, recipe.hash AS recipe, split.hash AS split FROM run"
    " LEFT JOIN recipe ON recipe.id = run.recipe_id LEFT JOIN split ON split.id = run.split_id",
    "layer": "SELECT run.key, run_layer.*, layer.name, layer.kind, layer.weights FROM run_layer"
    " JOIN run ON run.id = run_id JOIN layer ON layer.id = layer_id",
    "step": "SELECT run.key, position, trained.key AS trained FROM run_step"
    " JOIN run ON run.id = run_id JOIN trained ON trained.id = trained_id",
    "evaluation": "SELECT * FROM evaluation",
    "planned": "SELECT cell.method, cell.level, seed, key FROM planned JOIN cell ON cell.id = cell_id",
}


def content(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row that tells of a result, but for times, row numbers and machine, in a fixed order."""
    found = {}
    with closing(sqlite3.connect(folder / "results.db", timeout=60)) as connection:
        connection.row_factory = sqlite3.Row
        assert connection.execute("PRAGMA integrity_check").fetchall()[0][0] == "ok"
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        for table, sql in _TABLES.items():
            rows = [dict(row) for row in connection.execute(sql)]
            kept = [{name: value for name, value in row.items() if name not in _PASSING} for row in rows]
            found[table] = sorted(kept, key=lambda row: str(sorted(row.items())))
    return found


def finished(folder: Path) -> dict[str, str]:
    """The runs that stand, with the time at which they were written."""
    try:
        with closing(sqlite3.connect(folder / "results.db", timeout=60)) as connection:
            return dict(connection.execute("SELECT key, finished_at FROM run JOIN pack ON pack.id = pack_id"))
    except sqlite3.OperationalError as error:
        if "no such table" in str(error) or "unable to open" in str(error):
            return {}  # killed before the first table was made
        raise


@dataclass
class Tally:
    kills: int = 0
    came_through: int = 0
    by_runs: list[int] = field(default_factory=list)  # how many runs stood at each kill


def harass(folder: Path, kills: int, seed: int, expected: dict[str, list[dict[str, Any]]], longest: float) -> Tally:
    """Kill so many times; what stands stays, and ends the same.

    Half of the moments are drawn over the whole length of a command, of which starting takes the most, and half over
    the second after it has made its first run.
    """
    draw = random.Random(seed)
    tally = Tally()
    place, standing = folder_with_suite(folder / "0"), dict[str, str]()
    while True:
        with Command(place) as command:
            if tally.kills % 2:
                _wait_for_a_run(command, place, len(standing))
            try:
                command.process.wait(
                    timeout=300 if tally.kills >= kills else draw.uniform(0, 1 if tally.kills % 2 else longest)
                )
            except subprocess.TimeoutExpired:
                command.kill()
                tally.kills += 1
                now = finished(place)
                assert standing.items() <= now.items(), "what stood has changed"
                standing = now
                tally.by_runs.append(len(now))
                continue
            command.end()
        assert content(place) == expected
        assert not list(place.glob("results.db-*"))
        assert standing.items() <= finished(place).items()
        tally.came_through += 1
        if tally.kills >= kills:
            return tally
        place, standing = folder_with_suite(folder / str(tally.came_through)), {}


def _wait_for_a_run(command: Command, place: Path, before: int) -> None:
    """Until it has made one, or ended."""
    while command.process.poll() is None and len(finished(place)) <= before:
        time.sleep(0.02)


def undisturbed(folder: Path) -> tuple[dict[str, list[dict[str, Any]]], float]:
    """What is to come out, and how long it takes."""
    began = time.monotonic()
    with Command(folder_with_suite(folder)) as command:
        command.end()
    return content(folder), time.monotonic() - began


if __name__ == "__main__":
    home = Path(sys.argv[1])
    home.mkdir(parents=True)
    wanted, seconds = undisturbed(home / "undisturbed")
    told = harass(home, int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0, wanted, seconds)
    sys.stdout.write(f"{told}\n")
