"""How a suite names a component: `mnist`, `{mnist: {validation: 5000}}` or `{folder: photos/, size: 96}`."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass

from bench.errors import UserError, nearest
from bench.registry import Component, registry
from bench.suite.marks import Entry, Node, Place, Report
from bench.suite.options import known_options

WORDS = {"dataset": "data set", "network": "network"}  # what people call a kind


@dataclass(frozen=True)
class Named:
    """A name and the options that stand with it, before anyone has looked what it names."""

    name: str
    place: Place
    options: Mapping[str, Entry]
    node: Node


def find(kind: str, named: Named, report: Report) -> Component | None:
    """The component that a name or a usual name means."""
    all_of_kind = registry(kind)
    try:
        component = all_of_kind.get(named.name)
    except UserError as error:
        report.mistake(named.place, str(error))
        return None
    if all_of_kind.alias_of(named.name):
        report.note(named.place, f"{named.name!r} is called {component.name!r} here")
    return component


def read_named(node: Node, kind: str, report: Report) -> Named | None:
    """A name, `{name: {option: value}}`, or `{name: value, option: value}` where the value is the first option.

    The last is for what is nothing without its first option, such as a folder without its path.
    """
    plain = _plainly_named(node, kind, report)
    if plain is not None or not node.entries:
        return plain
    name = _name(node, kind, report)
    if name is None:
        return None
    entry = node.entries[name]
    rest = {key: one for key, one in node.entries.items() if key != name}
    component = _known(kind).get(name)
    if component is None:  # which `find` will say
        return Named(name, entry.key, rest, node)
    first = _first_option(component)
    if entry.node.value is None or isinstance(entry.node.value, Mapping):
        aside = next(iter(rest))
        options = "..., " if entry.node.entries else ""
        mend = f"{{{name}: {{{options}{aside}: ...}}}}"
        report.mistake(rest[aside].key, f"{aside!r} stands beside {name!r} and not among its options; write {mend}")
    elif first is None:
        report.mistake(
            entry.node.place, f"{name}: {entry.node.kind} stands here; give options: {{{name}: {{option: value}}}}"
        )
    elif first in rest:
        report.mistake(rest[first].key, f"{first!r} is given already, as the value of {name!r}; keep one")
    else:
        return Named(name, entry.key, {first: entry, **rest}, node)
    return None


def named_as_written(node: Node, kind: str, report: Report) -> Named | None:
    """The same without a look at what is registered: of several keys the first is taken for the name."""
    plain = _plainly_named(node, kind, report)
    if plain is not None or not node.entries:
        return plain
    if any(entry.node.value is None or isinstance(entry.node.value, Mapping) for entry in node.entries.values()):
        _one_name(node, kind, tuple(node.entries), report)
        return None
    name, entry = next(iter(node.entries.items()))
    return Named(name, entry.key, node.entries, node)


def _plainly_named(node: Node, kind: str, report: Report) -> Named | None:
    """What can be read without knowing any component; None where that is not enough, or nothing is named."""
    if isinstance(node.value, str):
        return Named(node.value, node.place, {}, node)
    if len(node.entries) == 1:
        name, entry = next(iter(node.entries.items()))
        if entry.node.value is None or isinstance(entry.node.value, Mapping):
            return Named(name, entry.key, entry.node.entries, entry.node)
    elif not node.entries:
        what = WORDS.get(kind, kind)
        report.mistake(node.place, f"{node.kind} is no {what}; give its name, or {{name: {{option: value}}}}")
    return None


def _name(node: Node, kind: str, report: Report) -> str | None:
    """Which of the keys is the name; None after a mistake."""
    known = _known(kind)
    named = [key for key in node.entries if key in known]
    # An option may be called what some component is called.
    names = [key for key in named if not any(key in known_options(known[other]) for other in named if other != key)]
    if len(names) == 1:
        return names[0]
    if names:
        _one_name(node, kind, tuple(names), report)
        return None
    keys = list(node.entries)
    meant = next((key for key in keys if difflib.get_close_matches(key, known, n=1, cutoff=0.6)), None)
    if meant or len(keys) == 1:
        return meant or keys[0]
    owners = sorted(name for name, one in known.items() if set(keys) <= set(known_options(one)))
    hint = f"these are options of {', '.join(owners)}" if owners else nearest("", known)
    what = WORDS.get(kind, kind)
    report.mistake(node.place, f"none of {', '.join(keys)} is the name of a {what}; write {{name: ...}}; {hint}")
    return None


def _one_name(node: Node, kind: str, names: tuple[str, ...], report: Report) -> None:
    what = WORDS.get(kind, kind)
    listed = ", ".join(f"{{{name}: ...}}" for name in names)
    report.mistake(
        node.place,
        f"one {what} has one name, here are {', '.join(names)}; write {{name: {{option: value}}}}, "
        f"or a list for a grid: [{listed}]",
    )


def _known(kind: str) -> dict[str, Component]:
    """Every component of a kind by its name and its usual names."""
    every = [registry(kind).get(name) for name in registry(kind).names()]
    return {name: component for component in every for name in (component.name, *component.aliases)}


def _first_option(component: Component) -> str | None:
    """The first option, where the component can not be without it."""
    for name, parameter in known_options(component).items():
        return name if parameter.default is inspect.Parameter.empty else None
    return None
