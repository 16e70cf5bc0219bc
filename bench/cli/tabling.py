"""`bench show SUITE --table NAME`: any table of the catalogue, on the screen or as a file has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bench.cli import codes
from bench.cli.output import console, emit, say, table
from bench.errors import UserError, nearest

if TYPE_CHECKING:
    from analysis.sheet import Sheet

TEXT = "text"


def show_table(
    name: str | None,
    form: str,
    database: str,
    suite: str,
    profile: str | None,
    metric: str | None,
    against: str,
    only: Mapping[str, Sequence[str]],
    as_json: bool,
) -> int:
    """Print a table; in another form than text it is what the report writes into its file."""
    from analysis.tables import TABLES, gather

    kinds = {kind.name: kind for kind in TABLES}
    if name is None:
        raise UserError(f"--form {form}: says how --table is written; give --table NAME, of {', '.join(kinds)}")
    if name not in kinds:
        raise UserError(f"--table {name}: no such table; {nearest(name, kinds)}")
    forms: dict[str, Callable[[Sheet], str]] = {
        "markdown": lambda sheet: sheet.to_markdown(),
        "latex": lambda sheet: sheet.to_latex(),
        "csv": lambda sheet: sheet.to_csv(),
    }
    if form != TEXT and form not in forms:
        raise UserError(f"--form {form}: no such form; give {TEXT}, {', '.join(forms)}")
    sheet = kinds[name].make(gather(database, suite, profile, only, metric, against))
    if as_json:
        emit({"table": sheet.name, "title": sheet.title, "rows": _records(sheet)})
    elif form == TEXT:
        _print(sheet)
    else:
        print(forms[form](sheet), end="")
    return codes.DONE


def _records(sheet: Sheet) -> list[dict[str, object]]:
    if sheet.data is None:
        return [dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows]
    return [{str(name): value for name, value in row.items()} for row in sheet.data.to_dict("records")]


def _print(sheet: Sheet) -> None:
    screen = console()
    say(screen, sheet.title, "bold")
    if not sheet.rows:
        say(screen, sheet.absence)
        return
    screen.print(table(sheet.columns, sheet.rows, tuple(sheet.numeric), sheet.bold))
    say(screen, sheet.caption, "dim")
