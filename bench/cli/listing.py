"""`bench list`: what there is to choose from."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli import codes, options
from bench.cli.output import console, emit, say, table
from bench.cli.requests import need_training, plugins_of
from bench.errors import UserError, nearest

if TYPE_CHECKING:
    from bench.registry import Choice, Component

# What a user asks for, and the kind of component that it is; suites are files.
KINDS = {
    "methods": "method",
    "scores": "score",
    "datasets": "dataset",
    "networks": "network",
    "initialisations": "initialisation",
}


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
        columns = [name for name in entries[0] if any(entry[name] for entry in entries)] if entries else []
        if len(found) > 1:
            say(screen, one, "bold")
        screen.print(table(columns, ([_text(entry[name]) for name in columns] for entry in entries)))
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
    return [_entry(every.get(name)) for name in every.names()]


def _entry(component: Component) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": component.name, "summary": component.summary, "options": _options(component)}
    if component.kind == "method":
        entry["cost"] = cost(component)
    return entry | {"aliases": list(component.aliases), "reference": component.reference}


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


def cost(component: Component) -> str:
    """What a method costs at its defaults, in dense trainings, where that is a simple number of the rounds."""
    try:
        parts = [_steps(component.make, rounds) for rounds in (1, 2, 3)]
    except Exception:  # a user's method may fail in any way, and `bench check` is there to say how
        return ""
    if component.extra.get("sized"):
        return _of_two_networks(*parts[-1])
    costs = [(own + teacher) / 1000 for own, teacher in parts]
    base, slope = costs[0] - (costs[1] - costs[0]), costs[1] - costs[0]
    if abs(costs[2] - costs[1] - slope) > 0.01:
        return ""
    if abs(slope) < 0.01:
        return f"{base:.3g} x dense"
    each = "rounds" if abs(slope - 1) < 0.01 else f"{slope:.3g} x rounds"
    return f"({each} + {base:.3g}) x dense" if abs(base) > 0.01 else f"{each} x dense"


def _smaller() -> Choice:
    from bench.registry import Choice

    return Choice("smaller")


def _of_two_networks(own: int, teacher: int) -> str:
    smaller = f"{own / 1000:.3g} x a smaller network"
    return f"{teacher / 1000:.3g} x dense + {smaller}" if teacher else smaller


def _steps(make: Callable[..., Any], rounds: int) -> tuple[int, int]:
    """Training steps on a task of a thousand steps, and those of a teacher that is not trained on the way."""
    from bench.methods.task import Task
    from bench.recipe import Level, Optimiser, Schedule, Score, Train, Training

    training = Training(Optimiser("adam", 0.001), Schedule("linear", 1000), 60)
    ladder = tuple(Level(index, (("fc1", 1 - 0.8**index),)) for index in range(1, rounds + 1))
    said = list(make(Task(training, 100.0, ladder, Score("magnitude"), "weight", "layer", smaller=_smaller)))
    trains = [step for step in said if isinstance(step, Train)]
    teachers = {step.training.teacher for step in trains if step.training.teacher}
    taught = sum(
        step.stop - step.start for one in teachers for step in one.steps if isinstance(step, Train) and step != said[0]
    )
    return sum(step.stop - step.start for step in trains), taught


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)
