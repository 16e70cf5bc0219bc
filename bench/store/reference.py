"""The copy of a database that ships with the project: all of its results, with less of what hangs on them.

What is left out is stated here, and nothing that a mean, an interval, a rank or a difference is made of is among it.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.store.moving import copied_by_rows, fresh_file
from bench.store.texts import compact

CURVE_SEEDS = 5
MASK_BYTES = 40_000  # of a run: those of LeNet-300-100 have 34,000 where they are largest
RULE = (
    f"Of the learning curves those of the first {CURVE_SEEDS} seeds of each cell are kept, of masks, histograms and "
    f"confusion matrices those of its first seed, of masks only those below {MASK_BYTES:,} bytes a run. Speeds of "
    "training, notes, and where files lay on the machine are left out."
)
_AS_REFERENCE = {"local": "reference", "merged": "reference", "reference": "reference"}

# The place of each run among the seeds of its cells: the best one counts, as cells of several suites share runs.
_PLACES = """
create temporary table place as
select run_id, min(place) as place from (
    select run.id as run_id, dense_rank() over (
        partition by planned.cell_id, run.environment_id, run.results_version order by planned.seed
    ) as place
    from planned join run on run.key = planned.key
) group by run_id
"""
_CURVES = """
delete from curve where not exists (
    select 1 from run_step
    join run on run.id = run_step.run_id
    join place on place.run_id = run.id
    where run_step.trained_id = curve.trained_id and run.environment_id = curve.environment_id
      and run.results_version = curve.results_version and place.place <= ?
)
"""
_ARTIFACTS = "delete from artifact where run_id not in (select run_id from place where place = 1)"
_MASKS = """
delete from artifact where kind = 'mask' and run_id in (
    select run_id from artifact where kind = 'mask' group by run_id having sum(length(content)) > ?
)
"""
_NOTE = re.compile(r"\s--note(?:=|\s+)(?:'[^']*'|\S+)")
_PATH = re.compile(r"(?<![\w/.:])/(?:[^\s/'\",;:)]+/)+([^\s/'\",;:)]*)")


@dataclass(frozen=True)
class Shipped:
    """What the copy has."""

    runs: int
    bytes: int


def ship(place: str | os.PathLike[str], file: Path) -> Shipped:
    """Write the copy: compact, every run a reference row."""
    with fresh_file(file) as fresh:
        copied_by_rows(place, fresh, _AS_REFERENCE)
        with closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
            connection.execute("pragma foreign_keys = on")
            connection.create_function("plain_command", 1, plain_command, deterministic=True)
            connection.create_function("without_path", 1, without_path, deterministic=True)
            connection.create_function("without_source_path", 1, _without_source_path, deterministic=True)
            _thin(connection)
            _keep_private(connection)
            (runs,) = connection.execute("select count(*) from run").fetchone()
            connection.execute("vacuum")
            connection.execute("pragma journal_mode = delete").fetchall()
    return Shipped(int(runs), file.stat().st_size)


def _thin(connection: sqlite3.Connection) -> None:
    connection.execute("begin")
    connection.execute(_PLACES)
    connection.execute("create index temp.place_of_run on place (run_id)")
    connection.execute(_CURVES, (CURVE_SEEDS,))
    connection.execute(_ARTIFACTS)
    connection.execute(_MASKS, (MASK_BYTES,))
    connection.execute("delete from calibration")
    connection.execute("commit")


def _keep_private(connection: sqlite3.Connection) -> None:
    """Whoever made the runs is not told by the names of his folders."""
    connection.execute("update session set note = null, command = plain_command(command)")
    connection.execute("update session set status = 'stale' where status = 'running'")
    for table in ("run", "trial", "trial_run"):
        connection.execute(f"update {table} set reason = without_path(reason) where reason is not null")
    connection.execute("update settings set text = without_source_path(text)")


def plain_command(command: str) -> str:
    """A command line as anybody would type it: without the note and without folders."""
    return without_path(_NOTE.sub("", command)).replace("__main__.py", "bench", 1)


def without_path(text: str) -> str:
    """The text with the last part alone of each absolute path."""
    return _PATH.sub(lambda found: found.group(1) or "a folder", text)


def _without_source_path(text: str) -> str:
    settings = json.loads(text)
    source = settings["data"].get("source") if isinstance(settings.get("data"), dict) else None
    if source is None:
        return text
    settings["data"]["source"] = _PATH.sub("a folder", source)
    return compact(settings)
