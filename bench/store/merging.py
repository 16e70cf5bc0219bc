"""Bringing the runs of another database in, by what they are and not by their row numbers.

Merging is idempotent: what is there already stays as it is. A run that is there with another result is a conflict, and
both results are kept. All is read and written on two connections; the caller makes it one transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from bench.masking import masked
from bench.store.agreement import DETERMINISTIC, FREE, Row, differences, is_final, same
from bench.store.base import Base
from bench.store.carrying import carry_measurements, carry_packs, carry_suites, mapped, run_rows, table_rows
from bench.store.carrying_studies import StudyConflict, carry_studies
from bench.store.rows import add_new, blocks, enter, enter_numbered, ids
from bench.store.schema import Artifact, Conflict, Environment, Layer, Recipe, Run, RunLayer, RunStep, Split, Trained
from bench.store.texts import compact, now

# What becomes of the origin of a row; rows of origins that are not named stay behind.
Origins = Mapping[str, str]
FROM_OTHERS: Origins = {"local": "merged", "merged": "merged", "reference": "reference"}
OWN_AGAIN: Origins = {"local": "local", "merged": "merged"}
UNCHANGED: Origins = {"local": "local", "merged": "merged", "reference": "reference"}

_ASIDE = 1_000_000_000  # where attempts wait while they change places
Identity = tuple[str, int, int, bool]  # key, environment, results version, whether it is a reference row


@dataclass(frozen=True)
class ConflictFound:
    """A run that two databases have with different results."""

    key: str
    environment: str
    differences: Mapping[str, Sequence[Any]]  # column -> the first value, the other


@dataclass(frozen=True)
class Merged:
    """What a merge brought."""

    runs: int  # in the other database, of the origins that were taken
    new: int
    suites: int  # versions of suites that were not here
    speeds: int
    studies: int  # that were not here
    trials: int  # of these and of others
    conflicts: tuple[ConflictFound, ...]
    study_conflicts: tuple[StudyConflict, ...]


def merge(source: Connection, target: Connection, origins: Origins) -> Merged:
    """Bring in what the source has and the target lacks."""
    environments = mapped(source, target, Environment, ("hash",))
    labels = {row["id"]: row for row in table_rows(target, Environment)}
    tolerance = {number: DETERMINISTIC if row["deterministic"] else FREE for number, row in labels.items()}
    given = [
        {**row, "environment_id": environments[row["environment_id"]], "origin": origins[row["origin"]]}
        for row in run_rows(source)
        if row["origin"] in origins
    ]
    for row in given:
        row["reason"] = None if row["reason"] is None else masked(row["reason"])
    there = _there(target, {row["key"] for row in given})
    new = _new(given, there, tolerance)
    _number(target, new, there)
    _insert(source, target, environments, new)
    suites = carry_suites(source, target, {row["key"] for row in given})
    speeds = carry_measurements(source, target, environments)
    tuning = carry_studies(source, target, environments, tolerance)
    conflicts = _note_conflicts(target, new, there, tolerance)
    found = tuple(ConflictFound(key, labels[environment]["label"], what) for key, environment, what in conflicts)
    return Merged(len(given), len(new), suites, speeds, tuning.new, tuning.trials, found, tuning.conflicts)


def _identity(row: Row) -> Identity:
    return row["key"], row["environment_id"], row["results_version"], row["origin"] == "reference"


def _there(target: Connection, keys: set[str]) -> dict[Identity, list[Row]]:
    """The rows that the target has of these keys, by their identity."""
    found: dict[Identity, list[Row]] = defaultdict(list)
    for block in blocks(keys):
        for row in run_rows(target, Run.key.in_(block)):
            found[_identity(row)].append(row)
    return found


def _order(row: Row) -> tuple[Any, ...]:
    """The order of attempts, the same in whatever order databases are merged: ends after failures, later ones last."""
    apart = ("id", "environment_id", "attempt", "pack_id", "recipe_id", "origin")
    rest = {name: value for name, value in row.items() if name not in apart}
    return is_final(row), row["finished_at"], compact(rest)


def _new(given: Iterable[Row], there: Mapping[Identity, list[Row]], tolerance: Mapping[int, float]) -> list[Row]:
    """The given rows that are not there, each result once."""
    known: dict[Identity, list[Row]] = defaultdict(list, {identity: list(rows) for identity, rows in there.items()})
    new = []
    for row in sorted(given, key=_order):
        others = known[_identity(row)]
        if not any(same(other, row, tolerance[row["environment_id"]]) for other in others):
            others.append(row)
            new.append(row)
    return new


def _number(target: Connection, new: Iterable[Row], there: Mapping[Identity, list[Row]]) -> None:
    """Give the new rows their attempts. Your own rows keep theirs; all others are counted afresh, in their order."""
    groups: dict[tuple[Identity, str], list[Row]] = defaultdict(list)
    for row in new:
        groups[_identity(row), row["origin"]].append(row)
    moved: dict[int, int] = {}
    for (identity, origin), rows in groups.items():
        here = [row for row in there.get(identity, ()) if row["origin"] == origin]
        if origin != "local":
            for number, row in enumerate(sorted([*here, *rows], key=_order), start=1):
                if row["attempt"] != number and any(row is one for one in here):
                    moved[row["id"]] = number
                row["attempt"] = number
        else:
            last = max((row["attempt"] for row in here), default=0)
            for number, row in enumerate(rows, start=last + 1):
                row["attempt"] = number
    if moved:
        change = update(Run.__table__).where(Run.__table__.c.id == bindparam("row"))  # type: ignore[arg-type]
        aside = [{"row": row, "number": number + _ASIDE} for row, number in moved.items()]
        target.execute(change.values(attempt=bindparam("number")), aside)
        target.execute(
            change.values(attempt=bindparam("number")), [{**one, "number": one["number"] - _ASIDE} for one in aside]
        )


def _insert(source: Connection, target: Connection, environments: Mapping[int, int], new: list[Row]) -> None:
    """Enter the new runs with all that hangs on them."""
    if not new:
        return
    packs = carry_packs(source, target, environments, {row["pack_id"] for row in new})
    recipes = mapped(source, target, Recipe, ("hash",), {row["recipe_id"] for row in new} - {None})
    splits = ids(
        target, Split, ("hash",), [{"hash": one} for one in sorted({row["split_hash"] for row in new} - {None})]
    )
    rows = []
    for row in new:
        recipe = None if row["recipe_id"] is None else recipes[row["recipe_id"]]
        own = {name: value for name, value in row.items() if name not in ("id", "split_hash", "finished_at")}
        split = None if row["split_hash"] is None else splits[(row["split_hash"],)]
        rows.append({**own, "pack_id": packs[row["pack_id"]], "recipe_id": recipe, "split_id": split})
    numbers = enter_numbered(target, Run, rows)
    runs = {row["id"]: number for row, number in zip(new, numbers, strict=True)}
    layers = mapped(source, target, Layer, ("name", "kind", "weights"))
    for chunk in _hanging(source, RunLayer, runs):
        entries = [{**row, "run_id": runs[row["run_id"]], "layer_id": layers[row["layer_id"]]} for row in chunk]
        enter(target, RunLayer, entries)
    keys = {row["id"]: row["key"] for row in table_rows(source, Trained)}
    for chunk in _hanging(source, RunStep, runs):
        trained = ids(target, Trained, ("key",), [{"key": keys[row["trained_id"]]} for row in chunk])
        steps = [
            {**row, "run_id": runs[row["run_id"]], "trained_id": trained[(keys[row["trained_id"]],)]} for row in chunk
        ]
        enter(target, RunStep, steps)
    for chunk in _hanging(source, Artifact, runs):
        enter(target, Artifact, [{**row, "run_id": runs[row["run_id"]]} for row in chunk])
    for row, number in zip(new, numbers, strict=True):
        row["id"] = number  # from here on a row of the target


def _hanging(source: Connection, table: type[Base], runs: Mapping[int, int]) -> Iterator[list[Row]]:
    """The rows that hang on these runs, in lists that are not too long."""
    for chunk in source.execute(select(table.__table__)).mappings().partitions(10_000):
        wanted = [dict(row) for row in chunk if row["run_id"] in runs]
        if wanted:
            yield wanted


def _note_conflicts(
    target: Connection, new: Iterable[Row], there: Mapping[Identity, list[Row]], tolerance: Mapping[int, float]
) -> list[tuple[str, int, dict[str, list[Any]]]]:
    """Enter the pairs of results that do not agree, and give each as its run, its environment and what differs."""
    rank = {"reference": 0, "local": 1, "merged": 2}
    groups: dict[Identity, list[Row]] = defaultdict(list)
    for row in new:
        groups[_identity(row)].append(row)
    found, entries = [], []
    for identity, rows in groups.items():
        finals = [row for row in (*there.get(identity, ()), *rows) if is_final(row)]
        finals.sort(key=lambda row: (rank[row["origin"]], row["attempt"]))
        for place, one in enumerate(finals):
            for other in finals[place + 1 :]:
                what = differences(one, other, tolerance[one["environment_id"]])
                if what and (one in rows or other in rows):
                    found.append((one["key"], one["environment_id"], what))
                    entries.append(
                        {"run_id": one["id"], "other_id": other["id"], "differences": compact(what), "found_at": now()}
                    )
    add_new(target, Conflict, entries)
    return found
