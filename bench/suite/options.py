"""The options of a registered component: what its signature says they are, against what a suite gives."""

from __future__ import annotations

import inspect
import itertools
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal, Union

from bench.durations import Duration
from bench.errors import nearest
from bench.registry import Choice, Component
from bench.suite import quantities
from bench.suite.marks import Entry, Node, Report
from bench.suite.quantities import shown

# What a component is given besides its options; its first parameter never is one.
_GIVEN = {"network": ("classes",)}
_SIMPLE: Mapping[Any, Callable[[Any], Any]] = {
    Duration: quantities.duration,
    int: quantities.whole,
    float: quantities.number,
    bool: quantities.truth,
    str: quantities.word,
}

Options = tuple[tuple[str, Any], ...]
Choose = Callable[[str, Node, Report], Choice | None]  # what a node names of a kind of component; None after a mistake


def known_options(component: Component) -> dict[str, inspect.Parameter]:
    """The options that a suite may give, in the order of the signature."""
    not_options = _GIVEN.get(component.kind, ())
    open_ended = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return {
        name: parameter
        for name, parameter in component.options.items()
        if name not in not_options and parameter.kind not in open_ended
    }


def read_options(
    component: Component, given: Mapping[str, Entry], place: Node, report: Report, choose: Choose
) -> list[Options]:
    """Every point of the grid that the given options span, or none after a mistake."""
    known = known_options(component)
    before = report.count
    for name, entry in given.items():
        if name not in known:
            hint = nearest(name, known) if known else "it has none"
            report.mistake(entry.key, f"unknown option {name!r} of the {component.kind} {component.name!r}; {hint}")
    columns: list[list[tuple[str, Any]]] = []
    for name, parameter in known.items():
        if name in given:
            values = values_of(annotation_of(component, parameter), given[name].node, name, report, choose)
            columns.append([(name, value) for value in values])
        elif parameter.default is inspect.Parameter.empty:
            what = f"the {component.kind} {component.name!r} needs the option {name!r}"
            report.mistake(place.place, f"{what}; give it: {_with(component.name, name, known)}")
    if report.count > before:
        return []
    return [_not_default(point, known) for point in itertools.product(*columns)]


def _with(component: str, option: str, known: Mapping[str, inspect.Parameter]) -> str:
    """How a suite gives an option; one that comes first and is always needed is the value of the name itself."""
    first = next(iter(known))
    if known[first].default is not inspect.Parameter.empty:
        return f"{{{component}: {{{option}: ...}}}}"
    return f"{{{component}: ...}}" if option == first else f"{{{component}: ..., {option}: ...}}"


def _not_default(point: tuple[tuple[str, Any], ...], known: Mapping[str, inspect.Parameter]) -> Options:
    return tuple(sorted((name, value) for name, value in point if not _same(value, known[name].default)))


def _same(value: Any, default: Any) -> bool:
    """Whether a value is the default; true is not 1."""
    return isinstance(value, bool) == isinstance(default, bool) and bool(value == default)


def annotation_of(component: Component, parameter: inspect.Parameter) -> Any:
    """The type of an option; that of a text is looked up where the component was written."""
    if not isinstance(parameter.annotation, str):
        return parameter.annotation
    holder = types.SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    scope = getattr(inspect.unwrap(component.make), "__globals__", {})
    try:
        return typing.get_type_hints(holder, globalns=scope, include_extras=True)[parameter.name]
    except NameError:  # imported for type checkers only: then anything goes here, and the component has to check it
        return Any


def values_of(annotation: Any, node: Node, name: str, report: Report, choose: Choose) -> list[Any]:
    """The values of an option: one, or those of a grid where a list stands in place of one value."""
    nested = any(item.items is not None for item in node.items or ())
    if node.items is None or (_takes_list(annotation) and not nested):
        return list(_converted(annotation, node, name, report, choose))
    if not node.items:
        report.mistake(node.place, f"{name}: the grid is empty; give at least one value")
    values: list[Any] = []
    for item in node.items:
        for value in _converted(annotation, item, name, report, choose):
            if value in values:
                report.mistake(item.place, f"{name}: {shown(item.plain)} is in the grid twice; keep one")
            values.append(value)
    return values


def _takes_list(annotation: Any) -> bool:
    origin = typing.get_origin(annotation)
    if origin in (Union, types.UnionType):
        return any(_takes_list(part) for part in typing.get_args(annotation))
    return (origin or annotation) in (tuple, list)


def _converted(annotation: Any, node: Node, name: str, report: Report, choose: Choose) -> Iterator[Any]:
    """The value, or nothing after a mistake."""
    if typing.get_origin(annotation) is Annotated:
        kind: str = annotation.__metadata__[0]
        choice = choose(kind, node, report)
        if choice is not None:
            yield choice
        return
    try:
        yield convert(annotation, node.plain)
    except ValueError as error:
        report.mistake(node.place, f"{name}: {error}")


def convert(annotation: Any, value: Any) -> Any:
    """What a suite says, as a value of the annotated type; a ValueError says what is wrong with it."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in _SIMPLE:
        return _SIMPLE[annotation](value)
    if origin is Literal:
        return _literal(inner, value)
    if origin in (Union, types.UnionType):
        return _either(inner, value)
    if origin is tuple and Ellipsis not in inner:
        return _fixed(inner, value)
    if origin in (tuple, list) or annotation in (tuple, list):
        return _several(inner[0] if inner else Any, value)
    if isinstance(value, dict):
        raise ValueError("a mapping (key: value) stands here; give a single value")
    return tuple(value) if isinstance(value, list) else value


def _literal(known: tuple[Any, ...], value: Any) -> Any:
    for one in known:
        if type(one) is type(value) and one == value:
            return value
    words = [str(one) for one in known]
    hint = nearest(value, words) if isinstance(value, str) else "known are: " + ", ".join(words)
    raise ValueError(f"{shown(value)} is not known; {hint}")


def _either(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None and type(None) in kinds:
        return None
    reasons = []
    for kind in kinds:
        if kind is not type(None):
            try:
                return convert(kind, value)
            except ValueError as error:
                reasons.append(error)
    raise reasons[0]


def _several(kind: Any, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{shown(value)} stands here; give a list, such as [a, b]")
    return tuple(convert(kind, one) for one in value)


def _fixed(kinds: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list) or len(value) != len(kinds):
        found = f"{len(value)} values" if isinstance(value, list) else shown(value)
        raise ValueError(f"{found} where a list of {len(kinds)} belongs; give that")
    return tuple(convert(kind, one) for kind, one in zip(kinds, value, strict=True))
