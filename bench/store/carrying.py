"""What goes along with runs from one database into another: who made them, what they were for, what was measured."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, select, update

from bench.masking import masked
from bench.store.agreement import Row
from bench.store.base import Base
from bench.store.rows import add_new, blocks, enter, enter_numbered, ids
from bench.store.schema import (
    Calibration,
    Cell,
    Curve,
    Evaluation,
    Pack,
    Planned,
    Plugin,
    Run,
    Session,
    SessionPlugin,
    Settings,
    Speed,
    Split,
    Suite,
    Trained,
)

_WHO = (
    *("host_hash", "process", "process_start", "started_at", "command", "python", "packages", "code_commit"),
    *("dirty_code", "dirty_suites", "note"),
)
_PACK = ("session_id", "environment_id", "finished_at", "width", "seconds")
_VERSION = ("name", "profile", "hash", "plan_hash")
_ENDED = {"running": 0, "stale": 1, "interrupted": 2, "failed": 2, "done": 2}
_CHUNK = 10_000  # rows that are held at a time


def table_rows(connection: Connection, table: type[Base]) -> list[Row]:
    return [dict(row) for row in connection.execute(select(table.__table__)).mappings()]


def run_rows(connection: Connection, *conditions: ColumnElement[bool]) -> list[Row]:
    """Rows of runs with the split and the time in words, which are the same in every file."""
    own = [column for column in Run.__table__.columns if column.name != "split_id"]
    wanted = select(*own, Split.hash.label("split_hash"), Pack.finished_at)
    wanted = wanted.join(Pack, Pack.id == Run.pack_id).outerjoin(Split, Split.id == Run.split_id)
    return [dict(row) for row in connection.execute(wanted.where(*conditions).order_by(Run.id)).mappings()]


def mapped(
    source: Connection,
    target: Connection,
    table: type[Base],
    identity: Sequence[str],
    wanted: Collection[int] | None = None,
) -> dict[int, int]:
    """The target's number of each row of the source, all or those wanted; rows that are not there yet are added."""
    rows = [row for row in table_rows(source, table) if wanted is None or row["id"] in wanted]
    plain = [{name: value for name, value in row.items() if name != "id"} for row in rows]
    numbers = ids(target, table, identity, plain)
    return {row["id"]: numbers[tuple(row[name] for name in identity)] for row in rows}


def carry_packs(
    source: Connection, target: Connection, environments: Mapping[int, int], wanted: Collection[int]
) -> dict[int, int]:
    """The packs with these numbers in the source, and the sessions that made them."""
    rows = [row for row in table_rows(source, Pack) if row["id"] in wanted]
    sessions = carry_sessions(source, target, {row["session_id"] for row in rows})
    for row in rows:
        row["session_id"] = sessions[row["session_id"]]
        row["environment_id"] = environments[row["environment_id"]]
    known: dict[tuple[Any, ...], int] = {}
    for block in blocks(set(sessions.values())):
        for there in target.execute(select(Pack.__table__).where(Pack.session_id.in_(block))).mappings():
            known[tuple(there[name] for name in _PACK)] = there["id"]
    _add_unknown(target, Pack, _PACK, rows, known)
    return {row["id"]: known[tuple(row[name] for name in _PACK)] for row in rows}


def _add_unknown(
    target: Connection, table: Any, identity: Sequence[str], rows: Sequence[Row], known: dict[tuple[Any, ...], int]
) -> list[Row]:
    """Enter the rows that are not known yet, note their numbers in `known`, and give them."""
    new = {key: row for row in rows if (key := tuple(row[name] for name in identity)) not in known}
    if new:
        plain = [{name: value for name, value in row.items() if name != "id"} for row in new.values()]
        numbers = enter_numbered(target, table, plain)
        known.update(zip(new, numbers, strict=True))
    return list(new.values())


def carry_sessions(source: Connection, target: Connection, wanted: Collection[int]) -> dict[int, int]:
    """The sessions with these numbers in the source, with their plugins.

    A session has no hash; it is known by all that it says of itself at its beginning. One that was still running when
    it was brought here before gets its end.
    """
    rows = [row for row in table_rows(source, Session) if row["id"] in wanted]
    for row in rows:
        for name in ("command", "note"):
            row[name] = None if row[name] is None else masked(row[name])
    here = {tuple(row[name] for name in _WHO): row for row in table_rows(target, Session)}
    known = {identity: row["id"] for identity, row in here.items()}
    _add_unknown(target, Session, _WHO, rows, known)
    numbers = {row["id"]: known[tuple(row[name] for name in _WHO)] for row in rows}
    for row in rows:
        old = here.get(tuple(row[name] for name in _WHO))
        if old is not None and _ENDED[row["status"]] > _ENDED[old["status"]]:
            ending = {"status": row["status"], "ended_at": row["ended_at"]}
            target.execute(update(Session).where(Session.id == old["id"]).values(**ending))
    links = [row for row in table_rows(source, SessionPlugin) if row["session_id"] in numbers]
    plugins = mapped(source, target, Plugin, ("hash", "name"), {row["plugin_id"] for row in links})
    entries = [{"session_id": numbers[row["session_id"]], "plugin_id": plugins[row["plugin_id"]]} for row in links]
    add_new(target, SessionPlugin, entries)
    return numbers


def carry_suites(source: Connection, target: Connection, keys: Collection[str]) -> int:
    """The versions of suites that ask for one of these runs, with their cells; how many were not here is told.

    A version is never mixed with another. Where both sides have a current version of a name and profile, that of the
    target stays if runs of it were made here; otherwise one of which runs were made here is chosen, or the later one,
    in whatever order databases come.
    """
    planned = table_rows(source, Planned)
    cells = {row["id"]: row for row in table_rows(source, Cell)}
    used = {cells[row["cell_id"]]["suite_id"] for row in planned if row["key"] in keys}
    rows = [row for row in table_rows(source, Suite) if row["id"] in used]
    if not rows:
        return 0
    known = {tuple(row[name] for name in _VERSION): row["id"] for row in table_rows(target, Suite)}
    wishes = {tuple(row[name] for name in _VERSION) for row in rows if row["is_current"]}
    new = _add_unknown(target, Suite, _VERSION, [{**row, "is_current": 0} for row in rows], known)
    numbers = {row["id"]: known[tuple(row[name] for name in _VERSION)] for row in rows}
    _carry_cells(source, target, {row["id"]: numbers[row["id"]] for row in new}, list(cells.values()), planned)
    for row in rows:
        earlier = (Suite.id == numbers[row["id"]]) & (Suite.registered_at > row["registered_at"])
        target.execute(update(Suite).where(earlier).values(registered_at=row["registered_at"]))
    for name, profile in {(row["name"], row["profile"]) for row in rows}:
        _choose_current(target, name, profile, {known[wish] for wish in wishes if wish[:2] == (name, profile)})
    return len(new)


def _carry_cells(
    source: Connection, target: Connection, suites: Mapping[int, int], cells: Sequence[Row], planned: Sequence[Row]
) -> None:
    own = [row for row in cells if row["suite_id"] in suites]
    if not own:
        return
    settings = mapped(source, target, Settings, ("hash",), {row["settings_id"] for row in own})
    rows = [
        {
            **{name: value for name, value in row.items() if name != "id"},
            "suite_id": suites[row["suite_id"]],
            "settings_id": settings[row["settings_id"]],
        }
        for row in own
    ]
    numbers = enter_numbered(target, Cell, rows)
    place = {row["id"]: number for row, number in zip(own, numbers, strict=True)}
    entries = [{**row, "cell_id": place[row["cell_id"]]} for row in planned if row["cell_id"] in place]
    enter(target, Planned, entries)


def _choose_current(target: Connection, name: str, profile: str, wished: set[int]) -> None:
    same_name = (Suite.name == name) & (Suite.profile == profile)
    made_here = exists().where(
        Cell.suite_id == Suite.id, Planned.cell_id == Cell.id, Run.key == Planned.key, Run.origin == "local"
    )
    versions = select(
        Suite.id, Suite.is_current, made_here.label("own"), Suite.registered_at, Suite.hash, Suite.plan_hash
    )
    rows = target.execute(versions.where(same_name)).all()
    ours = [row for row in rows if row.is_current]
    if any(row.own for row in ours):
        return
    able = [row for row in rows if row.is_current or row.id in wished]
    if not able:
        return
    chosen = max(able, key=lambda row: (bool(row.own), row.registered_at, row.hash, row.plan_hash)).id
    target.execute(update(Suite).where(same_name, Suite.is_current == 1, Suite.id != chosen).values(is_current=0))
    target.execute(update(Suite).where(Suite.id == chosen).values(is_current=1))


def carry_measurements(source: Connection, target: Connection, environments: Mapping[int, int]) -> int:
    """Curves and evaluations that are not here; speeds and calibrations that are newer. The speeds are counted."""
    for chunk in source.execute(select(Evaluation.__table__)).mappings().partitions(_CHUNK):
        add_new(target, Evaluation, [_moved(row, environments) for row in chunk])
    keys = {row["id"]: row["key"] for row in table_rows(source, Trained)}
    for chunk in source.execute(select(Curve.__table__)).mappings().partitions(_CHUNK):
        trained = ids(target, Trained, ("key",), [{"key": keys[row["trained_id"]]} for row in chunk])
        rows = [{**_moved(row, environments), "trained_id": trained[(keys[row["trained_id"]],)]} for row in chunk]
        add_new(target, Curve, rows)
    _carry_newer(target, Calibration, [_moved(row, environments) for row in table_rows(source, Calibration)])
    speeds = [_moved(row, environments) for row in table_rows(source, Speed)]
    newer = _newer(target, Speed, speeds)
    sessions = carry_sessions(source, target, {row["session_id"] for row in newer})
    return _carry_newer(target, Speed, [{**row, "session_id": sessions[row["session_id"]]} for row in newer])


def _moved(row: Mapping[str, Any] | Any, environments: Mapping[int, int]) -> Row:
    return {**row, "environment_id": environments[row["environment_id"]]}


def _key(table: type[Base], row: Mapping[str, Any] | Any) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.__table__.primary_key)


def _newer(target: Connection, table: type[Base], rows: Sequence[Row]) -> list[Row]:
    """Those rows that are newer than what the target has of the same; in a tie the values decide, not the order."""

    def place(row: Row) -> tuple[Any, ...]:
        values = [str(value) for name, value in sorted(row.items()) if name not in ("session_id", "environment_id")]
        return row["measured_at"], values

    here = {_key(table, row): row for row in table_rows(target, table)} if rows else {}
    return [row for row in rows if (old := here.get(_key(table, row))) is None or place(row) > place(old)]


def _carry_newer(target: Connection, table: type[Base], rows: Sequence[Row]) -> int:
    newer = _newer(target, table, rows)
    columns = list(table.__table__.primary_key)
    for row in newer:
        target.execute(delete(table).where(*(column == row[column.name] for column in columns)))
    add_new(target, table, newer)
    return len(newer)
