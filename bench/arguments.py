"""The options that a suite gives to a component, as arguments of the component's function."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import Parameter
from typing import TYPE_CHECKING, Any

from bench.errors import UserError, nearest
from bench.registry import Component, registry

if TYPE_CHECKING:
    from bench.registry import Choice


def chosen(kind: str, choice: Choice | str) -> tuple[Component, dict[str, Any]]:
    """The component that a suite names, and its options by the names they have in the suite."""
    name, given = (choice, {}) if isinstance(choice, str) else (choice.name, dict(choice.options))
    return registry(kind).get(name), given


def arguments(component: Component, given: Mapping[str, Any], *, not_options: tuple[str, ...] = ()) -> dict[str, Any]:
    """`given` by the names that Python has for the options; those of `not_options` the suite may not give."""
    known = {
        name: parameter
        for name, parameter in component.options.items()
        if name not in not_options and parameter.kind not in (Parameter.VAR_KEYWORD, Parameter.VAR_POSITIONAL)
    }
    for name in given:
        if name not in known:
            hint = nearest(name, known) if known else "it has none"
            raise UserError(f"{component.kind} {component.name}: unknown option {name!r}; {hint}")
    for name, parameter in known.items():
        if parameter.default is Parameter.empty and name not in given:
            raise UserError(f"{component.kind} {component.name}: the option {name!r} has no default; give it")
    return {name.replace("-", "_"): value for name, value in given.items()}


def settings(component: Component, given: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The options as a key has them: those that are not at their default, by name.

    A component whose options name files registers `settings`, a function of the options that gives what the files hold
    in the place of their paths.
    """
    if "settings" in component.extra:
        found: tuple[tuple[str, Any], ...] = component.extra["settings"](given)
        return found
    known = component.options
    return tuple(sorted((name, value) for name, value in given.items() if value != known[name].default))


def called(kind: str, choice: Choice) -> str:
    """What results call a choice: its registered name, or what its component makes of the options.

    A component that stands for many things, such as the networks of users' own files, registers `called`: a function of
    the options that gives a name.
    """
    component, given = chosen(kind, choice)
    return str(component.extra["called"](given)) if "called" in component.extra else component.name
