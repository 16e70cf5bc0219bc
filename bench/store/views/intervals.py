"""Means, spreads and intervals in SQL that needs nothing but the file.

A square root, which an SQLite may lack, is made from a table of guesses and two of Halley's steps; Student's t comes
from a table, and beyond it from its expansion (see statistics.py).
"""

from __future__ import annotations

from bench.store.statistics import LARGEST_DF, expansion
from bench.store.views.parts import columns

CELLS = ("cell_id", "environment_id")


def quantile(count: str) -> str:
    """The 97.5 % quantile of Student's t for a mean of `count` values."""
    return (
        f"case when {count} <= {LARGEST_DF + 1} then (select quantile from student_t where df = {count} - 1) "
        f"else {expansion(f'({count} - 1)')} end"
    )


def statistics(source: str, names: tuple[str, ...], extra: tuple[str, ...] = (), key: tuple[str, ...] = CELLS) -> str:
    """Common table expressions from the rows of `source` (the columns of `key`, and values) to `intervals`.

    Squares are summed about the mean, because the sum of plain squares loses the digits of a small spread. `extra` are
    aggregates that go along. Each step that is used more than once below is materialized: SQLite would repeat it.
    """
    halley = "{g} * ({g} * {g} + 3 * {v}) / (3 * {g} * {g} + {v})"
    guess = "(select guess from square_root where low <= {v} order by low desc limit 1)"
    group = ", ".join(key)
    roots = tuple(f"{name}_{what}" for name in names for what in ("sd", "half"))
    kept = ", ".join((*key, *(name.split(" as ")[1] for name in extra)))
    means = columns("{x}_mean", names)
    return f"""
centred as (
select {source}.*,
       {columns(f"avg({{x}}) over (partition by {group}) as {{x}}_mean", names)}
from {source}
),
variances as materialized (
select {", ".join((*key, *extra))},
       {columns("count({x}) as {x}_n", names)},
       {columns("max({x}_mean) as {x}_mean", names)},
       {columns("sum(({x} - {x}_mean) * ({x} - {x}_mean)) / nullif(count({x}) - 1, 0) as {x}_sd", names)}
from centred group by {group}
),
scaled as materialized (
select {kept}, {means},
       {columns("{x}_n, {x}_sd", names)},
       {columns(quantile("{x}_n") + " as {x}_t", names)}
from variances
),
guesses as materialized (
select {kept}, {means},
       {columns("{x}_sd, {x}_sd / {x}_n * {x}_t * {x}_t as {x}_half", names)},
       {columns(guess.format(v="{x}_sd") + " as {x}_sd_guess", names)},
       {columns(guess.format(v="({x}_sd / {x}_n * {x}_t * {x}_t)") + " as {x}_half_guess", names)}
from scaled
),
nearer as materialized (
select {kept}, {means},
       {columns("{x}", roots)},
       {columns(halley.format(g="{x}_guess", v="{x}") + " as {x}_guess", roots)}
from guesses
),
exact as materialized (
select {kept}, {means},
       {columns("case when {x} > 0 then " + halley.format(g="{x}_guess", v="{x}") + " else {x} end as {x}", roots)}
from nearer
),
intervals as (
select {kept}, {means},
       {columns("{x}_sd, {x}_half", names)},
       {columns("{x}_mean - {x}_half as {x}_low", names)},
       {columns("{x}_mean + {x}_half as {x}_high", names)}
from exact
)"""


def interval_columns(names: tuple[str, ...]) -> str:
    return ", ".join(f"intervals.{name}_{what}" for name in names for what in ("mean", "sd", "low", "high"))
