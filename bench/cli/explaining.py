"""`bench explain`: a recipe in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import codes, options
from bench.cli.output import console, counted, emit, say, table
from bench.cli.requests import need_training, only_of, plugins_of
from bench.errors import UserError

if TYPE_CHECKING:
    from bench.explain import Explanation, Stretch
    from bench.grid import Cell

MOST_METHODS = 4  # named of those that share a piece


def explain(
    cell: Annotated[
        str,
        typer.Argument(
            metavar="CELL",
            help="SUITE, SUITE/METHOD or SUITE/METHOD/LEVEL, such as mnist/lottery/3; a suite file by its path.",
        ),
    ],
    profile: options.Profile = None,
    only: options.Only = None,
    plugin: options.Plugin = None,
    as_json: options.AsJson = False,
) -> int:
    """Tell a recipe in words, step by step: what it does, what it costs, and what it shares with other cells.

    Without LEVEL, the highest one; without METHOD, every method.
    """
    suite, method, level = _parts(cell)
    filters = only_of(only)
    need_training()
    from bench.data.policy import DataPolicy
    from bench.explain import explain as explained
    from bench.grid import expand
    from bench.only import picked
    from bench.plan import make_plan
    from bench.suite import read_suite

    plugins_of(plugin)
    grid = expand(read_suite(suite, profile), DataPolicy.from_environment(download=False))
    for name, value in (("method", method), ("level", level)):
        if value is not None:
            filters[name] = [value]
    chosen = _named(picked(grid.cells, filters), filters.get("method", ()))
    if "level" not in filters and "sparsity" not in filters:
        chosen = _highest(chosen)
    plan = make_plan(grid)
    explanations = [explained(plan, one) for one in chosen]
    if as_json:
        emit({"suite": suite, "cells": [asdict(one) | {"cost": one.cost} for one in explanations]})
        return codes.DONE
    for one in explanations:
        _print(one)
    return codes.DONE


def _parts(cell: str) -> tuple[str, str | None, str | None]:
    """suite/method/level; a suite file keeps the slashes of its path."""
    for ending in (".yaml", ".yml"):
        path, found, rest = cell.partition(ending)
        if found:
            suite, words = path + found, rest.strip("/").split("/") if rest.strip("/") else []
            break
    else:
        suite, *words = cell.split("/")
    if len(words) > 1 and words[-1].isdigit():
        return suite, "/".join(words[:-1]), words[-1]
    method = "/".join(words) or None
    if method is not None and method.isdigit():
        raise UserError(f"{cell}: a level needs its method; write {suite}/lottery/{method}")
    return suite, method, None


def _named(cells: Sequence[Cell], methods: Sequence[str]) -> list[Cell]:
    """The cells of these methods; a label means its one method, a registered name all that have it."""
    labels = {cell.method.label for cell in cells}
    chosen = {cell: (cell.method.label, *(() if cell.method.name in labels else (cell.method.name,))) for cell in cells}
    return [cell for cell, names in chosen.items() if not methods or set(names) & set(methods)]


def _highest(cells: Sequence[Cell]) -> list[Cell]:
    """Of each method the highest level, with which a ladder ends."""
    return list({(cell.ground, cell.method.label): cell for cell in cells}.values())


def _print(explanation: Explanation) -> None:
    screen = console()
    say(screen)
    say(screen, f"{explanation.method} on {explanation.data}, {explanation.model}, {_level(explanation)}", "bold")
    if explanation.network is not None:
        say(screen, f"it starts from another network: {explanation.network}")
    rows = [
        (
            str(number),
            step.words,
            f"{step.steps:,}" if step.steps else "",
            f"{step.share_of_dense:.3g}" if step.steps else "",
            "\n".join(_shared(part, alone=len(step.shared) == 1) for part in step.shared),
        )
        for number, step in enumerate(explanation.steps, start=1)
    ]
    screen.print(table(("", "step", "steps", "x dense", "shared with"), rows, right=("", "steps", "x dense")))
    teacher = f", {explanation.teacher_steps:,} of them for the teacher" if explanation.teacher_steps else ""
    say(
        screen,
        f"alone {explanation.steps_alone:,} steps, {explanation.cost:.3g} x the dense training of"
        f" {explanation.dense_steps:,}{teacher}; {explanation.steps_of_its_own:,} are needed by no other cell",
    )


def _level(explanation: Explanation) -> str:
    if not explanation.level:
        return "dense"
    sparse = f"{explanation.target_sparsity:.4g} sparse"
    return f"level {explanation.level}, {f'whole beside what is {sparse}' if explanation.whole else sparse}"


def _shared(part: Stretch, alone: bool) -> str:
    where = "" if alone else f"{part.start:,} to {part.stop:,}: "
    if not part.cells:
        return f"{where}nobody"
    named = ", ".join(part.methods[:MOST_METHODS])
    more = f" and {len(part.methods) - MOST_METHODS} more" if len(part.methods) > MOST_METHODS else ""
    return f"{where}{counted(part.cells, 'cell')} of {named}{more}"
