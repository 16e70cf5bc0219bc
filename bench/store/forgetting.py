"""Removing runs that are picked by a filter, with all that hangs on them alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select

from bench.errors import UserError, nearest
from bench.store.rows import blocks
from bench.store.schema import (
    Cell,
    Curve,
    Environment,
    Pack,
    Planned,
    Recipe,
    Run,
    RunStep,
    Settings,
    Speed,
    Split,
    Suite,
    Trained,
)

Filters = Mapping[str, Sequence[str]]

_OF_RUN: Mapping[str, Any] = {"status": Run.status, "origin": Run.origin, "seed": Run.seed}
_OF_SUITE: Mapping[str, Any] = {"suite": Suite.name, "profile": Suite.profile}
_OF_CELL: Mapping[str, Any] = {"data": Cell.data, "model": Cell.model, "method": Cell.method, "level": Cell.level}
NAMES = (*_OF_SUITE, *_OF_CELL, *_OF_RUN, "key", "environment", "session")
_NUMBERS = ("seed", "level", "session")


@dataclass(frozen=True)
class Doomed:
    """A run that a filter picks."""

    id: int
    key: str
    seed: int
    status: str
    origin: str
    environment: str
    finished_at: str
    cells: tuple[str, ...]  # where suites ask for it: suite, data, model, method, level


def picked(connection: Connection, filters: Filters) -> list[Doomed]:
    """The runs that every filter lets through. Reference rows are meant only where their origin is named."""
    if not filters:
        raise UserError(
            "forget: nothing is picked; give a filter such as suite=starter,method=lottery or status=failed"
        )
    conditions = _conditions(filters)
    wanted = select(
        Run.id, Run.key, Run.seed, Run.status, Run.origin, Environment.label.label("environment"), Pack.finished_at
    ).join(Environment, Environment.id == Run.environment_id)
    rows = connection.execute(wanted.join(Pack, Pack.id == Run.pack_id).where(*conditions).order_by(Run.id)).all()
    cells = _cells(connection, {row.key for row in rows})
    return [Doomed(*row, cells.get(row.key, ())) for row in rows]


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    planned: list[ColumnElement[bool]] = []
    for name, given in filters.items():
        if name not in NAMES:
            raise UserError(f"forget: {name!r} is nothing to choose by; {nearest(name, NAMES)}")
        values: list[Any] = [_number(name, value) for value in given] if name in _NUMBERS else list(given)
        if name in _OF_RUN:
            conditions.append(_OF_RUN[name].in_(values))
        elif name == "key":
            conditions.append(or_(*(Run.key.startswith(value, autoescape=True) for value in values)))
        elif name == "environment":
            conditions.append(or_(*(Environment.label.contains(value, autoescape=True) for value in values)))
        elif name == "session":
            conditions.append(Pack.session_id.in_(values))
        else:
            planned.append((_OF_SUITE | _OF_CELL)[name].in_(values))  # type: ignore[operator]
    if planned:
        asked = exists().where(Planned.key == Run.key, Cell.id == Planned.cell_id, Suite.id == Cell.suite_id, *planned)
        conditions.append(asked)
    if "origin" not in filters:
        conditions.append(Run.origin != "reference")
    return conditions


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise UserError(f"forget: {name}={value}: is no whole number; write {name}=1") from None


def _cells(connection: Connection, keys: set[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    columns = select(Planned.key, Suite.name, Cell.data, Cell.model, Cell.method, Cell.level)
    wanted = columns.join(Cell, Cell.id == Planned.cell_id).join(Suite, Suite.id == Cell.suite_id)
    for block in blocks(keys):
        for key, suite, data, model, method, level in connection.execute(wanted.where(Planned.key.in_(block))):
            found.setdefault(key, set()).add(f"{suite}: {method} at level {level} on {data} with {model}")
    return {key: tuple(sorted(names)) for key, names in found.items()}


def forget(connection: Connection, filters: Filters) -> int:
    """Remove the runs that the filters pick, and what belongs to none that is left."""
    doomed = picked(connection, filters)
    for block in blocks(one.id for one in doomed):
        connection.execute(delete(Run).where(Run.id.in_(block)))
    if not doomed:
        return 0
    for block in blocks({one.key for one in doomed}):
        lonely = Speed.key.in_(block) & ~exists().where(Run.key == Speed.key)
        connection.execute(delete(Speed).where(lonely))
    unused = select(Trained.id).where(~exists().where(RunStep.trained_id == Trained.id))
    connection.execute(delete(Curve).where(Curve.trained_id.in_(unused)))
    connection.execute(delete(Trained).where(Trained.id.in_(unused)))
    connection.execute(delete(Pack).where(~exists().where(Run.pack_id == Pack.id)))
    connection.execute(delete(Split).where(~exists().where(Run.split_id == Split.id)))
    connection.execute(delete(Recipe).where(~exists().where(Run.recipe_id == Recipe.id)))
    used = exists().where(Cell.suite_id == Suite.id, Planned.cell_id == Cell.id, Run.key == Planned.key)
    connection.execute(delete(Suite).where(Suite.is_current == 0, ~used))
    connection.execute(delete(Settings).where(~exists().where(Cell.settings_id == Settings.id)))
    return len(doomed)
