"""`bench sql`: questions to the database in SQL, which can not write."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import codes, options
from bench.cli.moving import need_parquet, write_file
from bench.cli.output import console, counted, emit, number, say, table
from bench.cli.requests import DATABASE
from bench.errors import UserError

if TYPE_CHECKING:
    from bench.store import QueryResult


def sql(
    query: Annotated[
        str | None,
        typer.Argument(metavar="SELECT", help="The question; @file reads it from a file.", show_default=False),
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="A file with the question.", metavar="FILE")] = None,
    db: options.Database = DATABASE,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", help="A value for :name in the question, as name=value.", metavar="NAME=VALUE"),
    ] = None,
    limit_seconds: Annotated[float | None, typer.Option(help="Stop a question that takes longer.", min=0.001)] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead, one object a row.")] = False,
    parquet: Annotated[Path | None, typer.Option(help="Write a Parquet file instead.", metavar="FILE")] = None,
) -> int:
    """Ask the database in SQL; nothing can be changed. Without a question on a terminal: a shell for questions.

    The views results, summary, versus_dense, leaderboard and duels are made for this;
    bench schema describes them and their columns.
    """
    if as_csv + as_json + (parquet is not None) > 1:
        raise UserError("--csv, --json and --parquet exclude each other; give one of them")
    if parquet is not None:
        _check_parquet(parquet)
    if query is None and file is None and sys.stdin.isatty():
        from bench.cli.shell import converse

        converse(db, limit_seconds)
        return codes.DONE
    text = _question(query, file)
    parameters = dict(_parameter(given) for given in param or ())
    from bench.store import Store

    with Store.open(db, read_only=True) as store:
        answer = store.query(text, parameters, limit_seconds)
    if parquet is not None:
        write_file(parquet, answer)
        say(console(), f"{parquet}: {counted(len(answer.rows), 'row')}")
    elif as_json:
        emit([dict(zip(answer.columns, row, strict=True)) for row in answer.rows])
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows(answer.rows)
    else:
        print_answer(answer)
    return codes.DONE


def print_answer(answer: QueryResult) -> None:
    """A table for people."""
    screen = console()
    columns = zip(*answer.rows, strict=True)
    numbers = [
        name
        for name, values in zip(answer.columns, columns, strict=False)
        if any(isinstance(value, int | float) for value in values)
    ]
    rows = ([_shown(value) for value in row] for row in answer.rows)
    screen.print(table(answer.columns, rows, right=numbers))
    say(screen, counted(len(answer.rows), "row"), "dim")


def _check_parquet(file: Path) -> None:
    """Say what stands in the way before the question is asked."""
    if file.suffix != ".parquet":
        raise UserError(f"--parquet {file}: the name of the file has to end in .parquet")
    need_parquet()


def _question(query: str | None, file: Path | None) -> str:
    if query is not None and file is not None:
        raise UserError("the question is given twice; give it as the argument or with --file")
    if query is not None and query.startswith("@"):
        return _question(None, Path(query[1:]))
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except OSError as error:
            raise UserError(f"{file}: cannot be read ({error.strerror}); give a file that holds SQL") from error
        except UnicodeDecodeError as error:
            raise UserError(f"{file}: this is no text in UTF-8; give a file that holds SQL") from error
    if query is None:
        raise UserError('nothing is asked; write bench sql "SELECT * FROM summary", or give --file')
    return query


def _parameter(given: str) -> tuple[str, str | int | float]:
    name, equals, value = given.partition("=")
    if not equals or not name.strip().isidentifier():
        raise UserError(f"--param {given!r}: is no parameter; write --param seed=3")
    for kind in (int, float):
        try:
            return name.strip(), kind(value)
        except ValueError:
            continue
    return name.strip(), value


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return number(value)
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else str(value)
