"""What a database knows of one run, found by its name: the first digits of its key. PyTorch is not needed for it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.errors import UserError
from bench.store import Store
from bench.store.sessions import host_hash

NAME = 8  # digits of a key that name a run everywhere
_SHOWN = 5  # runs that are listed where a name fits several

_KEYS = """
SELECT key FROM run WHERE key LIKE :beginning
UNION SELECT key FROM planned WHERE key LIKE :beginning
ORDER BY 1
"""
_ROWS = """
SELECT runs.*, environment.hash AS environment_hash, environment.device_kind, environment.device_model AS device,
       environment.torch, recipe.text AS recipe, recipe.components,
       session.host_hash, session.python, session.packages, session.code_commit, session.dirty_code
FROM runs
JOIN environment ON environment.id = runs.environment_id
JOIN session ON session.id = runs.session
LEFT JOIN recipe ON recipe.id = runs.recipe_id
WHERE runs.key = :key
ORDER BY CASE WHEN runs.status IN ('done', 'collapsed') THEN 0 ELSE 1 END,
         CASE runs.origin WHEN 'local' THEN 0 WHEN 'merged' THEN 1 ELSE 2 END, runs.finished_at DESC
"""
_CELLS = """
SELECT suite.name AS suite, suite.profile, suite.title, suite.metric, suite.text AS suite_text,
       cell.data, cell.standin, cell.model, cell.method, cell.method_name, cell.options, cell.level,
       cell.target_sparsity, cell.reference, settings.text AS settings
FROM planned
JOIN cell ON cell.id = planned.cell_id
JOIN suite ON suite.id = cell.suite_id
JOIN settings ON settings.id = cell.settings_id
WHERE planned.key = :key
ORDER BY suite.is_current DESC, suite.registered_at DESC, suite.id DESC, cell.position
"""
_PLUGINS = """
SELECT plugin.name, plugin.text FROM session_plugin JOIN plugin ON plugin.id = session_plugin.plugin_id
WHERE session_plugin.session_id = :session ORDER BY plugin.name
"""
_LAYERS = "SELECT layer, kind, weights, kept, effective, sparsity FROM layers WHERE key = :key AND environment = :label"
_APART = frozenset({"id", "environment_id", "recipe_id", "host_hash", "session", "environment_hash"})


@dataclass(frozen=True)
class StoredRun:
    """A run in one environment: its row, the cell that asked for it, and the texts that it was made from."""

    key: str
    place: str  # of the database, in words
    facts: Mapping[str, Any]  # the row, its cell and its session, as one flat mapping
    settings: Mapping[str, Any] = field(repr=False)  # of the cell, every default written out
    suite_text: str = field(repr=False)
    recipe: Mapping[str, Any] | None = field(repr=False)  # start and steps, as they were written down
    plugins: Mapping[str, str] = field(repr=False)  # the user's own files that were loaded: name and text
    layers: tuple[Mapping[str, Any], ...] = field(repr=False)
    environment: str  # its hash
    made_here: bool  # on this machine, as far as the database knows

    @property
    def name(self) -> str:
        return self.key[:NAME]

    @property
    def has_network(self) -> bool:
        return self.facts["status"] in ("done", "collapsed")


def stored_runs(name: str, store: Store) -> list[StoredRun]:
    """The run of this name, once for each environment that it was made in, the one that counts most first."""
    key = find_key(name, store)
    rows = _asked(store, _ROWS, key=key)
    cells = _asked(store, _CELLS, key=key)
    if not rows:
        suite = cells[0]["suite"] if cells else "SUITE"
        raise UserError(f"run {key[:NAME]}: is planned and not made yet in {store.place}; `bench run {suite}` makes it")
    if not cells:
        raise UserError(f"run {key[:NAME]}: {store.place} holds no suite with it, so that its recipe can not be read")
    return [_stored(store, row, cells[0]) for row in rows]


def find_key(name: str, store: Store) -> str:
    """The one key that begins so."""
    beginning = name.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{1,40}", beginning):
        raise UserError(
            f"run {name!r}: is no name of a run; give the first {NAME} digits of its key, as `bench runs SUITE` "
            "lists them"
        )
    keys = [str(row[0]) for row in store.query(_KEYS, {"beginning": f"{beginning}%"}).rows]
    if not keys:
        raise UserError(f"run {name}: {store.place} has no such run; `bench runs SUITE` lists those of a suite")
    if len(keys) > 1:
        shown = "; ".join(_described(store, key) for key in keys[:_SHOWN])
        more = f"; and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else ""
        raise UserError(f"run {name}: {len(keys):,} runs begin so; give more digits: {shown}{more}")
    return keys[0]


def _described(store: Store, key: str) -> str:
    """Enough digits to tell a run from all others, and what it is."""
    cells = _asked(store, _CELLS, key=key)
    seeds = store.query("SELECT seed FROM planned WHERE key = :key", {"key": key}).rows
    if not cells:
        return key[: 2 * NAME]
    one = cells[0]
    return f"{key[: 2 * NAME]} is {one['method']} at level {one['level']} on {one['data']}, seed {seeds[0][0]}"


def _stored(store: Store, row: Mapping[str, Any], cell: Mapping[str, Any]) -> StoredRun:
    told = {
        **{name: value for name, value in row.items() if name not in (*_APART, "recipe", "components", "packages")},
        **{name: value for name, value in cell.items() if name not in ("suite_text", "settings", "options")},
        "name": str(row["key"])[:NAME],
        "options": json.loads(cell["options"]),
        "standin": bool(cell["standin"]),
        "packages": json.loads(row["packages"]),
        "components": json.loads(row["components"]) if row["components"] else {},
    }
    return StoredRun(
        key=row["key"],
        place=store.place,
        facts=told,
        settings=json.loads(cell["settings"]),
        suite_text=cell["suite_text"],
        recipe=json.loads(row["recipe"]) if row["recipe"] else None,
        plugins={one["name"]: one["text"] for one in _asked(store, _PLUGINS, session=row["session"])},
        layers=tuple(_asked(store, _LAYERS, key=row["key"], label=row["environment"])),
        environment=row["environment_hash"],
        made_here=row["host_hash"] == host_hash(),
    )


def _asked(store: Store, sql: str, **parameters: Any) -> list[dict[str, Any]]:
    answer = store.query(sql, parameters)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
