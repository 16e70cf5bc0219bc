"""`bench tune`: searching for the options of methods, and which searches a database has."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli import codes, options
from bench.cli.output import STANDIN, console, counted, duration, emit, say, table
from bench.cli.progress import listening
from bench.cli.requests import DATABASE, opened
from bench.cli.signals import ending_cleanly
from bench.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from bench.benchmark import Benchmark
    from bench.ground import Ground
    from bench.suite.values import MethodSpec
    from bench.tuning.command import Outlook

COLUMNS = ("study", "data", "network", "sparsity", "objective", "sampler", "trials", "budget", "best", "value", "state")
RIGHT = ("sparsity", "trials", "budget", "best", "value")


def tune(
    suite: Annotated[
        str | None,
        typer.Argument(metavar="SUITE", help="A suite whose key `tune` says what varies; its name or its path."),
    ] = None,
    profile: options.Profile = None,
    study: Annotated[
        list[str] | None, typer.Option("--study", help="Only this one of its studies; may be given several times.")
    ] = None,
    trials: Annotated[
        int | None, typer.Option(help="How many trials each study may have, in place of its budget.", min=1)
    ] = None,
    confirm: Annotated[
        bool,
        typer.Option("--confirm", help="Then run each method as it is and tuned, on seeds that tuning never saw."),
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="Show the studies of the database.")] = False,
    db: options.Database = DATABASE,
    device: options.Device = "auto",
    data: options.Data = "auto",
    plugin: options.Plugin = None,
    note: Annotated[str | None, typer.Option(help="A word of your own, kept with the trials.", metavar="TEXT")] = None,
    threads: options.Threads = None,
    as_json: options.AsJson = False,
) -> int:
    """Search for the best options of a suite's methods, by validation data alone.

    What a study has tried is in the database; the same command goes on after an interruption. `rates: tuned` in a
    suite takes what was found.
    """
    if list_ or suite is None:
        if not list_:
            raise UserError("tune: no suite is named; give one, such as `bench tune mnist`, or --list")
        return _list(db, suite, as_json)
    screen = console(stderr=as_json)
    try:
        with (
            ending_cleanly(),
            opened(
                screen,
                suite,
                profile,
                db,
                device,
                None,
                None,
                data,
                plugin,
                note,
                threads,
                tuned=lambda choices: _as_written,
            ) as benchmark,
        ):
            from bench.tuning.command import tuning_of

            tuning = tuning_of(benchmark, study or (), trials)
            benchmark.prepare()
            _open_with(screen, benchmark)
            outlooks = tuning.outlook()
            for line in lines(outlooks):
                say(screen, line)
            with listening(screen, sum(one.steps_to_make for one in outlooks)) as listener:
                ending = tuning.carry_out(listener)
    except KeyboardInterrupt:
        ending = "interrupted"
    if ending == "interrupted":
        say(screen, "stopped; what was finished is kept. The same command goes on from there")
        return codes.INTERRUPTED
    if confirm:
        return _confirm(screen, benchmark, as_json)
    return _list(db, benchmark.suite.name, as_json)


def _confirm(screen: Console, tuned: Benchmark, as_json: bool) -> int:
    """Run what was found on fresh seeds, and say what it brought."""
    from dataclasses import replace

    from bench.benchmark import Benchmark
    from bench.tuning.confirming import confirmation, confirmed_name

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        file = Path(folder) / f"{confirmed_name(tuned.suite.name)}.yaml"
        file.write_text(confirmation(tuned.suite), encoding="utf-8")
        request = replace(tuned.request, suite=str(file))
        try:
            with ending_cleanly(), Benchmark(request) as benchmark:
                outlook = benchmark.outlook()
                say(screen, f"confirming on seeds {_span(benchmark)}: {counted(outlook.missing, 'run')} to make")
                with listening(screen, outlook.steps_left) as listener:
                    receipt = benchmark.run(listener)
                name, profile = benchmark.suite.name, benchmark.suite.profile
        except KeyboardInterrupt:
            receipt = None
    if receipt is None or receipt.ending == "interrupted":
        say(screen, "stopped; what was finished is kept. The same command goes on from there")
        return codes.INTERRUPTED
    found = _brought(tuned.request.database, name, profile)
    if as_json:
        emit({"suite": name, "profile": profile, "tuning": found})
    for one in found:
        say(screen, gained(one))
    return codes.FAILED if receipt.failed else codes.DONE


def _span(benchmark: Benchmark) -> str:
    seeds = benchmark.grid.grounds[0].seeds
    return f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 2 else ", ".join(map(str, seeds))


def _brought(db: str, suite: str, profile: str) -> list[dict[str, Any]]:
    """The rows of the view `tuning` of a suite."""
    from bench.store import Store

    sql = "SELECT * FROM tuning WHERE suite = :suite AND profile = :profile ORDER BY data, model, method, level"
    with Store.open(db, read_only=True) as store:
        answer = store.query(sql, {"suite": suite, "profile": profile})
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def gained(one: Mapping[str, Any]) -> str:
    """What tuning brought on fresh seeds, and whether that is more than chance, in a line."""
    points = one["metric"] == "test_accuracy"
    scale, unit = (100.0, " points") if points else (1.0, "")
    name = "test accuracy" if points else "test loss"
    line = f"{one['method']} at {100 * one['target_sparsity']:.4g} % on {one['data']}: "
    if one["gain_mean"] is None:
        return line + f"no seed has both a tuned and a default result of {one['default_method'] or 'its method'}"
    gain = one["gain_mean"] * scale
    line += f"{name} {gain:+.2f}{unit} against {one['default_method']}, {counted(one['pairs'], 'pair')}"
    better = 1 if points else -1
    if one["gain_low"] is None:
        verdict = "a single pair says nothing of chance"
    elif one["gain_low"] <= 0 <= one["gain_high"]:
        verdict = "the 95 % interval holds 0, so that it is not told from the default"
    else:
        verdict = f"{'better' if better * gain > 0 else 'worse'} than the default by more than the interval"
    if one["gain_low"] is not None:
        line += f" [{one['gain_low'] * scale:+.2f}, {one['gain_high'] * scale:+.2f}]"
    chosen, fresh = one["chosen_accuracy"], one["validation_accuracy_mean"]
    return (
        f"{line}: {verdict}; validation accuracy {100 * chosen:.2f} % when chosen, {100 * fresh:.2f} % on fresh seeds"
    )


def _as_written(ground: Ground, method: MethodSpec) -> MethodSpec:
    """Before studies have chosen anything, what they are to choose stands at its default."""
    return method


def _open_with(screen: Console, benchmark: Benchmark) -> None:
    """The database and what must not be overlooked."""
    for line in benchmark.store.notices:
        say(screen, line, "yellow")
    say(screen, f"database {benchmark.place} | device {benchmark.environment.label}")
    for line in benchmark.grid.notices:
        say(screen, line, STANDIN)
    for line in benchmark.suite.notes:
        say(screen, line, "yellow")


def planned_studies(benchmark: Benchmark) -> list[Outlook]:
    """What tuning a suite would take; nothing where it has no studies."""
    if all(ground.problem.tune is None for ground in benchmark.grid.grounds):
        return []
    from bench.tuning.command import tuning_of

    return tuning_of(benchmark).outlook()


def as_facts(outlooks: list[Outlook]) -> list[dict[str, Any]]:
    """The same for JSON."""
    return [
        {
            "study": one.study.name,
            "data": one.study.ground.data.name,
            "model": one.study.ground.model,
            "target_sparsity": one.study.target,
            "budget": one.allowance.amount,
            "budget_unit": one.allowance.unit,
            "spent": one.spent,
            **{name: getattr(one, name) for name in ("finished", "trials", "steps", "steps_to_make")},
            "estimated_seconds": one.seconds,
            "measured": one.measured,
        }
        for one in outlooks
    ]


def lines(outlooks: list[Outlook]) -> list[str]:
    """What is about to be tuned, a line for each study."""
    said = []
    for one in outlooks:
        allowed = one.allowance
        budget = f"{allowed.amount:,.0f} {allowed.unit}"
        if not one.trials:
            said.append(f"{one.study.label}: {counted(one.finished, 'trial')}, its budget of {budget} is spent")
            continue
        basis = "" if one.measured else ", by a rule of thumb"
        said.append(
            f"{one.study.label}: {one.finished:,} trials made, about {one.trials:,} more with a budget of {budget}: "
            f"{one.steps:,} training steps alone, {one.steps_to_make:,} to make; about {duration(one.seconds)}{basis}"
        )
    return said


def _list(db: str, suite: str | None, as_json: bool) -> int:
    """The studies of a database, and what each has found."""
    from bench.store import Store

    where, parameters = ("WHERE suite = :suite", {"suite": suite}) if suite else ("", {})
    with Store.open(db, read_only=True) as store:
        answer = store.query(f"SELECT * FROM studies {where} ORDER BY study", parameters)
        found = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        place = store.place
    if as_json:
        emit({"database": place, "studies": found})
        return codes.DONE
    screen = console()
    if not found:
        say(screen, f"{place} holds no studies{f' of suite {suite}' if suite else ''}; `bench tune SUITE` makes some")
        return codes.DONE
    screen.print(table(COLUMNS, [_row(one) for one in found], right=RIGHT))
    return codes.DONE


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    profile = "" if one["profile"] == "full" else f" ({one['profile']})"
    target, value = one["target_sparsity"], one["best_value"]
    spent = one["steps"] if one["budget_unit"] == "steps" else one["trials"]
    state = "complete" if spent >= one["budget"] and not one["open"] else "not finished"
    return (
        *(f"{one['suite']}/{one['name']}{profile}", one["data"], one["model"]),
        "sought" if target is None else f"{100 * target:.4g} %",
        *(one["objective"], one["sampler"], f"{one['trials']:,}", f"{one['budget']:,.0f} {one['budget_unit']}"),
        "" if one["best"] is None else str(one["best"]),
        "" if value is None else f"{100 * value:.2f} %",
        state,
    )
