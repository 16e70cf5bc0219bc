"""`bench power`: how many seeds would show a difference, and what they would take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import codes, options
from bench.cli.output import console, counted, duration, emit, say, table
from bench.cli.requests import DATABASE, name_of, only_of
from bench.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from analysis.cube import Cube
    from analysis.detecting import Need

COLUMNS = ("method", "sparsity", "seeds now", "sd", "power now", "seeds needed", "in the table", "time for the rest")


def power(
    suite: options.SuiteName,
    difference: Annotated[
        float, typer.Option(help="The difference to show: points of accuracy, or nats of loss.", metavar="D")
    ],
    against: options.Against = "none",
    power: Annotated[float, typer.Option(help="How often it shall be shown: 0.8 is 8 times of 10.", metavar="P")] = 0.8,
    profile: options.Profile = None,
    db: options.Database = DATABASE,
    only: options.Only = None,
    metric: options.Metric = None,
    as_json: options.AsJson = False,
) -> int:
    """Say how many seeds a paired t test needs to show a difference between methods, from the pairs that are stored.

    For each method and level: the seeds for a test alone at 5 %, with an interval, since a few seeds say little about
    the spread; and the seeds for the table of differences, whose tests are corrected by Holm's method.
    """
    from analysis.cube import cubes
    from analysis.detecting import needs, seconds_a_seed
    from analysis.tables import gather

    if not 0 < power < 1:
        raise UserError(f"--power {power:g}: is no share; give one above 0 and below 1, such as 0.8")
    if not difference > 0:
        raise UserError(f"--difference {difference:g}: is no size of a difference; give one above 0, such as 0.3")
    name = name_of(suite)
    given = gather(db, name, profile, only_of(only), metric, against)
    found = [
        (cube, needs(cube, given.runs, difference / cube.metric.scale, power))
        for cube in cubes(given.runs, metric, against, given.missing)
    ]
    for cube, _ in found:
        if cube.bound is not None and difference / cube.metric.scale > cube.bound:
            raise UserError(f"--difference {difference:g}: accuracies differ by 100 points at most; give a smaller one")
    if as_json:
        emit(
            {
                "difference": difference,
                "power": power,
                "comparisons": [
                    {
                        **cube.place,
                        "metric": cube.metric.name,
                        "unit": cube.metric.difference_unit,
                        "against": cube.against,
                        "seconds_a_seed": seconds_a_seed(cube, given.runs),
                        "cells": [asdict(need) for need in needed],
                    }
                    for cube, needed in found
                ],
            }
        )
        return codes.DONE
    screen = console()
    if not found:
        say(screen, f"no results of the suite {name} yet; `bench run {suite}` makes them")
    for cube, needed in found:
        say(screen)
        _say(screen, suite, cube, needed, difference, power, seconds_a_seed(cube, given.runs))
    return codes.DONE


def _say(
    screen: Console,
    suite: str,
    cube: Cube,
    needed: Sequence[Need],
    difference: float,
    power: float,
    seconds: float | None,
) -> None:
    from analysis.detecting import unseen
    from analysis.wording import number, percent

    unit = cube.metric.difference_unit
    what = f"{difference:g} {unit} of {cube.metric.words} on {cube.data}, {cube.model}, to {cube.against}"
    say(screen, f"Seeds to show {what}, {number(100 * power, 0)} times of 100", "bold")
    say(screen, f"suite {cube.suite}, profile {cube.profile}; {cube.environment}", "dim")
    if not needed:
        say(
            screen,
            "no method shares two seeds with what it is compared with, so nothing is known of how differences spread; "
            f"`bench run {suite}{_profile(cube)} --seeds 5` makes some",
        )
        return
    rows = [
        (
            need.method,
            percent(need.target_sparsity),
            str(need.n),
            number(need.sd * cube.metric.scale, cube.metric.decimals),
            f"{number(100 * need.power_now, 0)}\N{NO-BREAK SPACE}%",
            f"{_seeds(need.seeds)} [{_seeds(need.seeds_low)}, {_seeds(need.seeds_high)}]",
            _seeds(need.seeds_here),
            _time(need),
        )
        for need in needed
    ]
    screen.print(table(COLUMNS, rows, right=COLUMNS[1:]))
    say(
        screen,
        f"sd: of the paired differences, in {unit}. seeds needed: for a test alone at 5 %, in brackets at the ends of "
        "the 95 % interval of that sd; in the table: where Holm's correction asks for 5 % over the number of its tests",
        "dim",
    )
    if equal := unseen(cube):
        say(screen, f"{counted(equal, 'cell')} left out: pairs that are all equal do not tell how they spread", "dim")
    say(screen, _summary(suite, cube, needed, seconds))


def _summary(suite: str, cube: Cube, needed: Sequence[Need], seconds: float | None) -> str:
    """How many seeds serve half of the comparisons and all of them, and the command that makes them."""
    wanted = sorted(need.seeds if need.seeds is not None else float("inf") for need in needed)
    half, all_of_them = wanted[(len(wanted) - 1) // 2], wanted[-1]
    now = min(need.n for need in needed)
    if all_of_them <= now:
        return f"The {counted(now, 'seed')} of now are enough for every one of these comparisons."
    goal = half if now < half < float("inf") else all_of_them
    command = "" if goal == float("inf") else f" `bench run {suite}{_profile(cube)} --seeds {int(goal)}` goes there."
    return (
        f"Half of these comparisons need up to {_many(half)}{_more(half, now, seconds)},"
        f" all of them {_many(all_of_them)}{_more(all_of_them, now, seconds)}.{command}"
    )


def _more(seeds: float, now: int, seconds: float | None) -> str:
    """What is lacking to so many seeds of all cells, and what it would take at the pace of the stored runs."""
    if seeds <= now or seeds == float("inf"):
        return ""
    time = "" if seconds is None else f", about {duration((seeds - now) * seconds)}"
    return f" ({int(seeds) - now:,} more{time})"


def _many(seeds: float) -> str:
    return "more than 100,000 seeds" if seeds == float("inf") else counted(int(seeds), "seed")


def _profile(cube: Cube) -> str:
    return "" if cube.profile == "full" else f" --profile {cube.profile}"


def _seeds(seeds: int | None) -> str:
    return ">100,000" if seeds is None else f"{seeds:,}"


def _time(need: Need) -> str:
    if need.seconds is None:
        return ""
    return "none" if need.seeds is not None and need.seeds <= need.n else duration(need.seconds)
