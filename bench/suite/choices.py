"""Components that a suite names: `mnist`, or `{mnist: {validation: 5000}}`, or a list of such for a grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.errors import UserError
from bench.registry import Choice, Component, registry
from bench.suite.marks import Entry, Node, Place, Report
from bench.suite.options import read_options

_CALLED = {"dataset": "data set", "network": "network"}


@dataclass(frozen=True)
class Named:
    """A name and the options that stand with it, before anyone has looked what it names."""

    name: str
    place: Place
    options: Mapping[str, Entry]
    node: Node


def read_named(node: Node, what: str, report: Report) -> Named | None:
    """`name` or `{name: {option: value}}`."""
    if isinstance(node.value, str):
        return Named(node.value, node.place, {}, node)
    if len(node.entries) == 1:
        name, entry = next(iter(node.entries.items()))
        if entry.node.value is None or isinstance(entry.node.value, Mapping):
            return Named(name, entry.key, entry.node.entries, entry.node)
        report.mistake(
            entry.node.place, f"{name}: {entry.node.kind} stands here; give options: {{{name}: {{option: value}}}}"
        )
    elif node.entries:
        names = ", ".join(node.entries)
        report.mistake(node.place, f"one {what} has one name, here are {names}; write {{name: {{option: value}}}}")
    else:
        report.mistake(node.place, f"{node.kind} is no {what}; give its name, or {{name: {{option: value}}}}")
    return None


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


class Registered:
    """Choices checked against everything that is registered."""

    def grid(self, kind: str, node: Node, report: Report) -> list[Choice]:
        """All choices that the node stands for; none after a mistake."""
        what = _CALLED.get(kind, kind)
        if node.items is None:
            return self._points(kind, node, report)
        if not node.items:
            report.mistake(node.place, f"no {what} is named; the grid is empty: give at least one")
        choices: list[Choice] = []
        for item in node.items:
            for choice in self._points(kind, item, report):
                if choice in choices:
                    report.mistake(item.place, f"the {what} {choice.name!r} is there twice; keep one")
                choices.append(choice)
        return choices

    def single(self, kind: str, node: Node, report: Report) -> Choice | None:
        """The one choice that the node stands for."""
        if node.items is not None:
            report.mistake(node.place, f"a list stands here; give one {_CALLED.get(kind, kind)}")
            return None
        choices = self._points(kind, node, report)
        if len(choices) > 1:
            report.mistake(node.place, "the options span a grid here; give each a single value")
        return choices[0] if len(choices) == 1 else None

    def _points(self, kind: str, node: Node, report: Report) -> list[Choice]:
        named = read_named(node, _CALLED.get(kind, kind), report)
        return self._checked(kind, named, report) if named else []

    def _checked(self, kind: str, named: Named, report: Report) -> list[Choice]:
        component = find(kind, named, report)
        if component is None:
            return []
        return [
            Choice(component.name, options) for options in read_options(component, named.options, named.node, report)
        ]


class Unchecked(Registered):
    """Choices as they are written, for commands that must not load PyTorch; aliases and options stay as they are."""

    def _checked(self, kind: str, named: Named, report: Report) -> list[Choice]:
        options = sorted((name, _frozen(entry.node)) for name, entry in named.options.items())
        return [Choice(named.name, tuple(options))]


def _frozen(node: Node) -> object:
    if node.items is not None:
        return tuple(_frozen(item) for item in node.items)
    return str(node.plain) if node.entries else node.value
