"""Sharing work between commands that run at once: each takes leases, and gives signs of life.

A lease is one row for one piece of work. It ends when its driver gives it back, ends, or is gone: its process is no
more on this machine, or it has given no sign of life for too long by the database's clock.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, text, update

from bench.errors import UserError
from bench.store.rows import add_new, blocks
from bench.store.schema import Driver, Lease, Run, Session
from bench.store.sessions import host_hash, is_alive
from bench.store.values import FINAL

VARIABLE = "BENCH_LEASE_SECONDS"
LIMIT = 120.0  # seconds without a sign of life: more than a writer waits for another one's transaction
_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True)
class Seat:
    """A session that makes runs, and in which environment and version their keys count."""

    session: int
    environment: int
    version: int
    workers: int = 1


@dataclass(frozen=True)
class Progress:
    """What a driver says of itself with a sign of life."""

    waiting: bool = False
    steps_made: int = 0
    steps_left: int = 0
    seconds_left: float | None = None  # to the end of what is left, were it alone; None before anything was measured


@dataclass(frozen=True)
class Standing:
    """How a driver stands among the others after an exchange."""

    taken: frozenset[str]  # of what it asked for
    final: frozenset[str]  # of what it asked for: runs that are there already, whoever made them
    held: frozenset[str]  # by others
    others: int  # drivers at work in the same environment and version
    waiting: int  # of the others
    lost: bool  # it was taken for gone, and what it held was free for others


def limit() -> float:
    """Seconds without a sign of life after which a driver counts as gone."""
    given = os.environ.get(VARIABLE)
    if given is None:
        return LIMIT
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UserError(f"{VARIABLE}: {given!r} is no number of seconds; give one above 0, or none for {LIMIT:g}")
    return seconds


def exchange(
    connection: Connection, seat: Seat, progress: Progress, take: Collection[str], give_back: Collection[str]
) -> Standing:
    """Give a sign of life, give leases back, take others, and look at who else is there."""
    clock = _clock(connection)
    _remove_gone(connection, clock, seat.session)
    lost = not _beat(connection, seat, progress, clock)
    mine = (Lease.environment_id == seat.environment, Lease.results_version == seat.version)
    for block in blocks(give_back):
        connection.execute(delete(Lease).where(*mine, Lease.session_id == seat.session, Lease.key.in_(block)))
    final = _final(connection, seat, take)
    taken = _take(connection, seat, take, clock)
    others = connection.execute(
        select(func.count(), func.coalesce(func.sum(Driver.waiting), 0)).where(
            Driver.session_id != seat.session,
            Driver.environment_id == seat.environment,
            Driver.results_version == seat.version,
        )
    ).one()
    held = connection.scalars(select(Lease.key).where(*mine, Lease.session_id != seat.session)) if others[0] else ()
    return Standing(taken, final, frozenset(held), int(others[0]), int(others[1]), lost)


def leave(connection: Connection, session: int) -> None:
    """Give everything back."""
    connection.execute(delete(Driver).where(Driver.session_id == session))


def _clock(connection: Connection) -> datetime:
    """The database's: machines that share a server need not agree on the time."""
    if connection.dialect.name == "postgresql":
        told: Any = connection.scalar(text("select clock_timestamp()"))
        return datetime.fromtimestamp(told.timestamp(), UTC)
    return datetime.now(UTC)


def _beat(connection: Connection, seat: Seat, progress: Progress, clock: datetime) -> bool:
    """Say that it is still there; False where it was not known, or not any more."""
    told = {
        "waiting": int(progress.waiting),
        "steps_made": progress.steps_made,
        "steps_left": progress.steps_left,
        "seconds_left": progress.seconds_left,
        "heartbeat_at": clock.strftime(_FORM),
    }
    found = connection.execute(update(Driver).where(Driver.session_id == seat.session).values(**told))
    if found.rowcount:
        return True
    row = {
        "session_id": seat.session,
        "environment_id": seat.environment,
        "results_version": seat.version,
        "workers": seat.workers,
        "joined_at": told["heartbeat_at"],
    }
    connection.execute(insert(Driver), [row | told])
    connection.execute(update(Session).where(Session.id == seat.session).values(status="running", ended_at=None))
    return False


def _remove_gone(connection: Connection, clock: datetime, own: int) -> None:
    """Take the leases of drivers that are gone from them; their sessions are stale."""
    oldest = (clock - timedelta(seconds=limit())).strftime(_FORM)
    there = select(
        Driver.session_id, Driver.heartbeat_at, Session.host_hash, Session.process, Session.process_start
    ).join(Session, Session.id == Driver.session_id)
    for session, heartbeat, host, process, start in connection.execute(there.where(Driver.session_id != own)).all():
        if heartbeat < oldest or (host == host_hash() and not is_alive(process, start)):
            leave(connection, session)
            ending = {"status": "stale", "ended_at": clock.strftime("%Y-%m-%dT%H:%M:%SZ")}
            connection.execute(update(Session).where(Session.id == session).values(**ending))


def _final(connection: Connection, seat: Seat, keys: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    for block in blocks(keys):
        found |= set(
            connection.scalars(
                select(Run.key).where(
                    Run.key.in_(block),
                    Run.environment_id == seat.environment,
                    Run.results_version == seat.version,
                    Run.origin.in_(("local", "merged")),
                    Run.status.in_(FINAL),
                )
            )
        )
    return frozenset(found)


def _take(connection: Connection, seat: Seat, keys: Collection[str], clock: datetime) -> frozenset[str]:
    place = {"environment_id": seat.environment, "results_version": seat.version}
    row = {**place, "session_id": seat.session, "taken_at": clock.strftime(_FORM)}
    add_new(connection, Lease, [{"key": key, **row} for key in keys])
    taken: set[str] = set()
    for block in blocks(keys):
        own = select(Lease.key).where(
            Lease.key.in_(block),
            Lease.environment_id == seat.environment,
            Lease.results_version == seat.version,
            Lease.session_id == seat.session,
        )
        taken |= set(connection.scalars(own))
    return frozenset(taken)
