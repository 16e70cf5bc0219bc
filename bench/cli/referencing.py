"""`bench reference`: the runs that ship with the project, made or gone on with, and shipped."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import codes, options
from bench.cli.output import console, counted, duration, emit, say, table
from bench.cli.requests import DATABASE, need_training, opened
from bench.cli.signals import ending_cleanly
from bench.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from bench.reference import Entry

WORK = Path("reference.db")
COLUMNS = ("command", "adds", "runs", "missing", "here", "on one H200")
RIGHT = ("runs", "missing", "here", "on one H200")
HEAD = """# The reference runs

Written by `bench reference --page`. These commands make the results that ship with the project, in order of worth;
`make reference` works them off on data that is real, and goes on where it stopped. Times are those of what is missing:
measured speeds where there are some, else rules of thumb. No time on an H200 was measured: it is taken to do
11 TFLOP/s in float32 and a step of a pack in no less than two milliseconds.
"""


@dataclass(frozen=True)
class Left:
    """What is left of an entry."""

    command: str
    adds: str
    wants_gpu: bool
    runs: int | None = None
    missing: int | None = None
    seconds: float | None = None
    seconds_h200: float | None = None
    trouble: str | None = None  # why that cannot be said


def reference(
    work: Annotated[Path, typer.Option("--work", help="The database that they are made in.", metavar="FILE")] = WORK,
    shipped: Annotated[
        Path, typer.Option("--db", help="The results that ship: where the work begins, and where it ends.")
    ] = Path(DATABASE),
    minutes: Annotated[
        float | None, typer.Option(help="Stop after so long; what is finished is kept.", min=0.1, metavar="N")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Also what wants a GPU, on a CPU.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="Run nothing; say what is left, and its time.")] = False,
    page: Annotated[Path | None, typer.Option(help="Run nothing; write the list as a page.", metavar="FILE")] = None,
    ship: Annotated[bool, typer.Option("--ship", help="Run nothing; write what is there as results.db.")] = False,
    file: Annotated[Path | None, typer.Option("--file", help="A list of your own.", metavar="FILE")] = None,
    device: options.Device = "auto",
    threads: options.Threads = None,
    as_json: options.AsJson = False,
) -> int:
    """Make the runs that ship with the project, from the top of a list, or go on with them.

    They are made in a database of their own, reference.db, which begins as a copy of results.db; --ship writes that
    anew. Only real data are taken.
    """
    from bench.reference import begin, list_file, read_list

    entries = read_list(file or list_file())
    screen = console(stderr=as_json)
    if ship:
        return _ship(screen, work, shipped)
    need_training()
    if begin(work, shipped):
        say(screen, f"{work}: goes on from the reference runs of {shipped}", "dim")
    if list_ or page:
        left = [_left(screen, entry, work, device, threads) for entry in entries]
        if page is not None:
            _write(page, left)
        elif as_json:
            emit({"entries": [asdict(one) for one in left]})
        else:
            screen.print(table(COLUMNS, [_row(one) for one in left], right=RIGHT))
        return codes.DONE
    return _work_off(screen, entries, work, minutes, every, device, threads)


def _work_off(
    screen: Console,
    entries: Sequence[Entry],
    work: Path,
    minutes: float | None,
    every: bool,
    device: str,
    threads: int | None,
) -> int:
    from bench.reference import carry_out
    from bench.training.devices import choose

    end = None if minutes is None else time.monotonic() + 60 * minutes
    on_cpu, worst = choose(device) == "cpu", codes.DONE
    given = ["--db", str(work), "--data", "real", "--device", device]
    given += ["--threads", str(threads)] if threads else []
    for entry in entries:
        if entry.wants_gpu and on_cpu and not every:
            say(screen, f"{entry}: left out, wants a GPU (--all makes it here nonetheless)", "dim")
            continue
        seconds = None if end is None else end - time.monotonic()
        if seconds is not None and seconds <= 0:
            say(screen, f"{minutes:g} minutes are over; the same command goes on with {entry}")
            return worst
        say(screen, str(entry), "bold")
        quiet = ["--no-report"] if entry.command == "run" else []
        try:
            with ending_cleanly():
                code = carry_out(entry.words, [*given, *quiet], seconds)
        except KeyboardInterrupt:
            return codes.INTERRUPTED
        if code is None or code == codes.INTERRUPTED:
            say(screen, f"stopped in {entry}; the same command goes on from there")
            return worst if code is None else codes.INTERRUPTED
        if code != codes.DONE:
            worst = codes.FAILED
    return worst


def _left(screen: Console, entry: Entry, work: Path, device: str, threads: int | None) -> Left:
    from bench.chosen import Waiting
    from bench.cli.tuning import planned_studies
    from bench.outlook import H200

    try:
        with opened(
            screen,
            entry.suite,
            entry.profile,
            str(work),
            device,
            entry.seeds,
            entry.only,
            "real",
            None,
            threads=threads,
            tuned=Waiting,
        ) as benchmark:
            outlook = benchmark.outlook()
            elsewhere = benchmark.seconds_elsewhere(H200) if outlook.missing else 0.0
            studies = planned_studies(benchmark) if entry.command == "tune" else []
    except UserError as error:
        return Left(str(entry), entry.why, entry.wants_gpu, trouble=str(error))
    trials = sum(one.trials for one in studies)
    return Left(
        str(entry),
        entry.why,
        entry.wants_gpu,
        outlook.runs + trials + sum(one.finished for one in studies),
        outlook.missing + trials,
        outlook.estimated_seconds + sum(one.seconds for one in studies),
        None if trials else elsewhere,
    )


def _row(one: Left) -> tuple[str, ...]:
    if one.trouble is not None:
        return one.command, one.trouble, "", "", "", ""
    times = (one.seconds, one.seconds_h200) if one.missing else (None, None)
    said = ("" if seconds is None else duration(seconds) for seconds in times)
    return one.command, one.adds, f"{one.runs:,}", f"{one.missing:,}", *said


def _write(page: Path, left: Sequence[Left]) -> None:
    lines: list[tuple[str, ...]] = [COLUMNS, (*(":--",) * 2, *("--:",) * 4)]
    lines += [(f"`{row[0]}`", *row[1:]) for row in map(_row, left)]
    text = "\n".join([HEAD, *(f"| {' | '.join(line)} |" for line in lines), ""])
    try:
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{page}: cannot be written ({error.strerror}); give another file") from error
    say(console(), f"{page} written")


def _ship(screen: Console, work: Path, shipped: Path) -> int:
    """Put what there is in the place of what ships; a user's own runs are never in that file's way."""
    from bench.store import Store
    from bench.store.reference import RULE
    from bench.store.reference import ship as write

    if not work.exists():
        raise UserError(f"{work}: is not there; `bench reference` makes it, or give it with --work")
    if shipped.exists():
        with Store.open(shipped, read_only=True) as store:
            own = store.query("select count(*) from run where origin <> 'reference'").rows[0][0]
        if own:
            raise UserError(
                f"{shipped}: has {counted(own, 'run')} that are no reference runs, which shipping would lose; move the "
                f"file away, or bring them into {work} by `bench merge {shipped} --db {work}`"
            )
    fresh = shipped.with_name(f".{shipped.name}.fresh")
    fresh.unlink(missing_ok=True)
    made = write(work, fresh)
    fresh.replace(shipped)
    say(screen, f"{shipped}: {counted(made.runs, 'reference run')}, {made.bytes:,} bytes")
    say(screen, RULE, "dim")
    return codes.DONE
