"""Studies on their way from one database into another: by what they are, with the trials that have ended.

Which trial comes next follows from all before it. So of a study that both have, the other's trials are taken where
those that both have are the same; where one is not, what is here stays as it is, and the difference is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from bench.masking import masked
from bench.store.agreement import Row, close
from bench.store.carrying import carry_sessions, table_rows
from bench.store.rows import add_new, enter_numbered
from bench.store.schema import Cell, Environment, Session, Study, Suite, Trial, TrialRun, Tuned
from bench.store.study_records import FINISHED

_IDENTITY = ("hash", "environment_id", "results_version")
_JUDGED = ("state", "value", "accuracy", "sparsity")
_CELL = (Suite.name, Suite.profile, Suite.hash, Suite.plan_hash, Cell.data, Cell.model, Cell.method, Cell.level)


@dataclass(frozen=True)
class StudyConflict:
    """A study that went another way in another database; what was here stays."""

    study: str
    environment: str
    reason: str


@dataclass(frozen=True)
class StudiesCarried:
    """What came along of tuning."""

    new: int
    trials: int
    conflicts: tuple[StudyConflict, ...]


def carry_studies(
    source: Connection, target: Connection, environments: Mapping[int, int], tolerance: Mapping[int, float]
) -> StudiesCarried:
    """The studies with their ended trials and the runs of these, and which trial a cell has its options from."""
    theirs = _trials(source)
    ours = _trials(target)
    known = {tuple(row[name] for name in _IDENTITY): row for row in table_rows(target, Study)}
    busy = set(target.scalars(select(Session.id).where(Session.status == "running")))
    labels = {row["id"]: row["label"] for row in table_rows(target, Environment)}
    numbers: dict[int, int] = {}  # of trials: in the source -> in the target
    new, conflicts, taken = 0, [], 0
    for study in table_rows(source, Study):
        environment = environments[study["environment_id"]]
        row = {**study, "environment_id": environment, "session_id": None}
        here = known.get(tuple(row[name] for name in _IDENTITY))
        ended = [one for one in theirs[study["id"]] if one["state"] in FINISHED]
        there = {one["number"]: one for one in ours[here["id"]]} if here else {}
        reason = _difference(ended, there, tolerance[environment])
        if reason is None and here and here["session_id"] in busy and any(_is_open(one, there) for one in ended):
            reason = "a command is at it here; merge again when that has ended"
        if reason is not None:
            conflicts.append(StudyConflict(f"{study['suite']}/{study['name']}", labels[environment], reason))
        if here is None:
            new += 1
            (place,) = enter_numbered(target, Study, [_without_id(row)])
        else:
            place = here["id"]
        wanted = [] if reason else [one for one in ended if _is_open(one, there)]
        taken += len(wanted)
        numbers |= _enter(source, target, place, wanted, there)
        if reason is None:
            numbers |= {one["id"]: there[one["number"]]["id"] for one in ended if one["number"] in there}
    _carry_runs(source, target, numbers)
    _carry_tuned(source, target, numbers)
    return StudiesCarried(new, taken, tuple(conflicts))


def _trials(connection: Connection) -> Mapping[int, list[Row]]:
    """The trials of each study in their order."""
    found: dict[int, list[Row]] = defaultdict(list)
    for row in sorted(table_rows(connection, Trial), key=lambda row: int(row["number"])):
        found[row["study_id"]].append(row)
    return found


def _is_open(one: Row, there: Mapping[int, Row]) -> bool:
    """Whether a trial that has ended in the other database has not ended here."""
    return one["number"] not in there or there[one["number"]]["state"] not in FINISHED


def _difference(ended: Sequence[Row], there: Mapping[int, Row], tolerance: float) -> str | None:
    """The first of their trials that is another one here, in words."""
    for one in ended:
        here = there.get(one["number"])
        if here is None:
            continue
        if here["params"] != one["params"]:
            return f"trial {one['number']} tried something else"
        for name in _JUDGED if here["state"] in FINISHED else ():
            if not _same(here[name], one[name], tolerance):
                return f"{name} of trial {one['number']} {_words(here[name])} and {_words(one[name])}"
    return None


def _same(one: Any, other: Any, tolerance: float) -> bool:
    if one is None or other is None:
        return one is other
    return close(one, other, tolerance)


def _words(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else "nothing" if value is None else str(value)


def _enter(
    source: Connection, target: Connection, study: int, wanted: Sequence[Row], there: Mapping[int, Row]
) -> dict[int, int]:
    """Enter trials that have not ended here; their numbers in the target."""
    sessions = carry_sessions(source, target, {row["session_id"] for row in wanted} - {None})
    rows = [
        {
            **row,
            "study_id": study,
            "session_id": sessions.get(row["session_id"]),
            "reason": None if row["reason"] is None else masked(row["reason"]),
        }
        for row in wanted
    ]
    fresh = [row for row in rows if row["number"] not in there]
    numbers = dict(
        zip(
            (row["id"] for row in fresh),
            enter_numbered(target, Trial, [_without_id(row) for row in fresh]),
            strict=True,
        )
    )
    for row in rows:
        if row["number"] in there:
            numbers[row["id"]] = there[row["number"]]["id"]
            target.execute(update(Trial).where(Trial.id == numbers[row["id"]]).values(**_without_id(row)))
    return numbers


def _without_id(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "id"}


def _carry_runs(source: Connection, target: Connection, numbers: Mapping[int, int]) -> None:
    rows = [
        {
            **row,
            "trial_id": numbers[row["trial_id"]],
            "reason": None if row["reason"] is None else masked(row["reason"]),
        }
        for row in table_rows(source, TrialRun)
        if row["trial_id"] in numbers
    ]
    add_new(target, TrialRun, rows)


def _carry_tuned(source: Connection, target: Connection, numbers: Mapping[int, int]) -> None:
    """A cell is known by its suite's version and its place in there."""
    named = select(Cell.id, *_CELL).join(Suite, Suite.id == Cell.suite_id)
    chosen = {row["cell_id"] for row in table_rows(source, Tuned)}
    if not chosen:
        return
    names = {row[0]: tuple(row[1:]) for row in source.execute(named) if row[0] in chosen}
    wanted = set(names.values())
    cells = {tuple(row[1:]): row[0] for row in target.execute(named) if tuple(row[1:]) in wanted}
    rows = [
        {"cell_id": cells[names[row["cell_id"]]], "option": row["option"], "trial_id": numbers[row["trial_id"]]}
        for row in table_rows(source, Tuned)
        if row["trial_id"] in numbers and names[row["cell_id"]] in cells
    ]
    add_new(target, Tuned, rows)
