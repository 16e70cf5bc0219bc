"""`bench speed`: how quickly the networks of stored runs answer, dense, masked and shrunk."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bench.cli import codes, options
from bench.cli.output import console, counted, duration, emit, say, table
from bench.cli.requests import DATABASE, name_of, need_training, only_of
from bench.cli.trying import RUNS, speed_of_store
from bench.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from bench.measures.latency import Setting
    from bench.speeding import Speedometer, Subject
    from bench.store import Store

Rows = list[dict[str, Any]]
OPENING, WARMING = 1.0, 0.2  # seconds, about, that a run and a setting take before anything is measured


def speed(
    suite: Annotated[
        str | None,
        typer.Argument(metavar="[SUITE]", help="A suite whose runs are in the database.", show_default=False),
    ] = None,
    profile: options.Profile = None,
    db: options.Database = DATABASE,
    device: options.Device = "auto",
    only: options.Only = None,
    plugin: options.Plugin = None,
    threads: options.Threads = None,
    batch: Annotated[str, typer.Option(help="Samples answered at once.", metavar="N,N")] = "1,256",
    seconds: Annotated[
        float, typer.Option(help="Most seconds for a run, a batch size and a number of threads.", min=0.01)
    ] = 1.0,
    all_seeds: Annotated[
        bool, typer.Option("--all-seeds", help="Measure every seed; default: the first of each cell.")
    ] = False,
    runs: Annotated[
        int, typer.Option("--runs", help="With --only store: how many runs are made up.", min=1, metavar="N")
    ] = RUNS,
    again: Annotated[bool, typer.Option("--again", help="Measure anew what is measured already.")] = False,
    as_json: options.AsJson = False,
) -> int:
    """Measure how quickly the runs of a suite answer: dense, masked, shrunk, and with kernels for 2:4.

    Each is measured in turn with the dense network, with one thread and with all. Let nothing else run meanwhile.
    With --only store and no suite: how quickly the database itself is written to and read, on made-up runs.
    """
    if only == "store":
        if suite is not None:
            raise UserError(f"--only store: is about the database itself; leave out {suite!r}")
        speed_of_store(runs, as_json)
        return codes.DONE
    if suite is None:
        raise UserError("no suite is named; give one, or --only store for the speed of the database itself")
    from analysis import load

    batches = _batches(batch)
    everything = load(db, name_of(suite), profile)
    chosen_runs = load(db, name_of(suite), profile, only_of(only))
    need_training()
    from bench.benchmark import cores
    from bench.measures.latency import Effort, settings
    from bench.speeding import Speedometer, environment, kept, subjects
    from bench.store import Store
    from bench.training.devices import choose

    chosen = choose(device)
    import torch

    asked = settings(torch.device(chosen), threads or cores(), batches)
    wanted = subjects(_plain(chosen_runs), _plain(everything), kept(db), all_seeds)
    if not wanted:
        raise UserError(f"{name_of(suite)}: no run has a network to be measured; `bench run {suite}` makes some")
    screen = console(stderr=as_json)
    with Store.open(db) as store:
        number = store.environment(environment(chosen))
        left = wanted if again else [one for one in wanted if not _known(store, number, one.key, asked)]
        meter = Speedometer(db, chosen, asked, Effort(budget=seconds), plugin or ())
        say(screen, f"database {store.place} | device {environment(chosen).label}")
        say(screen, _prospect(len(wanted), left, asked, seconds))
        _load(screen)
        lost = _measure(screen, store, number, meter, left, plugin or ())
        found = _stored(store, environment(chosen).label, name_of(suite), wanted, asked)
        found = [row for row in found if row["profile"] in set(chosen_runs["profile"])]
    if as_json:
        emit({"suite": name_of(suite), "environment": environment(chosen).label, "speeds": found, "missing": lost})
    else:
        _print(screen, found, asked)
    for line in lost:
        say(screen, line, "yellow")
    if not as_json and meter.without_kernels:
        say(screen, f"no times for 2:4: {meter.without_kernels}", "dim")
    return codes.FAILED if lost else codes.DONE


def _plain(frame: pd.DataFrame) -> Rows:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _batches(text: str) -> tuple[int, ...]:
    try:
        found = tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        found = ()
    if not found or min(found) < 1:
        raise UserError(f"--batch {text}: are no batch sizes; write 1,256")
    return found


def _known(store: Store, environment: int, key: str, settings: Sequence[Setting]) -> bool:
    """Whether a run is measured in all these settings."""
    rows = store.query(
        "select threads, batch from speed where key = :key and environment_id = :environment",
        {"key": key, "environment": environment},
    ).rows
    return {(setting.threads, setting.batch) for setting in settings} <= {(row[0], row[1]) for row in rows}


def _prospect(count: int, left: Sequence[Subject], settings: Sequence[Setting], seconds: float) -> str:
    runs = f"{counted(count, 'run')}, {count - len(left):,} measured already"
    if not left:
        return f"{runs}: nothing is left to do"
    longest = len(left) * (OPENING + len(settings) * (seconds + WARMING))
    return f"{runs}, {len(left):,} to measure: about {duration(longest)} at most"


def _load(screen: Console) -> None:
    """Say when other programs keep the machine busy."""
    if not hasattr(os, "getloadavg"):
        return
    load, count = os.getloadavg()[0], os.cpu_count() or 1
    if load > count / 2:
        say(
            screen,
            f"this machine is busy (load {load:.1f} on {counted(count, 'core')}): times will come out too long and "
            "their ratios rough; better measure again when nothing else runs (--again)",
            "yellow",
        )


def _measure(
    screen: Console, store: Store, environment: int, meter: Speedometer, left: Sequence[Subject], plugins: Sequence[Any]
) -> list[str]:
    """Measure one run after the other, each kept at once; the runs that could not be, a line each."""
    if not left:
        return []
    from bench.provenance import session_info

    session = store.start_session(session_info(None, plugins))
    ending: Literal["done", "failed", "interrupted"] = "failed"
    lost = []
    try:
        with screen.status("") as status:
            for place, subject in enumerate(left, start=1):
                status.update(f"{place:,} of {len(left):,}: {subject.words}")
                outcome = meter.measure(subject)
                store.write_speeds(session, environment, outcome.records)
                if outcome.obstacle:
                    lost.append(outcome.obstacle)
        ending = "done"
    except KeyboardInterrupt:
        ending = "interrupted"
        raise
    finally:
        store.end_session(session, ending)
    return lost


def _stored(store: Store, environment: str, suite: str, wanted: Sequence[Subject], settings: Sequence[Setting]) -> Rows:
    """What is measured by now of these runs in these settings, in the order of the suite."""
    answer = store.query(
        "select * from speeds where environment = :environment and suite = :suite",
        {"environment": environment, "suite": suite},
    )
    place = {subject.key: number for number, subject in enumerate(wanted)}
    asked = {(setting.threads, setting.batch) for setting in settings}
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    rows = [row for row in rows if row["key"] in place and (row["threads"], row["batch"]) in asked]
    return sorted(rows, key=lambda row: (row["profile"], place[row["key"]], row["form"], row["threads"], row["batch"]))


def _print(screen: Console, rows: Rows, settings: Sequence[Setting]) -> None:
    """A table for each problem: times in milliseconds, and how many times as fast as the dense network."""
    grounds = dict.fromkeys((row["data"], row["model"], row["suite"], row["profile"]) for row in rows)
    for ground in grounds:
        data, model, suite, profile = ground
        own = [row for row in rows if (row["data"], row["model"], row["suite"], row["profile"]) == ground]
        say(screen)
        say(screen, f"Milliseconds for an answer of {model} to {data}", "bold")
        say(screen, f"suite {suite}, profile {profile}; {own[0]['environment']}", "dim")
        heads = [_head(setting) for setting in settings]
        screen.print(table(["run", "sparsity", "form", *heads], _lines(own, settings), right=["sparsity", *heads]))
    if rows:
        say(
            screen,
            "x: times as fast as the dense network, median of pairs; below 1 is slower. Beside the sparsity what the "
            "operations that are left would allow.",
            "dim",
        )


def _head(setting: Setting) -> str:
    batch = f"batch {setting.batch}"
    return f"{counted(setting.threads, 'thread')}\n{batch}" if setting.threads else batch


def _lines(rows: Rows, settings: Sequence[Setting]) -> list[list[str]]:
    """Two lines of names for each run, and a line for each of its forms."""
    from analysis.wording import percent

    lines = []
    for key in dict.fromkeys(row["key"] for row in rows):
        own = [row for row in rows if row["key"] == key]
        forms = {form: _of_form(own, form, settings) for form in dict.fromkeys(row["form"] for row in own)}
        first = own[0]
        theory = f"{first['theoretical_speedup']:.3g} x" if first["theoretical_speedup"] else ""
        columns = zip(*forms.values(), strict=True)
        lines.append(
            [
                f"{key[:8]}\n{first['method']}",
                f"{percent(first['target_sparsity'])}\n{theory}" if first["level"] else "0 %",
                "\n".join(forms),
                *("\n".join(column) for column in columns),
            ]
        )
    return lines


def _of_form(rows: Rows, form: str, settings: Sequence[Setting]) -> list[str]:
    found = {(row["threads"], row["batch"]): row for row in rows if row["form"] == form}
    return [_time(found.get((setting.threads, setting.batch))) for setting in settings]


def _time(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    time = f"{1000 * row['seconds']:.3g}"
    return time if row["form"] == "dense" else f"{time} {row['speedup']:.2f}x"
