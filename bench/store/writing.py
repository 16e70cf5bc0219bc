"""Entering what a pack of trainings brought. A final row is written once and never changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from bench.masking import masked
from bench.store.rows import add_new, blocks, enter, enter_numbered, ids
from bench.store.schema import (
    Artifact,
    Curve,
    Evaluation,
    Layer,
    Pack,
    Recipe,
    Run,
    RunLayer,
    RunStep,
    Speed,
    Split,
    Trained,
)
from bench.store.texts import compact, content_hash, integer, now, plain_json, points_text, real, shortened
from bench.store.types import Real
from bench.store.values import FINAL, CurveRecord, EvaluationRecord, PackRecord, RunRecord, SpeedRecord

_GIVEN = [column for column in Run.__table__.columns if column.name in RunRecord.__dataclass_fields__]
_TEXTS = ("key", "status", "reason")
_REALS = tuple(column.name for column in _GIVEN if column.type is Real)
_INTEGERS = tuple(column.name for column in _GIVEN if column.name not in (*_TEXTS, *_REALS))
EVALUATED = (
    *("validation_loss", "validation_accuracy", "test_loss", "test_accuracy"),
    *("recalibrated_validation_accuracy", "recalibrated_test_accuracy"),
)


def write(connection: Connection, session: int, environment: int, pack: PackRecord) -> int:
    """Enter a pack and return how many runs of it were new here."""
    add_new(connection, Evaluation, [_evaluation_row(environment, one) for one in pack.evaluations])
    attempts = _attempts(connection, environment, pack.runs)
    steps = [key for attempt in attempts for key in attempt.run.steps]
    trained = _trained(connection, dict.fromkeys((*(curve.key for curve in pack.curves), *steps)))
    _write_curves(connection, environment, pack.curves, trained)
    if not attempts:
        return 0
    pack_id = connection.execute(
        insert(Pack)
        .values(
            session_id=session,
            environment_id=environment,
            width=integer(pack.width),
            seconds=real(pack.seconds),
            finished_at=now(),
        )
        .returning(Pack.id)
    ).scalar_one()
    recipes = _recipes(connection, [attempt.run for attempt in attempts])
    splits = _splits(connection, [attempt.run for attempt in attempts])
    common = {"environment_id": environment, "pack_id": pack_id, "origin": "local"}
    rows = [
        {**_run_row(attempt.run), **common, "attempt": attempt.number, "recipe_id": recipe, "split_id": split}
        for attempt, recipe, split in zip(attempts, recipes, splits, strict=True)
    ]
    numbers = enter_numbered(connection, Run, rows)
    runs = [(number, attempt.run) for number, attempt in zip(numbers, attempts, strict=True)]
    _write_layers(connection, runs)
    _write_steps(connection, runs, trained)
    _write_artifacts(connection, runs)
    return len(runs)


def write_speeds(connection: Connection, session: int, environment: int, speeds: Sequence[SpeedRecord]) -> None:
    """Enter measured times; those of the same network, form, threads and batch make way."""
    common = {"environment_id": environment, "session_id": session, "measured_at": now()}
    for one in speeds:
        own = (Speed.key == one.key, Speed.form == one.form, Speed.threads == one.threads, Speed.batch == one.batch)
        connection.execute(delete(Speed).where(Speed.environment_id == environment, *own))
        connection.execute(insert(Speed).values(**asdict(one), **common))


@dataclass(frozen=True)
class _Attempt:
    run: RunRecord
    number: int


def _attempts(connection: Connection, environment: int, runs: Sequence[RunRecord]) -> list[_Attempt]:
    """The runs that are to be written, each with the number of its attempt; what is final already is left out."""
    last: dict[tuple[str, int], int] = {}
    final: set[tuple[str, int]] = set()
    for block in blocks({run.key for run in runs}):
        here = select(Run.key, Run.results_version, Run.attempt, Run.status).where(
            Run.key.in_(block), Run.environment_id == environment, Run.origin == "local"
        )
        for key, version, attempt, status in connection.execute(here):
            last[key, version] = max(attempt, last.get((key, version), 0))
            if status in FINAL:
                final.add((key, version))
    attempts = []
    for run in runs:
        identity = (run.key, run.results_version)
        if identity in final:
            continue
        last[identity] = last.get(identity, 0) + 1
        attempts.append(_Attempt(run, last[identity]))
        if run.status in FINAL:
            final.add(identity)
    return attempts


_read_texts = attrgetter(*_TEXTS)
_read_reals = attrgetter(*_REALS)
_read_integers = attrgetter(*_INTEGERS)


def _run_row(run: RunRecord) -> dict[str, Any]:
    row = dict(zip(_TEXTS, _read_texts(run), strict=True))
    row |= zip(_REALS, map(real, _read_reals(run)), strict=True)
    row |= zip(_INTEGERS, map(integer, _read_integers(run)), strict=True)
    if run.reason is not None:
        row["reason"] = masked(run.reason)
    return row


def _evaluation_row(environment: int, one: EvaluationRecord) -> dict[str, Any]:
    values = {name: real(getattr(one, name)) for name in EVALUATED}
    return {"key": shortened(one.key), "environment_id": environment, "results_version": one.results_version, **values}


def _recipes(connection: Connection, runs: Sequence[RunRecord]) -> list[int | None]:
    """The recipe of each run. The seed is taken out, so that all seeds of a cell share one text."""
    shared: dict[tuple[str | None, str | None], str] = {}
    hashes: list[str | None] = []
    for run in runs:
        text = None if run.recipe is None else _without_seed(run.recipe)
        components = run.components
        if components is not None and not isinstance(components, str):
            components = compact(components)
        if text is None and components is None:
            hashes.append(None)
            continue
        if (text, components) not in shared:
            shared[text, components] = content_hash(compact([text, components]))
        hashes.append(shared[text, components])
    rows = [{"hash": key, "text": text, "components": used} for (text, used), key in shared.items()]
    numbers = ids(connection, Recipe, ("hash",), rows)
    return [None if key is None else numbers[(key,)] for key in hashes]


def _splits(connection: Connection, runs: Sequence[RunRecord]) -> list[int | None]:
    hashes = sorted({run.split_hash for run in runs if run.split_hash is not None})
    numbers = ids(connection, Split, ("hash",), [{"hash": one} for one in hashes])
    return [None if run.split_hash is None else numbers[(run.split_hash,)] for run in runs]


def _without_seed(recipe: str) -> str:
    content = json.loads(recipe)
    if isinstance(content, dict) and isinstance(content.get("start"), dict):
        content["start"].pop("seed", None)
    return plain_json(content)


def _write_layers(connection: Connection, runs: Iterable[tuple[int, RunRecord]]) -> None:
    entries = [(number, place, layer) for number, run in runs for place, layer in enumerate(run.layers)]
    if not entries:
        return
    shapes = dict.fromkeys((layer.name, layer.kind, layer.weights) for _, _, layer in entries)
    known = ids(
        connection,
        Layer,
        ("name", "kind", "weights"),
        [{"name": name, "kind": kind, "weights": integer(weights)} for name, kind, weights in shapes],
    )
    rows = [
        {
            "run_id": number,
            "position": place,
            "layer_id": known[layer.name, layer.kind, integer(layer.weights)],
            "kept": integer(layer.kept),
            "effective": integer(layer.effective),
        }
        for number, place, layer in entries
    ]
    enter(connection, RunLayer, rows)


def _trained(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """The number of each trained state by its key."""
    short = {key: shortened(key) for key in keys}
    numbers = ids(connection, Trained, ("key",), [{"key": one} for one in short.values()])
    return {key: numbers[(one,)] for key, one in short.items()}


def _write_steps(connection: Connection, runs: Iterable[tuple[int, RunRecord]], trained: Mapping[str, int]) -> None:
    rows = [
        {"run_id": number, "position": place, "trained_id": trained[key]}
        for number, run in runs
        for place, key in enumerate(run.steps)
    ]
    enter(connection, RunStep, rows)


def _write_artifacts(connection: Connection, runs: Iterable[tuple[int, RunRecord]]) -> None:
    rows = [
        {
            "run_id": number,
            "kind": one.kind,
            "name": one.name,
            "position": integer(one.position),
            "dtype": one.dtype,
            "shape": compact([integer(length) for length in one.shape]),
            "scale": real(one.scale),
            "codec": one.codec,
            "content": one.content,
        }
        for number, run in runs
        for one in run.artifacts
    ]
    if rows:
        enter(connection, Artifact, rows)


def _write_curves(
    connection: Connection, environment: int, curves: Sequence[CurveRecord], trained: Mapping[str, int]
) -> None:
    rows = [
        {
            "trained_id": trained[curve.key],
            "environment_id": environment,
            "results_version": curve.results_version,
            "name": curve.name,
            "points": points_text(curve.points),
        }
        for curve in curves
    ]
    add_new(connection, Curve, rows)
