"""What a pruned network takes: parameters, bytes in each form, operations, and its speed in theory and as measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.cube import COUNTING
from analysis.sheet import Sheet
from analysis.tables import layout
from analysis.tables.kind import TableKind
from analysis.tables.layout import METHOD, PLACE, SPARSITY, Column, Row
from analysis.tables.shape import by_cell, records
from analysis.wording import number, significant

NAME = "compression"
TITLE = "What pruned networks take"
CAPTION = (
    "Means over seeds. Parameters and operations (multiply-adds for one sample) that are left, without weights on no"
    " path from input to output; bytes in four forms: zeros written out, a bit a weight and the values left, sparse"
    " matrices, gzip. In theory: operations of the dense network over those left. Measured: how many times as fast as"
    " the dense one it answers, what is gone cut out, timed in turn with it; below 1 it is slower."
)
ABSENCE = "No table: no run has ended yet."
BYTES = {"bytes_dense": "dense", "bytes_bitmask": "bitmask", "bytes_csr": "sparse", "bytes_gzip": "gzip"}
MEASURES = ("parameters_effective", "parameters_kept", "macs_effective", "macs_kept", *BYTES, "theoretical_speedup")
FORM = "shrunk"


def compression(runs: pd.DataFrame, speeds: pd.DataFrame | None = None) -> Sheet:
    """A row for each cell; speeds as they were measured by `bench speed`, for each batch size and number of threads."""
    cells = by_cell(runs[runs["status"].isin(COUNTING)], MEASURES)
    measured = _speedups(speeds)
    ways = sorted({way for found in measured.values() for way in found}, key=lambda way: (way[1], way[0]))
    rows: list[Row] = [
        {**row, "speedups": measured.get(tuple(row[name] for name in (*PLACE[:4], "method", "level")), {})}
        for row in records(cells)
    ]
    columns = (
        METHOD,
        SPARSITY,
        Column("parameters", lambda row: _first(row, "parameters_effective", "parameters_kept")),
        Column("MACs", lambda row: _first(row, "macs_effective", "macs_kept")),
        *(_bytes(column, form) for column, form in BYTES.items()),
        Column("in theory", lambda row: _times(row["theoretical_speedup"])),
        *(_measured(way) for way in ways),
    )
    sheet = layout.laid_out(NAME, TITLE, CAPTION, ABSENCE, rows, columns)
    data = cells.drop(columns="position")
    for environment, batch, threads in ways:
        name = f"measured_speedup_batch_{batch}_threads_{threads}" + (f"_{environment}" if _several(ways) else "")
        data[name] = [row["speedups"].get((environment, batch, threads), float("nan")) for row in rows]
    return replace(sheet, data=data)


def _speedups(speeds: pd.DataFrame | None) -> dict[tuple[object, ...], dict[tuple[str, int, int], float]]:
    """By cell and way of measuring (environment, batch, threads), the geometric mean over seeds, as ratios have it."""
    if speeds is None or speeds.empty:
        return {}
    shrunk = speeds[(speeds["form"] == FORM) & (speeds["speedup"] > 0)]
    way = ["environment", "batch", "threads"]
    keys = [*PLACE[:4], "method", "level"]
    logs = shrunk.assign(log=np.log2(shrunk["speedup"].to_numpy(dtype=np.float64))).groupby([*keys, *way])["log"]
    found: dict[tuple[object, ...], dict[tuple[str, int, int], float]] = {}
    for row in logs.mean().reset_index().itertuples(index=False, name=None):
        environment, batch, threads, log = row[len(keys) :]
        found.setdefault(row[: len(keys)], {})[str(environment), int(batch), int(threads)] = 2.0**log
    return found


def _several(ways: list[tuple[str, int, int]]) -> bool:
    return len({environment for environment, _, _ in ways}) > 1


def _first(row: Row, *names: str) -> str:
    """The first of these that was measured."""
    return next((significant(row[name], 4) for name in names if not layout.absent(row[name])), "")


def _bytes(column: str, form: str) -> Column:
    return Column(f"bytes, {form}", lambda row: "" if layout.absent(row[column]) else number(row[column], 0))


def _measured(way: tuple[str, int, int]) -> Column:
    _, batch, threads = way
    where = f"{threads} thread{'s' if threads > 1 else ''}" if threads else "device"
    return Column(f"measured, batch {batch}, {where}", lambda row: _times(row["speedups"].get(way)))


def _times(ratio: float | None) -> str:
    return "" if ratio is None or layout.absent(ratio) else f"{significant(ratio)}×"


TABLE = TableKind(NAME, TITLE, CAPTION, ABSENCE, lambda given: compression(given.runs, given.speeds))
