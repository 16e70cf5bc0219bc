"""`bench show` and `bench report`: what is in the database, as tables and as a page. Neither needs PyTorch."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli import codes, options
from bench.cli.comparing import compared, print_comparison
from bench.cli.output import console, counted, emit, say
from bench.cli.requests import DATABASE, name_of, only_of
from bench.cli.tabling import show_table
from bench.errors import UserError

if TYPE_CHECKING:
    from bench.suite import Suite


def show(
    suite: options.SuiteName,
    profile: options.Profile = None,
    db: options.Database = DATABASE,
    only: options.Only = None,
    metric: options.Metric = None,
    against: options.Against = "none",
    table: Annotated[
        str | None, typer.Option(help="A table instead: winners, duels, kept, ranks, costs, ...", metavar="NAME")
    ] = None,
    form: Annotated[str, typer.Option(help="Of that table: text, markdown, latex or csv.", metavar="FORM")] = "text",
    as_json: options.AsJson = False,
) -> int:
    """Print the comparison of a suite: mean, interval, and the paired difference to a method.

    Without --profile, every profile that the database has results of. --table prints another table of the same runs.
    """
    name = name_of(suite)
    if table is not None or form != "text":
        return show_table(table, form, db, name, profile, metric, against, only_of(only), as_json)
    comparison = compared(db, name, profile, metric, against, only_of(only))
    missing = _missing(db, name, profile)
    changed = _changed(db, suite, name, profile)
    if as_json:
        emit(comparison.to_dict() | {"missing": missing, "changed": changed})
        return codes.DONE
    screen = console()
    print_comparison(screen, comparison)
    if not comparison.grids:
        say(screen, f"no results of the suite {name} yet; `bench run {suite}` makes them")
    for one, count in missing.items():
        option = "" if one == "full" else f" --profile {one}"
        say(
            screen,
            f"{counted(count, 'run')} of the profile {one} still missing; `bench run {suite}{option}` makes them",
        )
    for one in changed:
        say(
            screen,
            f"the suite file has changed since the profile {one} was run; these are the results of the file as it was",
            "yellow",
        )
    return codes.DONE


def report(
    db: options.Database = DATABASE,
    suite: Annotated[str | None, typer.Option(help="Only this suite.", metavar="NAME")] = None,
    only: options.Only = None,
    environment: Annotated[
        str | None, typer.Option(help="Only this environment, or this device.", metavar="NAME")
    ] = None,
    figure: Annotated[
        list[str] | None,
        typer.Option(help="Draw only this figure; may be given several times.", metavar="NAME"),
    ] = None,
    metric: options.Metric = None,
    against: options.Against = "none",
    out: Annotated[Path, typer.Option(help="The folder to write into.", metavar="DIR")] = Path("report"),
    as_json: options.AsJson = False,
) -> int:
    """Write tables and figures of what is in the database, and a page that shows them."""
    from analysis import write_report

    name = name_of(suite) if suite else None
    filters = only_of(only)
    if environment is not None:
        filters.setdefault("environment", []).append(environment)
    files = write_report(db, out, name, filters, metric, against, figure or None)
    if as_json:
        emit({"page": files[0], "files": files})
    else:
        say(console(), f"{files[0]} and {counted(len(files) - 1, 'other file')} written")
    return codes.DONE


def _missing(database: str, name: str, profile: str | None) -> dict[str, int]:
    """Runs that are still missing, by profile."""
    from analysis import load_missing

    frame = load_missing(database, name, profile)
    return {str(one): int(count) for one, count in frame.groupby("profile")["key"].nunique().items()}


def _changed(database: str, suite: str, name: str, profile: str | None) -> list[str]:
    """The profiles whose runs were made with another content of the suite file than it has now."""
    from bench.store import Store
    from bench.suite import read_suite

    with Store.open(database, read_only=True) as store:
        rows = store.query("select profile, text from suite where is_current = 1 and name = :name", {"name": name}).rows
    stored = {str(one): str(text) for one, text in rows if profile in (None, one)}
    try:
        now = read_suite(suite, components=False).text
    except UserError:
        return []  # the file is gone, or broken: the results are there all the same
    differing = [one for one, text in stored.items() if text != now]
    return [one for one in differing if not _says_the_same(suite, one, stored[one])]


def _says_the_same(suite: str, profile: str, text: str) -> bool:
    """Whether an earlier text of the file asks for what it asks for now: comments and order do not count."""
    from bench.suite import read_suite

    with tempfile.TemporaryDirectory() as folder:
        earlier = Path(folder) / "suite.yaml"
        earlier.write_text(text, encoding="utf-8")
        try:
            both = [read_suite(file, profile, components=False) for file in (suite, earlier)]
        except UserError:
            return False
    return _content(both[:1]) == _content(both[1:])


def _content(suites: Iterable[Suite]) -> list[tuple[Any, ...]]:
    return [(one.problems, one.metric, one.stage) for one in suites]
