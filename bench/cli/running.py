"""`bench run` and `bench plan`: what there is to do, and doing it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli import codes, options
from bench.cli.comparing import compared, print_comparison
from bench.cli.output import STANDIN, console, counted, duration, emit, say
from bench.cli.progress import listening
from bench.cli.requests import DATABASE, opened
from bench.cli.signals import ending_cleanly
from bench.cli.tuning import as_facts, lines, planned_studies
from bench.errors import UserError, nearest

if TYPE_CHECKING:
    from rich.console import Console

    from bench.benchmark import Benchmark, TunedBy
    from bench.chosen import Choices, Waiting
    from bench.outdated import Outdated
    from bench.outlook import Outlook
    from bench.receipts import Receipt


def run(
    suite: options.SuiteName,
    profile: options.Profile = None,
    db: options.Database = DATABASE,
    device: options.Device = "auto",
    seeds: options.Seeds = None,
    only: options.Only = None,
    data: options.Data = "auto",
    plugin: options.Plugin = None,
    note: Annotated[str | None, typer.Option(help="A word of your own, kept with the runs.", metavar="TEXT")] = None,
    threads: options.Threads = None,
    new_data: Annotated[
        bool, typer.Option("--new-data", help="Run although the content of a data set has changed since.")
    ] = False,
    metric: options.Metric = None,
    against: options.Against = "none",
    report: Annotated[Path, typer.Option(help="The folder for the report.", metavar="DIR")] = Path("report"),
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no report.")] = False,
    as_json: options.AsJson = False,
) -> int:
    """Run a suite: train what is missing, print the comparison, write the report.

    What is in the database already is not run again, so the same command goes on after an interruption.
    """
    screen = console(stderr=as_json)
    try:
        with (
            ending_cleanly(),
            opened(screen, suite, profile, db, device, seeds, only, data, plugin, note, threads, new_data) as benchmark,
        ):
            _check_comparison(benchmark, metric, against)
            benchmark.prepare()
            for line in benchmark.store.notices:
                say(screen, line, "yellow")
            outlook = benchmark.outlook()
            _open_with(screen, benchmark)
            say(screen, _prospect(outlook))
            with listening(screen, outlook.steps_left) as listener:
                receipt = benchmark.run(listener)
    except KeyboardInterrupt:
        say(screen, "stopped; what was finished is kept. The same command goes on from there")
        return codes.INTERRUPTED
    from bench.only import as_stored

    interrupted = receipt.ending == "interrupted"
    filters = as_stored(benchmark.request.only, benchmark.cells)
    comparison = compared(db, benchmark.suite.name, benchmark.suite.profile, metric, against, filters)
    if not as_json:
        print_comparison(screen, comparison)
    page = None if no_report or interrupted else _write_report(db, report, metric, against)
    _repeat_notices(screen, benchmark)
    if as_json:
        emit(_facts(benchmark) | asdict(receipt) | {"report": page, "comparison": comparison.to_dict()})
    for line in _stopped(receipt) if interrupted else _receipt(receipt, page):
        say(screen, line)
    if interrupted:
        return codes.INTERRUPTED
    return codes.FAILED if _without_result(receipt) else codes.DONE


def plan(
    suite: options.SuiteName,
    profile: options.Profile = None,
    db: options.Database = DATABASE,
    device: options.Device = "auto",
    seeds: options.Seeds = None,
    only: options.Only = None,
    data: options.Data = "auto",
    plugin: options.Plugin = None,
    threads: options.Threads = None,
    metric: options.Metric = None,
    against: options.Against = "none",
    as_json: options.AsJson = False,
) -> int:
    """Say what `bench run` would do: runs done and missing, steps, packs, time.

    It takes what `bench run` takes, and finds fault with the same.
    """
    screen = console(stderr=as_json)
    waiting: list[Waiting] = []
    with opened(
        screen, suite, profile, db, device, seeds, only, data, plugin, None, threads, tuned=_waiting(waiting)
    ) as benchmark:
        from bench.outdated import outdated

        _check_comparison(benchmark, metric, against)
        outlook = benchmark.outlook()
        old = outdated(benchmark.plan, benchmark.present)
        reasons = list(dict.fromkeys(reason for one in waiting for reason in one.reasons))
        studies = planned_studies(benchmark)
        if as_json:
            more = {"outdated": [asdict(one) for one in old], "waiting": reasons, "tuning": as_facts(studies)}
            emit(asdict(outlook) | _facts(benchmark) | more)
            return codes.DONE
        _open_with(screen, benchmark)
        shared = outlook.steps_shared / outlook.steps_alone if outlook.steps_alone else 1.0
        rows = [
            ("cells", f"{outlook.cells:,}"),
            ("runs", f"{outlook.runs:,}"),
            ("  done", f"{outlook.done:,}"),
            ("  missing", f"{outlook.missing:,}"),
            ("training steps, each run alone", f"{outlook.steps_alone:,}"),
            ("  what they share made once", f"{outlook.steps_shared:,} ({shared:.1%})"),
            ("  still to be made", f"{outlook.steps_left:,}"),
            ("packs", f"{outlook.packs:,}"),
            ("estimated time", _time(outlook)),
        ]
        say(screen, f"suite {benchmark.suite.name}, profile {benchmark.suite.profile}: {benchmark.suite.title}")
        for name, value in rows:
            say(screen, f"{name:<{max(len(name) for name, _ in rows)}}  {value}")
        for one in old:
            say(screen, _outdated_line(one), "yellow")
        for reason in reasons:
            say(screen, f"left out for now: {reason}", "yellow")
        for line in lines(studies):
            say(screen, f"tuning: {line}")
    return codes.DONE


def _waiting(found: list[Waiting]) -> TunedBy:
    """A plan tells of methods that wait for their studies, and goes on without them."""

    def by(choices: Callable[[], Choices]) -> Waiting:
        from bench.chosen import Waiting

        found.append(Waiting(choices))
        return found[-1]

    return by


def _check_comparison(benchmark: Benchmark, metric: str | None, against: str) -> None:
    """What is wrong with the wished-for table is said before hours of training, not after them."""
    from analysis.wording import metric_named

    if metric is not None:
        metric_named(metric)
    known = {name for cell in benchmark.grid.cells for name in (cell.method.label, cell.method.name)}
    if against != "none" and against not in known:
        raise UserError(f"against: the suite has no method {against!r}; {nearest(against, known)}")


def _facts(benchmark: Benchmark) -> dict[str, Any]:
    """What a command works on."""
    infos = {ground.data.name: ground.data for ground in benchmark.grid.grounds}
    return {
        "suite": benchmark.suite.name,
        "profile": benchmark.suite.profile,
        "database": benchmark.place,
        "device": benchmark.device,
        "environment": benchmark.environment.label,
        "data": [
            {"name": info.name, "standin": info.standin, "source": info.source, "fingerprint": info.fingerprint}
            for info in infos.values()
        ],
        "notices": [*benchmark.grid.notices, *benchmark.suite.notes],
    }


def _open_with(screen: Console, benchmark: Benchmark) -> None:
    """The first line: database, data, device; then what must not be overlooked."""
    facts = _facts(benchmark)
    sets = ", ".join(
        f"{info['name']}{' STAND-IN' if info['standin'] else ''} ({info['source']})" for info in facts["data"]
    )
    say(screen, f"database {facts['database']} | data {sets} | device {benchmark.environment.label}")
    _repeat_notices(screen, benchmark)
    for line in benchmark.suite.notes:
        say(screen, line, "yellow")


def _repeat_notices(screen: Console, benchmark: Benchmark) -> None:
    for line in benchmark.grid.notices:
        say(screen, line, STANDIN)


def _prospect(outlook: Outlook) -> str:
    """What is about to happen, in a line."""
    runs = f"{counted(outlook.runs, 'run')}, {outlook.done:,} done already"
    if not outlook.missing:
        return f"{runs}: nothing is left to do"
    return f"{runs}, {outlook.missing:,} to make in {outlook.steps_left:,} training steps: {_time(outlook)}"


def _time(outlook: Outlook) -> str:
    if not outlook.steps_left:
        return "a few seconds" if outlook.missing else "none"
    basis = "measured on this device" if outlook.measured else "a rule of thumb, this device is not measured yet"
    return f"about {duration(outlook.estimated_seconds)} ({basis})"


def _write_report(database: str, folder: Path, metric: str | None, against: str) -> str:
    from analysis import write_report

    return os.fspath(write_report(database, folder, metric=metric, against=against)[0])


def _without_result(receipt: Receipt) -> int:
    """Runs that were asked for and have no final row."""
    final = sum(count for status, count in receipt.made.items() if status != "failed")
    return max(0, receipt.runs - receipt.before - receipt.by_others - final)


def _receipt(receipt: Receipt, page: str | None) -> list[str]:
    """What was done and what it saved; the last line of a run."""
    lines = []
    lost = _without_result(receipt)
    if lost:
        lines.append(
            f'{counted(lost, "run")} failed; `bench sql "SELECT method, seed, reason FROM results WHERE status = '
            "'failed'\"` says why, the same command tries again"
        )
    odd = [f"{count:,} {status}" for status, count in sorted(receipt.made.items()) if status not in ("done", "failed")]
    made = sum(receipt.made.values()) - receipt.failed
    parts = [
        f"{counted(receipt.before + made + receipt.by_others, 'run')} of {receipt.runs:,} done"
        f" ({made:,} now{', of them ' + ', '.join(odd) if odd else ''}{_elsewhere(receipt)},"
        f" {receipt.before:,} before)",
        f"{receipt.steps:,} training steps made in {duration(receipt.seconds)},"
        f" {receipt.steps_alone:,} had each run been made alone",
        f"report in {page}" if page else "no report written",
    ]
    return [*lines, "; ".join(parts)]


def _stopped(receipt: Receipt) -> list[str]:
    made = sum(receipt.made.values()) - receipt.failed
    if not made + receipt.before + receipt.by_others:
        return ["stopped before the first run was done. The same command begins where it stopped"]
    return [
        f"stopped after {counted(receipt.before + made + receipt.by_others, 'run')} of {receipt.runs:,} "
        f"({made:,} now{_elsewhere(receipt)}); all of them are "
        "kept. The same command goes on from there"
    ]


def _elsewhere(receipt: Receipt) -> str:
    return f", {receipt.by_others:,} by other commands" if receipt.by_others else ""


def _outdated_line(entry: Outdated) -> str:
    return (
        f"outdated: {counted(entry.runs, 'run')} in the database used another text or version of the {entry.kind} "
        f"{entry.name}; kept apart, and not counted as done"
    )
