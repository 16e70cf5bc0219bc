"""`bench status`: who works on a database at the moment, and how it goes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from bench.cli import codes, options
from bench.cli.output import console, counted, duration, emit, number, say, table
from bench.cli.requests import DATABASE

if TYPE_CHECKING:
    from rich.console import Console

    from bench.status import Status, Tuned, Worker

COLUMNS = ("session", "host", "process", "workers", "since", "leases", "runs an hour", "state")
REASONS = 10  # lines; --json has all of them


def status(db: options.Database = DATABASE, as_json: options.AsJson = False) -> int:
    """Say who is at work on the database, runs an hour, time left, studies, failures by reason.

    Several `bench run` on one database share the work; each has a line here. It needs no training to be looked at.
    """
    from bench.status import status as status_of
    from bench.store import Store

    with Store.open(db, read_only=True) as store:
        found = status_of(store)
    if as_json:
        emit(asdict(found))
        return codes.DONE
    screen = console()
    _say_workers(screen, found)
    for left in found.missing:
        say(screen, f"{left.suite}, profile {left.profile}: {counted(left.runs, 'run')} missing")
    for study in found.studies:
        say(screen, _study(study))
    for failure in found.failures[:REASONS]:
        say(screen, f"{counted(failure.runs, 'run')} {failure.status}: {failure.reason}", "yellow")
    if len(found.failures) > REASONS:
        say(screen, f"and {counted(len(found.failures) - REASONS, 'other reason')}; --json has them all", "yellow")
    return codes.DONE


def _say_workers(screen: Console, found: Status) -> None:
    if found.at_work:
        rows = [_line(one, _state(one)) for one in found.at_work]
        screen.print(table(COLUMNS, rows, right=("session", "process", "workers", "leases", "runs an hour")))
        left = "not known yet" if found.seconds_left is None else f"about {duration(found.seconds_left)}"
        say(
            screen,
            f"{counted(len(found.at_work), 'command')} at work, {number(found.runs_an_hour)} runs an hour; "
            f"time left: {left}",
        )
    else:
        say(screen, "nobody is at work")
    if found.stale:
        last = found.stale[-1]
        say(
            screen,
            f"{counted(len(found.stale), 'session')} ended without a word, the last began {last.since} "
            f"(process {last.process}); what they had finished is kept, `bench run` goes on",
            "dim",
        )


def _study(one: Tuned) -> str:
    profile = "" if one.profile == "full" else f" ({one.profile})"
    states = ("done", "stopped", "failed", "running", "waiting")
    there = [f"{getattr(one, state):,} {state}" for state in states if getattr(one, state) or state == "done"]
    best = "none yet" if one.best is None else f"trial {one.best}"
    value = "" if one.best_value is None else f" with {100 * one.best_value:.2f} %"
    return (
        f"study {one.suite}/{one.name}{profile} on {one.data} with {one.model}: trials {', '.join(there)}; "
        f"{one.spent:,.0f} of {one.budget:,.0f} {one.budget_unit} spent; best: {best}{value}"
    )


def _line(one: Worker, state: str) -> tuple[str, ...]:
    host = f"{one.host[:8]}{' (this one)' if one.here else ''}"
    workers = "" if one.workers is None else str(one.workers)
    return (
        *(str(one.session), host, str(one.process), workers, one.since, str(one.leases)),
        *(number(round(one.runs_an_hour, 1)), state),
    )


def _state(one: Worker) -> str:
    if one.heartbeat is None:
        return "begins, or makes no runs"
    return "waits for the others" if one.waiting else "makes runs"
