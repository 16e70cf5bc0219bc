"""`bench list`: what there is to choose from."""

from __future__ import annotations

from inspect import Parameter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli import codes, options
from bench.cli.output import cards, console, emit, say, table
from bench.cli.recipes import cost, recipe
from bench.cli.requests import need_training, plugins_of
from bench.cli.users import suites_using
from bench.errors import UserError, nearest

if TYPE_CHECKING:
    from bench.registry import Component

# What a user asks for, and the kind of component that it is; suites are files.
KINDS = {
    "methods": "method",
    "scores": "score",
    "datasets": "dataset",
    "networks": "network",
    "initialisations": "initialisation",
}

_SHORT = ("name", "summary", "profiles")  # of a suite; a line has no room for its file


def list_(
    what: Annotated[
        str | None,
        typer.Argument(metavar="WHAT", help="suites, methods, scores, datasets, networks or initialisations; all."),
    ] = None,
    plugin: options.Plugin = None,
    as_json: options.AsJson = False,
) -> int:
    """List what can be named: suites, methods, scores, data sets, networks, initialisations."""
    wanted = [_kind(what)] if what else ["suites", *KINDS]
    plugins_of(plugin)
    found = {one: _suites() if one == "suites" else _components(KINDS[one]) for one in wanted}
    if as_json:
        emit(found)
        return codes.DONE
    screen = console()
    for one, entries in found.items():
        if len(found) > 1:
            say(screen, one, "bold")
        if one == "suites":
            screen.print(table(_SHORT, ([_text(entry[name]) for name in _SHORT] for entry in entries)))
        else:
            screen.print(cards((entry["name"], _lines(entry)) for entry in entries))
    return codes.DONE


def _kind(word: str) -> str:
    known = ["suites", *KINDS]
    for one in known:
        if word in (one, one.removesuffix("s"), one[:-2] + "es"):
            return one
    raise UserError(f"list: {word!r} is nothing that can be listed; {nearest(word, known)}")


def _suites() -> list[dict[str, Any]]:
    from bench.suite import builtin_suites, read_suite, suite_profiles

    entries = []
    for name, file in builtin_suites().items():
        suite = read_suite(file, components=False)
        entries.append({"name": name, "summary": suite.title, "profiles": suite_profiles(file), "file": str(file)})
    return entries


def _components(kind: str) -> list[dict[str, Any]]:
    if kind != "method":  # methods are recipes, the others compute
        need_training()
    from bench.registry import registry

    every = registry(kind)
    used = suites_using(kind)
    return [_entry(every.get(name), used.get(name, [])) for name in every.names()]


def _entry(component: Component, suites: list[str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": component.name, "summary": component.summary, "options": _options(component)}
    if component.kind == "method":
        entry |= {"recipe": recipe(component), "cost": cost(component)}
    return entry | {"aliases": list(component.aliases), "reference": component.reference, "suites": suites}


def _lines(entry: dict[str, Any]) -> list[tuple[str, str]]:
    """What is said of an entry, each with its heading; the summary needs none."""
    told = {"summary": "", "aliases": "also", "reference": "from"}
    return [(told.get(name, name), _text(value)) for name, value in entry.items() if name != "name" and value]


def _options(component: Component) -> list[str]:
    from bench.suite.options import known_options

    return [
        name if parameter.default is Parameter.empty else f"{name}: {_default(parameter.default)}"
        for name, parameter in known_options(component).items()
    ]


def _default(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value)


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)
