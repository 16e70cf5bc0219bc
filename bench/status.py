"""What goes on at a database, from its rows alone: who is at work, how quickly, what is left, what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.store import Store
from bench.store.sessions import host_hash, is_alive

HOUR = 3600.0
_ISO = "%Y-%m-%dT%H:%M:%SZ"

_SESSIONS = """
SELECT session.id, session.status, session.command, session.host_hash, session.process, session.process_start,
       session.started_at, session.ended_at, environment.label AS environment, driver.workers, driver.waiting,
       driver.steps_made, driver.steps_left, driver.seconds_left, driver.joined_at, driver.heartbeat_at,
       (SELECT count(*) FROM lease WHERE lease.session_id = session.id) AS leases,
       (SELECT count(*) FROM run JOIN pack ON pack.id = run.pack_id
        WHERE pack.session_id = session.id AND pack.finished_at >= :since) AS made
FROM session
LEFT JOIN driver ON driver.session_id = session.id
LEFT JOIN environment ON environment.id = driver.environment_id
WHERE session.status IN ('running', 'stale')
ORDER BY session.id
"""
_FAILURES = """
SELECT status, coalesce(reason, 'no reason is known') AS reason, count(*) AS runs, max(finished_at) AS last
FROM run JOIN pack ON pack.id = run.pack_id
WHERE status IN ('failed', 'diverged') AND origin <> 'reference'
GROUP BY status, reason ORDER BY count(*) DESC, status, reason
"""
_MISSING = "SELECT suite, profile, count(*) AS runs FROM missing GROUP BY suite, profile ORDER BY suite, profile"

_STUDIES = """
SELECT studies.suite, studies.name, studies.profile, studies.data, studies.model, studies.environment,
       studies.done, studies.stopped, studies.failed, studies.open AS waiting,
       (SELECT count(*) FROM trial WHERE trial.study_id = studies.study AND trial.state = 'running') AS running,
       studies.budget_unit, studies.budget, studies.steps, studies.trials, studies.best, studies.best_value,
       study.session_id
FROM studies JOIN study ON study.id = studies.study
ORDER BY studies.study
"""


@dataclass(frozen=True)
class Worker:
    """A command that is at work."""

    session: int
    host: str  # hash of the machine's name
    here: bool  # whether that is this machine
    process: int
    command: str
    since: str
    environment: str | None  # None until it has begun to make runs
    workers: int | None
    waiting: bool
    leases: int
    runs_an_hour: float
    steps_a_second: float | None
    steps_left: int | None
    seconds_left: float | None  # were it alone, by what such work has taken it so far
    heartbeat: str | None


@dataclass(frozen=True)
class Failure:
    status: str
    reason: str
    runs: int
    last: str


@dataclass(frozen=True)
class Left:
    """Runs that a suite still needs, in whatever environment it was run last."""

    suite: str
    profile: str
    runs: int


@dataclass(frozen=True)
class Tuned:
    """How far a study has come. Trials that a process left when it ended without a word wait."""

    suite: str
    name: str
    profile: str
    data: str
    model: str
    environment: str
    done: int
    stopped: int
    failed: int
    running: int
    waiting: int
    budget_unit: str  # steps or trials
    budget: float
    spent: float
    best: int | None  # number of the trial; None where there is none, or a front
    best_value: float | None


@dataclass(frozen=True)
class Status:
    at_work: tuple[Worker, ...]
    stale: tuple[Worker, ...]
    failures: tuple[Failure, ...]
    missing: tuple[Left, ...]
    studies: tuple[Tuned, ...]
    runs_an_hour: float
    seconds_left: float | None  # None where nobody is at work, or nobody has finished a pack yet


def status(store: Store, clock: datetime | None = None) -> Status:
    """How things stand; those that are gone without a word count as stale, also before a command marks them so."""
    now = clock or datetime.now(UTC)
    since = (now - timedelta(seconds=HOUR)).strftime(_ISO)
    sessions = _rows(store, _SESSIONS, since=since)
    at_work = tuple(_worker(row, now) for row in sessions if not _gone(row))
    stale = tuple(_worker(row, now) for row in sessions if _gone(row))
    return Status(
        at_work,
        stale,
        tuple(Failure(**row) for row in _rows(store, _FAILURES)),
        tuple(Left(**row) for row in _rows(store, _MISSING)),
        tuple(_tuned(row, {one.session for one in at_work}) for row in _rows(store, _STUDIES)),
        sum(one.runs_an_hour for one in at_work),
        _seconds_left(at_work),
    )


def _rows(store: Store, sql: str, **parameters: Any) -> list[dict[str, Any]]:
    answer = store.query(sql, parameters)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def _gone(row: dict[str, Any]) -> bool:
    here = row["host_hash"] == host_hash()
    return bool(row["status"] == "stale" or (here and not is_alive(row["process"], row["process_start"])))


def _worker(row: dict[str, Any], now: datetime) -> Worker:
    joined, heartbeat = row["joined_at"], row["heartbeat_at"]
    speed = None
    if joined is not None and row["steps_made"]:
        # Both times are the database's, so that clocks that differ do no harm.
        spent = (datetime.fromisoformat(heartbeat) - datetime.fromisoformat(joined)).total_seconds()
        speed = row["steps_made"] / spent if spent > 0 else None
    hours = min(HOUR, max(1.0, (now - datetime.fromisoformat(row["started_at"])).total_seconds())) / HOUR
    return Worker(
        session=row["id"],
        host=row["host_hash"],
        here=row["host_hash"] == host_hash(),
        process=row["process"],
        command=row["command"],
        since=row["started_at"],
        environment=row["environment"],
        workers=row["workers"],
        waiting=bool(row["waiting"]),
        leases=row["leases"],
        runs_an_hour=row["made"] / hours,
        steps_a_second=speed,
        steps_left=row["steps_left"],
        seconds_left=row["seconds_left"],
        heartbeat=heartbeat,
    )


def _tuned(row: dict[str, Any], at_work: set[int]) -> Tuned:
    told = {name: row[name] for name in Tuned.__dataclass_fields__ if name in row}
    running = row["running"] if row["session_id"] in at_work else 0
    spent = row["steps"] if row["budget_unit"] == "steps" else row["trials"]
    return Tuned(**{**told, "running": running, "waiting": row["waiting"] - running, "spent": spent})


def _seconds_left(at_work: Iterable[Worker]) -> float | None:
    """Until the last is done. Those of one environment work off the same together; who waits for others does not."""
    groups: dict[str | None, list[Worker]] = {}
    for one in at_work:
        groups.setdefault(one.environment, []).append(one)
    left = [_together(group) for group in groups.values()]
    return max((seconds for seconds in left if seconds is not None), default=None)


def _together(group: Sequence[Worker]) -> float | None:
    """What one alone would take for all that is left is divided by who makes it, each at its own pace."""
    known = [one for one in group if one.seconds_left is not None]
    alone = [one.seconds_left or 0.0 for one in known if not one.waiting] or [one.seconds_left or 0.0 for one in known]
    if not alone:
        return None
    return 1 / sum(1 / seconds for seconds in alone) if min(alone) > 0 else 0.0
