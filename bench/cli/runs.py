"""`bench runs`: the single runs behind a comparison, each with the name by which other commands know it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli import codes, options
from bench.cli.output import STANDIN, console, counted, emit, say, table
from bench.cli.requests import DATABASE, only_of
from bench.cli.showing import stored_name

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS = ("run", "data", "model", "method", "level", "sparsity", "seed", "status")
_NUMBERS = ("level", "sparsity", "seed")
_TOLD = (
    *("run", "key", "suite", "profile", "data", "standin", "model", "method", "level", "target_sparsity", "sparsity"),
    *("seed", "status", "reason", "environment"),
)


def runs(
    suite: Annotated[
        str | None, typer.Argument(metavar="SUITE", help="A suite, or its file; default: all.", show_default=False)
    ] = None,
    profile: options.Profile = None,
    db: options.Database = DATABASE,
    only: options.Only = None,
    metric: options.Metric = None,
    as_json: options.AsJson = False,
) -> int:
    """List single runs with their names, as bench export, bench predict and bench.load take them.

    A name is the first 8 digits of a run's key. The best of a method and level come first.
    """
    from analysis import load
    from analysis.wording import metric_named
    from bench.stored import NAME

    found = load(db, stored_name(suite) if suite else None, profile, only_of(only))
    measure = metric_named(metric or (str(found["metric"].iloc[0]) if len(found) else "test_accuracy"))
    best_last = [True, True, True, True, measure.lower_is_better, True]
    ordered = found.sort_values(["data", "model", "method", "level", measure.name, "seed"], ascending=best_last)
    rows = [{str(name): value for name, value in row.items()} for row in ordered.to_dict("records")]
    rows = [{"run": row["key"][:NAME], **row} for row in rows]
    if as_json:
        emit({"runs": [{name: row[name] for name in (*_TOLD, measure.name)} for row in rows]})
        return codes.DONE
    screen = console()
    digits, scale = measure.decimals, measure.scale
    shown = [(*_words(row), _value(row[measure.name], digits, scale)) for row in rows]
    head = measure.label.lower() if measure.unit == "nats" else f"{measure.label.lower()} ({measure.unit})"
    if shown:
        screen.print(table((*COLUMNS, head), shown, right=(*_NUMBERS, head)))
    for name in sorted({row["data"] for row in rows if row["standin"]}):
        say(screen, f"STAND-IN: {name} says nothing about the real set", STANDIN)
    say(screen, counted(len(rows), "run"), "dim")
    return codes.DONE


def _words(row: Mapping[str, Any]) -> tuple[str, ...]:
    from analysis.wording import percent

    words = {**row, "sparsity": percent(row["sparsity"])}
    return tuple(str(words[name]) for name in COLUMNS)


def _value(value: float, digits: int, scale: float) -> str:
    from analysis.wording import number

    return number(value * scale, digits)
