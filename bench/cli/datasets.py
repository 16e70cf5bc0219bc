"""`bench data`: which data sets are here, and where the others would come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from bench.cli import codes, fetching, options, picturing, preparing
from bench.cli.output import console, emit, say, table
from bench.cli.requests import need_torch_installed, plugins_of
from bench.errors import UserError, nearest

if TYPE_CHECKING:
    from rich.console import Console

    from bench.data.describe import DataStatus


class DataCommands(TyperGroup):
    """The commands below `bench data`; the name of a data set in their place gets a word of advice."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        word = args[0]
        if word not in self.commands and not word.startswith("-"):
            raise UserError(f"data: {word!r} is no command; {_advice(word, sorted(self.commands))}")
        return super().resolve_command(ctx, args)


def _advice(word: str, commands: Sequence[str]) -> str:
    from bench.registry import registry

    sets = registry("dataset")
    if word in sets.names() or sets.alias_of(word):
        return f"to see samples of the data set: bench data show {word}"
    return nearest(word, commands)


group = typer.Typer(cls=DataCommands, invoke_without_command=True)


@group.callback()
def data(
    context: typer.Context,
    data: options.Data = "auto",
    plugin: options.Plugin = None,
    everything: Annotated[bool, typer.Option("--all", help="List the stand-ins too.")] = False,
    as_json: options.AsJson = False,
) -> int:
    """Tell which data sets are here, and how the others would be got. By itself it fetches nothing."""
    if context.invoked_subcommand is not None:
        if data != "auto" or plugin or everything or as_json:
            command = f"bench data {context.invoked_subcommand}"
            raise UserError(f"data: options stand after the command; write {command} ... and then the options")
        return codes.DONE
    from bench.data.policy import DataPolicy

    policy = DataPolicy.from_environment(data)  # type: ignore[arg-type]  # it checks the word itself
    need_torch_installed()
    from bench.data.describe import describe_datasets

    plugins_of(plugin)
    found = describe_datasets(policy)
    if as_json:
        emit([asdict(one) for one in found])
        return codes.DONE
    screen = console()
    _print(screen, found, everything)
    folders = ", ".join(str(folder) for folder in policy.folders)
    say(screen, f"looked in {folders}; $BENCH_DATA, a list of folders, comes first", "dim")
    return codes.DONE


def _print(screen: Console, found: Sequence[DataStatus], everything: bool) -> None:
    """What can be used at once as a table, then what can not, and why."""
    made_here = [one for one in found if one.standin]
    ready = [one for one in found if one.status == "ready" and (everything or not one.standin)]
    columns = ("data set", "train / valid. / test", "sample", "classes", "where")
    rows = [
        (
            one.name,
            " / ".join(f"{count:,}" for count in (one.counts or {}).values()),
            "x".join(map(str, one.shape or ())),
            str(one.classes),
            f"stand-in: {one.text}" if one.standin else one.text,
        )
        for one in ready
    ]
    screen.print(table(columns, rows, right=("classes",)))
    for status, head in (("missing", "not here"), ("broken", "broken"), ("needs options", "of your own")):
        others = [(one.name, one.text) for one in found if one.status == status]
        if others:
            screen.print(table((head, ""), others))
    if made_here and not everything:
        say(screen, f"{len(made_here)} stand-ins are drawn where they are needed; --all lists them", "dim")


group.command("show")(picturing.show)
group.command("fetch")(fetching.fetch)
group.command("prepare")(preparing.prepare)
