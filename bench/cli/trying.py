"""`bench speed --only store`: how quickly the result database itself is written to and read, on made-up runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bench.cli.output import console, counted, emit, number, say, table

if TYPE_CHECKING:
    from bench.store.trial import Figure

RUNS = 100_000


def speed_of_store(runs: int, as_json: bool) -> None:
    """Print the figures, each beside what it should keep."""
    from bench.store.trial import try_out

    screen = console(stderr=as_json)
    before = _load()
    figures = list(try_out(runs, lambda line: say(screen, line, "dim")))
    facts: Mapping[str, Any] = {
        "runs": runs,
        "load_before": before,
        "load_after": _load(),
        "cores": os.cpu_count() or 1,
        "figures": [asdict(one) for one in figures],
    }
    if as_json:
        emit(facts)
        return
    columns = ("what", "measured", "", "by processor time", "should be")
    screen.print(table(columns, map(_line, figures), right=("measured", "by processor time", "should be")))
    say(
        screen,
        f"{counted(runs, 'run')} that are made up; load of the machine {before} before, {facts['load_after']} after, "
        f"on {counted(os.cpu_count() or 1, 'core')}. What should be is meant for {RUNS:,} runs and a machine without "
        "other work.",
        "dim",
    )


def _load() -> float | None:
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


def _line(one: Figure) -> tuple[str, ...]:
    wish = f">= {number(one.at_least)}" if one.at_least else f"<= {number(one.at_most)}" if one.at_most else ""
    digits = 2 if one.unit == "s" else 0
    by_processor = "" if one.processor is None else f"{one.processor:,.{digits}f}"
    return one.name, f"{one.value:,.{digits}f}", one.unit, by_processor, wish
