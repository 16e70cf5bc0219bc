"""Reads the arrays that runs have beyond their rows: masks, histograms of weights, confusion matrices.

By default the first seed of each cell has them; a suite may say `artifacts: all`, or `none`.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.asking import ask_by_key, of_these
from analysis.load import ask, database_name, load_developing
from analysis.selection import check, select
from analysis.wording import listing
from bench.errors import UserError, nearest

Kind = Literal["mask", "histogram", "confusion"]
KINDS: tuple[Kind, ...] = ("mask", "histogram", "confusion")
ARRAYS = ("key", "environment", "name", "scale", "array")
_PACKED = ("name", "dtype", "shape", "codec", "scale", "content")
_PLACE = (
    *("suite", "profile", "data", "model", "method", "method_name", "level", "target_sparsity", "seed", "key"),
    *("origin", "status", "environment", "device"),
)
_VIEWS = {"artifacts": ("key", "environment", "kind"), "runs": ("id", "key", "environment"), "results": _PLACE}
_OF_RUN = f"""
select runs.key, runs.environment, {", ".join(f"artifact.{column}" for column in _PACKED)}
from runs join artifact on artifact.run_id = runs.id
where artifact.kind = :kind and substr(runs.key, 1, :digits) = :run
order by runs.key, runs.environment, artifact.position
"""
_PARTS = {"runs": ("key", "environment"), "artifact": _PACKED}
_OF_KEYS = f"""
select runs.key, runs.environment, {", ".join(f"artifact.{column}" for column in _PACKED)}
from runs join artifact on artifact.run_id = runs.id
where artifact.kind in ({{words}}) and runs.key in ({{keys}})
order by runs.key, runs.environment, artifact.position
"""
_OF_CELLS = f"""
select {", ".join(f"results.{column}" for column in _PLACE)}, {", ".join(f"artifact.{column}" for column in _PACKED)}
from results
join runs on runs.key = results.key and runs.environment = results.environment
join artifact on artifact.run_id = runs.id
where artifact.kind = :kind{{conditions}}
order by results.suite, results.profile, results.data, results.model, results.method, results.level, results.seed,
         results.environment, artifact.position
"""


@dataclass(frozen=True, eq=False)
class Histogram:
    """How many of the weights that a layer has kept lie in each bin."""

    counts: NDArray[np.int64]
    scale: float  # the largest absolute weight

    @property
    def edges(self) -> NDArray[np.float64]:
        """One more than there are bins, evenly from -scale to scale; the last bin has its upper edge in it."""
        return np.linspace(-self.scale, self.scale, len(self.counts) + 1)


def masks(database: str | Path, run: str, environment: str | None = None) -> dict[str, NDArray[np.bool_]]:
    """The mask of each layer of a run, True where a weight is not pruned, in the order of the network.

    A run is named by the first digits of its key; where it was made in several environments, one must be named by its
    label. A layer whose mask was too large to be kept is left out: the view `artifacts` has a row for it all the same.
    """
    rows = _of_run(database, run, "mask", environment)
    return {name: array for name, array in zip(rows["name"], _arrays(rows), strict=True) if array is not None}


def histograms(database: str | Path, run: str, environment: str | None = None) -> dict[str, Histogram]:
    """How the weights that each layer of a run has kept are distributed; run and environment as for masks."""
    rows = _of_run(database, run, "histogram", environment)
    packed = zip(rows["name"], _arrays(rows), rows["scale"], strict=True)
    return {name: Histogram(array, float(scale)) for name, array, scale in packed if array is not None}


def confusion(database: str | Path, run: str, environment: str | None = None) -> NDArray[np.int64]:
    """How often each class of the test data, a row each, was taken for each, a column each, at the end of a run."""
    (found,) = _arrays(_of_run(database, run, "confusion", environment))
    assert found is not None  # only masks are ever left out
    return found


def load_arrays(
    database: str | Path,
    kind: Kind,
    suite: str | None = None,
    profile: str | None = None,
    only: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """One row for each array of a kind that the cells of suites have, with what tells the cell and the run.

    `name` is the layer, `array` the array, None where it was left out as too large, and `scale`, of a histogram, the
    largest absolute weight: see Histogram.
    """
    check(only or {})
    if kind not in KINDS:
        raise UserError(f"arrays: {kind!r} is no kind of them; {nearest(kind, KINDS)}")
    wanted = {name: value for name, value in (("suite", suite), ("profile", profile)) if value is not None}
    for name, value in wanted.items():
        known = [str(one) for one in ask(database, _VIEWS, f"select distinct {name} from results")[name]]
        if value not in known:
            hint = nearest(value, known) if known else "nothing has been run into it yet"
            raise UserError(f"{database_name(database)}: no {name} {value!r} in it; {hint}")
    conditions = "".join(f" and results.{name} = :{name}" for name in wanted)
    rows = ask(database, _VIEWS, _OF_CELLS.format(conditions=conditions), {"kind": kind, **wanted})
    if kind == "confusion":  # answers on test data, which a suite in development does not show
        hidden = load_developing(database)
        rows = rows[[place not in hidden for place in zip(rows["suite"], rows["profile"], strict=True)]]
    found = select(rows, only or {})
    found["array"] = pd.Series(_arrays(found), index=found.index, dtype="object")
    return found[[*_PLACE, "name", "scale", "array"]]


def arrays_of(database: str | Path, kind: Kind, runs: pd.DataFrame) -> pd.DataFrame:
    """One row for each array of a kind that runs have, named by the columns `key` and `environment` of a frame."""
    found = ask_by_key(database, runs, _PARTS, _OF_KEYS, kind)
    packed = of_these(found, runs, ("key", "environment", *_PACKED))
    packed["array"] = pd.Series(_arrays(packed), index=packed.index, dtype="object")
    return packed[list(ARRAYS)]


def _of_run(database: str | Path, run: str, kind: Kind, environment: str | None) -> pd.DataFrame:
    """The packed arrays of one run in one environment."""
    place = database_name(database)
    if not run:
        raise UserError(
            "run '': is no name of a run; give the first digits of its key, as `bench runs SUITE` lists them"
        )
    begins = {"run": run, "digits": len(run)}
    rows = ask(database, _VIEWS, _OF_RUN, {"kind": kind, **begins})
    if rows.empty:
        there = ask(database, _VIEWS, "select key from runs where substr(key, 1, :digits) = :run", begins)
        if there.empty:
            raise UserError(f"run {run}: {place} has no such run; `bench runs SUITE` lists those of a suite")
        raise UserError(
            f"run {run}: has no {kind} in {place}; the first seed of each cell has one, or every seed of a suite with"
            " `artifacts: all`"
        )
    keys = list(dict.fromkeys(rows["key"]))
    if len(keys) > 1:
        raise UserError(f"run {run}: {len(keys):,} runs begin so; give more digits: {listing(keys, most=5)}")
    places = list(dict.fromkeys(rows["environment"]))
    if environment is None and len(places) > 1:
        raise UserError(f"run {run}: was made in {len(places)} environments; name one: {listing(map(repr, places))}")
    if environment is not None and environment not in places:
        raise UserError(f"run {run}: has no {kind} of the environment {environment!r}; {nearest(environment, places)}")
    return rows[rows["environment"] == (environment or places[0])]


def _arrays(rows: pd.DataFrame) -> list[NDArray[Any] | None]:
    packed = zip(rows["shape"], rows["codec"], rows["content"], strict=True)
    return [None if content is None else _unpacked(shape, codec, content) for shape, codec, content in packed]


def _unpacked(shape: str, codec: str, content: bytes) -> NDArray[Any]:
    lengths = tuple(json.loads(shape))
    plain = zlib.decompress(content)
    if codec == "bits+zlib":
        bits = np.unpackbits(np.frombuffer(plain, np.uint8), count=math.prod(lengths))
        return bits.astype(np.bool_).reshape(lengths)
    return np.frombuffer(plain, "<i8").astype(np.int64).reshape(lengths)
