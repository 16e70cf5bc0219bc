"""`bench merge`, `bench forget` and `bench db`: results on their way from one database to another, or out of one."""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import codes, options
from bench.cli.output import console, counted, number, say
from bench.cli.requests import DATABASE
from bench.errors import UserError

if TYPE_CHECKING:
    from bench.store import QueryResult
    from bench.store.merging import ConflictFound

_LISTED = 10  # runs that are named one by one

group = typer.Typer(no_args_is_help=True, help="The database as a whole: export, copy, upgrade.")


def merge(
    others: Annotated[
        list[str], typer.Argument(metavar="OTHER...", help="Databases to take runs from: files, or servers' addresses.")
    ],
    db: options.Database = DATABASE,
) -> int:
    """Bring the runs of other databases in: a cluster's, a colleague's, a GPU machine's.

    What is here already is not touched, and merging again changes nothing. A run that both have with different
    results is reported, and both results are kept.
    """
    from bench.store import Store
    from bench.store.location import locate, shown

    screen = console()
    with Store.open(db) as store:
        for other in others:
            merged = store.merge(other)
            parts = [f"{counted(merged.new, 'new run')}, {merged.runs - merged.new:,} here already"]
            parts += [counted(merged.suites, "new suite")] if merged.suites else []
            parts += [counted(merged.speeds, "new speed")] if merged.speeds else []
            parts += [counted(merged.trials, "new trial")] if merged.trials else []
            say(screen, f"{shown(locate(other))}: {', '.join(parts)}")
            for conflict in merged.conflicts[:_LISTED]:
                say(screen, _conflict(conflict), "yellow")
            if len(merged.conflicts) > _LISTED:
                say(screen, f"and {len(merged.conflicts) - _LISTED:,} more; all are in the view conflicts", "yellow")
            for one in merged.study_conflicts:
                told = f"conflict: study {one.study} on {one.environment}: {one.reason}; what is here stays as it is"
                say(screen, told, "yellow")
    return codes.DONE


def _conflict(conflict: ConflictFound) -> str:
    what = ", ".join(
        f"{name} {' and '.join(number(value) if isinstance(value, int | float) else str(value) for value in values)}"
        for name, values in list(conflict.differences.items())[:3]
    )
    return f"conflict: run {conflict.key[:8]} on {conflict.environment} has two results: {what}; both are kept"


def forget(
    only: Annotated[
        str,
        typer.Argument(
            metavar="FILTER",
            help="suite=mnist,method=lottery,status=failed (also profile, data, model, level, seed, origin, key, "
            "environment, session).",
        ),
    ],
    db: options.Database = DATABASE,
    yes: Annotated[bool, typer.Option("--yes", help="Remove them without asking.")] = False,
) -> int:
    """Remove runs from the database, after showing which.

    Reference rows are meant only where origin=reference is given.
    """
    from bench.only import parse
    from bench.store import Store

    screen = console()
    filters = parse(only)
    with Store.open(db, read_only=True) as store:
        doomed = store.picked(filters)
    if not doomed:
        say(screen, "no run fits; nothing is removed")
        return codes.DONE
    for one in doomed[:_LISTED]:
        where = one.cells[0] if one.cells else "in no suite"
        say(screen, f"{one.key[:8]}  seed {one.seed}, {one.status}, {one.origin}, {one.environment}, {where}")
    if len(doomed) > _LISTED:
        say(screen, f"and {len(doomed) - _LISTED:,} more")
    states = ", ".join(f"{count:,} {status}" for status, count in sorted(Counter(one.status for one in doomed).items()))
    say(screen, f"{counted(len(doomed), 'run')}: {states}")
    if not yes and not (sys.stdin.isatty() and typer.confirm("Remove them?")):
        say(screen, "nothing is removed; add --yes to remove them")
        return codes.DONE
    with Store.open(db) as store:
        say(screen, f"{counted(store.forget(filters), 'run')} removed")
    return codes.DONE


@group.command("export")
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder for the files, one for each view.")],
    db: options.Database = DATABASE,
    format: Annotated[str, typer.Option(help="parquet or csv.", metavar="FORMAT")] = "parquet",
    view: Annotated[
        list[str] | None, typer.Option("--view", help="This view alone; may be given several times.", metavar="NAME")
    ] = None,
) -> int:
    """Write every view as a file, for other programs."""
    from bench.errors import nearest
    from bench.store import Store
    from bench.store.sentences import VIEWS

    if format not in WRITERS:
        raise UserError(f"--format {format}: no such format; give parquet or csv")
    if format == "parquet":
        need_parquet()
    for name in view or ():
        if name not in VIEWS:
            raise UserError(f"--view {name}: no such view; {nearest(name, VIEWS)}")
    screen = console()
    with Store.open(db, read_only=True) as store:
        for name in view or VIEWS:
            answer = store.query(f"select * from {name}")
            write_file(folder / f"{name}.{format}", answer)
            say(screen, f"{folder / name}.{format}: {counted(len(answer.rows), 'row')}")
    return codes.DONE


@group.command("copy")
def copy(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The new file.")], db: options.Database = DATABASE
) -> int:
    """Write a compact copy to give away: complete, but for the notes of your sessions."""
    from bench.store import moving

    moving.copy(db, file)
    say(console(), f"{file}: {file.stat().st_size:,} bytes")
    return codes.DONE


@group.command("ship")
def ship(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The new file.")], db: options.Database = DATABASE
) -> int:
    """Write the copy that ships with a project: every run a reference row, with fewer curves and arrays.

    Every mean, interval and difference stays what it is; docs/database.md says what is left out.
    """
    from bench.store.reference import RULE
    from bench.store.reference import ship as write

    made = write(db, file)
    screen = console()
    say(screen, f"{file}: {counted(made.runs, 'reference run')}, {made.bytes:,} bytes")
    say(screen, RULE, "dim")
    return codes.DONE


@group.command("upgrade")
def upgrade(db: options.Database = DATABASE) -> int:
    """Bring a database to the schema of this release, or make its tables; a server's needs this, a file does not."""
    from bench.store import upgrade as upgrade_database
    from bench.store.location import locate, shown
    from bench.store.migrations.head import HEAD

    upgrade_database(db)
    say(console(), f"{shown(locate(db))}: has schema {HEAD}, that of this release")
    return codes.DONE


def need_parquet() -> None:
    try:
        import pyarrow  # noqa: F401
    except ModuleNotFoundError:
        raise UserError("Parquet needs the package pyarrow; pip install '.[parquet]', or write CSV") from None


def write_file(path: Path, answer: QueryResult) -> None:
    """Write an answer in the format that the file's name says; whole, or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        WRITERS[path.suffix.removeprefix(".")](fresh, answer)
        os.replace(fresh, path)
    except OSError as error:
        raise UserError(
            f"{path}: cannot be written ({error.strerror}); see to the disk, or give another path"
        ) from error
    finally:
        fresh.unlink(missing_ok=True)


def _write_csv(path: Path, answer: QueryResult) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows(answer.rows)


def _write_parquet(path: Path, answer: QueryResult) -> None:
    need_parquet()
    import pyarrow
    from pyarrow import parquet

    columns = list(zip(*answer.rows, strict=True)) or [()] * len(answer.columns)
    arrays = [pyarrow.array([*values], type=_kind(values)) for values in columns]
    parquet.write_table(pyarrow.Table.from_arrays(arrays, names=list(answer.columns)), path)


def _kind(values: tuple[object, ...]) -> object:
    """The type of a column: SQL leaves open what an expression is, and whole numbers and others may meet in one."""
    import pyarrow

    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int}:
        return pyarrow.int64() if kinds else pyarrow.string()
    if kinds <= {int, float}:
        return pyarrow.float64()
    return pyarrow.binary() if kinds == {bytes} else pyarrow.string()


WRITERS = {"csv": _write_csv, "parquet": _write_parquet}
