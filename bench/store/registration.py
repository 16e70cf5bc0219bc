"""Entering a suite's plan: its cells and, for every seed, the key of the run that is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select, update

from bench.errors import UserError
from bench.masking import without_tokens
from bench.store.rows import add_new, enter, enter_numbered, ids
from bench.store.schema import Cell, Planned, Run, Settings, Study, Suite, Trial, Tuned
from bench.store.texts import compact, content_hash, fit_to_keep, integer, now, real
from bench.store.values import CellRecord, SuiteRecord


def register(connection: Connection, suite: SuiteRecord, cells: Sequence[CellRecord]) -> int:
    """Make this version of the suite the current one of its name and profile, and return its row number.

    A version is its content and its plan. It is entered once and stays as it is, but that it learns what classes are
    called: other content, other data or a raised component version make another. A version that was replaced before
    anything of it was run is forgotten.
    """
    _check_cells(suite, cells)
    rows = [_cell_row(cell) for cell in cells]
    plan_hash = content_hash(compact([[_told(row), cell.seeds] for row, cell in zip(rows, cells, strict=True)]))
    same_name = (Suite.name == suite.name) & (Suite.profile == suite.profile)
    version = connection.scalar(
        select(Suite.id).where(same_name, Suite.hash == suite.hash, Suite.plan_hash == plan_hash)
    )
    if version is None:
        version = _add(connection, suite, plan_hash, rows, cells)
    else:
        _name_classes(connection, version, cells)
    others = same_name & (Suite.id != version)
    connection.execute(update(Suite).where(others, Suite.is_current == 1).values(is_current=0))
    connection.execute(update(Suite).where(Suite.id == version, Suite.is_current == 0).values(is_current=1))
    _forget_unused(connection, others)
    return version


def _check_cells(suite: SuiteRecord, cells: Sequence[CellRecord]) -> None:
    names = Counter((cell.data, cell.model, cell.method, cell.level) for cell in cells)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        data, model, method, level = twice[0]
        raise UserError(
            f"suite {suite.name}: {method!r} at level {level} on {data} with {model} is there twice; "
            "give one of the two methods or problems another label"
        )


def _cell_row(cell: CellRecord) -> dict[str, Any]:
    return {
        "position": cell.position,
        "data": cell.data,
        "standin": int(cell.standin),
        "model": cell.model,
        "method": cell.method,
        "method_name": cell.method_name,
        "options": compact(fit_to_keep(cell.options)),
        "level": integer(cell.level),
        "target_sparsity": real(cell.target_sparsity),
        "settings": compact(fit_to_keep(cell.settings)),
        "reference": cell.reference,
        "protocol": cell.protocol,
    }


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """What a plan's hash has of a cell: a protocol where there is one, so that plans of before keep theirs."""
    return {name: value for name, value in row.items() if name != "protocol" or value is not None}


def _add(
    connection: Connection,
    suite: SuiteRecord,
    plan_hash: str,
    rows: Sequence[dict[str, Any]],
    cells: Sequence[CellRecord],
) -> int:
    version = connection.execute(
        insert(Suite)
        .values(
            name=suite.name,
            profile=suite.profile,
            hash=suite.hash,
            plan_hash=plan_hash,
            is_current=1,
            title=suite.title,
            metric=suite.metric,
            text=without_tokens(suite.text),
            settings=compact(fit_to_keep(suite.settings)),
            registered_at=now(),
        )
        .returning(Suite.id)
    ).scalar_one()
    entered = []
    for row, settings in zip(rows, _settings(connection, cells), strict=True):
        columns = {name: value for name, value in row.items() if name != "settings"}
        entered.append({**columns, "suite_id": version, "settings_id": settings})
    if not entered:
        return version
    numbers = enter_numbered(connection, Cell, entered)
    planned = [
        {"cell_id": number, "seed": integer(seed), "key": key}
        for number, cell in zip(numbers, cells, strict=True)
        for seed, key in cell.seeds
    ]
    enter(connection, Planned, planned)
    _note_tuned(connection, numbers, cells)
    return version


def _settings(connection: Connection, cells: Sequence[CellRecord]) -> list[int]:
    """The settings of each cell, with what its classes are called, as row numbers."""
    texts = [compact(fit_to_keep(_with_classes(cell))) for cell in cells]
    hashes = {text: content_hash(text) for text in texts}
    numbers = ids(connection, Settings, ("hash",), [{"hash": key, "text": text} for text, key in hashes.items()])
    return [numbers[(hashes[text],)] for text in texts]


def _with_classes(cell: CellRecord) -> Mapping[str, Any]:
    if not cell.classes:
        return cell.settings
    return {**cell.settings, "data": {**cell.settings.get("data", {}), "classes": list(cell.classes)}}


def _name_classes(connection: Connection, version: int, cells: Sequence[CellRecord]) -> None:
    """Cells that an earlier release entered learn what their classes are called."""
    named = [cell for cell in cells if cell.classes]
    if not named:
        return
    places = (Cell.data, Cell.model, Cell.method, Cell.level)
    found = connection.execute(select(*places, Cell.settings_id).where(Cell.suite_id == version))
    known = {tuple(row[:4]): row[4] for row in found}
    changed = False
    for cell, settings in zip(named, _settings(connection, named), strict=True):
        if known.get((cell.data, cell.model, cell.method, cell.level)) not in (None, settings):
            same = (Cell.data == cell.data) & (Cell.model == cell.model)
            same &= (Cell.method == cell.method) & (Cell.level == cell.level)
            connection.execute(update(Cell).where(Cell.suite_id == version, same).values(settings_id=settings))
            changed = True
    if changed:
        connection.execute(delete(Settings).where(Settings.id.not_in(select(Cell.settings_id))))


def _note_tuned(connection: Connection, numbers: Sequence[int], cells: Sequence[CellRecord]) -> None:
    """Note which trials the options of cells come from. Studies of several environments may have tried the same."""
    rows = []
    for number, cell in zip(numbers, cells, strict=True):
        for option, study, trial in cell.tuned:
            wanted = select(Trial.id).join(Study, Study.id == Trial.study_id)
            found = wanted.where(Study.hash == study, Trial.number == trial).order_by(Trial.id.desc())
            rows.append({"cell_id": number, "option": option, "trial_id": connection.scalars(found).first()})
    add_new(connection, Tuned, [row for row in rows if row["trial_id"] is not None])


def _forget_unused(connection: Connection, versions: ColumnElement[bool]) -> None:
    used = exists().where(Cell.suite_id == Suite.id, Planned.cell_id == Cell.id, Run.key == Planned.key)
    forgotten = connection.execute(delete(Suite).where(versions, ~used)).rowcount
    if forgotten:
        connection.execute(delete(Settings).where(Settings.id.not_in(select(Cell.settings_id))))
