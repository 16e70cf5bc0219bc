"""The entries of `tune: studies:`: a method's entry in which ranges stand in place of values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bench.durations import Duration
from bench.suite.marks import Entry, Node, Report
from bench.suite.naming import find, named_as_written
from bench.suite.quantities import count, number, shown, truth
from bench.suite.studies import Param, Pick, Range, RangeKind, Shares, StudySpec
from bench.suite.values import MethodSpec

ReadMethods = Callable[[Node], tuple[MethodSpec, ...]]  # an entry with nothing to search in it

RATES = "rates"  # the one option that is searched layer by layer
_RANGE = ("low", "high", "log", "points", "start")
_BY = {"each": "layer", "kinds": "kind"}
_WAYS = "give {low: 0.01, high: 1, log: true}, {any: [a, b]}, or rates: each"


def read_study(node: Node, read: ReadMethods, report: Report) -> StudySpec | None:
    """A study; None after a mistake. The entry is read with the first and the last value of all that varies."""
    named = named_as_written(node, "method", report)
    component = find("method", named, report) if named else None
    if named is None or component is None:
        return None
    before = report.count
    params = tuple(_params(named.options, "", report))
    if report.count == before and not params:
        report.mistake(named.place, f"nothing varies in {named.name!r}, so that there is nothing to tune; {_WAYS}")
    label = named.options.get("label")
    name = label.node.value if label else component.name
    if not isinstance(name, str) or "/" in name or not name.strip():
        report.mistake(named.place, "a study's label is a word without '/'; give one")
    if report.count > before:
        return None
    for which in (0, -1):
        entry = _with_values(node, {param.name: _ends(param)[which] for param in params})
        specs = read(entry)
        if report.count == before and len(specs) > 1:
            report.mistake(named.place, "a list spans a grid here; a study tunes a single method, so give one value")
        if report.count > before:
            return None
    plain = {component.name: {key: one.node.plain for key, one in named.options.items()}}
    return StudySpec(str(name), component.name, json.dumps(plain, sort_keys=True), params)


def filled(entry: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """A study's entry with values in place of what varies, as a suite would have it."""
    ((method, options),) = json.loads(entry).items()
    return {method: {key: _filled(value, key, values) for key, value in options.items() if key != "label"}}


def _filled(value: Any, name: str, values: Mapping[str, Any]) -> Any:
    if name in values:
        return values[name]
    if isinstance(value, dict):
        return {key: _filled(one, f"{name}.{key}", values) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, f"{name}.{place}", values) for place, one in enumerate(value)]
    return value


def written(param: Range, value: float) -> int | float | str:
    """A value of a range as a suite file has it."""
    if param.kind in ("whole", "steps"):
        return round(value)
    rounded = float(f"{value:.5g}")
    if param.kind == "epochs":
        return f"{rounded:.12g} epochs"
    return f"{rounded:.12g} %" if param.kind == "share" else rounded


def _params(entries: Mapping[str, Entry], above: str, report: Report) -> Iterator[Param]:
    for key, entry in entries.items():
        yield from _of(entry.node, f"{above}{key}", report)


def _of(node: Node, name: str, report: Report) -> Iterator[Param]:
    """All that varies in a value, and in what it contains."""
    keys = set(node.entries)
    if name == RATES and ((isinstance(node.value, str) and node.value in _BY) or keys & set(_BY)):
        yield from _shares(node, report)
    elif {"low", "high"} & keys:
        yield from _range(node, name, report)
    elif keys == {"any"}:
        yield from _pick(node.entries["any"].node, name, report)
    elif node.items is not None:
        for place, item in enumerate(node.items):
            yield from _of(item, f"{name}.{place}", report)
    else:
        yield from _params(node.entries, f"{name}.", report)


def _range(node: Node, name: str, report: Report) -> Iterator[Range]:
    unknown = [key for key in node.entries if key not in _RANGE]
    missing = [key for key in ("low", "high") if key not in node.entries]
    if unknown or missing:
        what = f"unknown key {unknown[0]!r}" if unknown else f"{missing[0]!r} is missing"
        report.mistake(node.place, f"{name}: {what}; {_WAYS}")
        return
    given = {key: entry.node.value for key, entry in node.entries.items()}
    try:
        ends = {key: _quantity(given[key]) for key in ("low", "high", "start") if key in given}
        kinds = {kind for value, kind in ends.values() if value} or {kind for _, kind in ends.values()}
        if kinds <= {"number", "whole"} and ("number" in {kind for _, kind in ends.values()}):
            kinds = {"number"}  # 0.0 to 1 is a range of numbers, 0 to 5 % one of times
        log, points = truth(given.get("log", False)), count(given.get("points", 5))
    except ValueError as error:
        report.mistake(node.place, f"{name}: {error}")
        return
    low, high = ends["low"][0], ends["high"][0]
    start = ends["start"][0] if "start" in ends else None
    if len(kinds) > 1:
        report.mistake(node.place, f"{name}: low and high are of two kinds; give both in one unit")
    elif not low < high:
        report.mistake(node.place, f"{name}: low is not below high; exchange them, or give the one value alone")
    elif log and low <= 0:
        report.mistake(node.place, f"{name}: a logarithmic scale never comes to {low:g}; give a low end above 0")
    elif start is not None and not low <= start <= high:
        report.mistake(node.place, f"{name}: start lies outside of low and high; give one between them")
    else:
        yield Range(name, low, high, next(iter(kinds), "steps"), log, points, start)


def _quantity(value: Any) -> tuple[float, RangeKind]:
    """A number, or a length of time in its unit."""
    if isinstance(value, str):
        found = Duration.parse(value)
        return found.value * (100 if found.unit == "share" else 1), found.unit
    return number(value), "whole" if isinstance(value, int) else "number"


def _pick(node: Node, name: str, report: Report) -> Iterator[Pick]:
    values = [item.plain for item in node.items or ()]
    if len(values) < 2:
        report.mistake(node.place, f"{name}: {node.kind} stands here; give several values to choose from")
    elif any(one in values[:place] for place, one in enumerate(values)):
        report.mistake(node.place, f"{name}: a value is there twice; keep one")
    else:
        yield Pick(name, tuple(json.loads(json.dumps(values))), 0)


def _shares(node: Node, report: Report) -> Iterator[Shares]:
    if isinstance(node.value, str):
        yield Shares("layer" if _BY[node.value] == "layer" else "kind")
        return
    key, entry = next(iter(node.entries.items()))
    inner = entry.node
    unknown = [one for one in inner.entries if one not in ("low", "high", "points")]
    if len(node.entries) > 1 or unknown or not inner.entries:
        report.mistake(
            node.place, f"{RATES}: {shown(node.plain)} stands here; give rates: {{each: {{low: 0.25, high: 32}}}}"
        )
        return
    try:
        low, high = (number(inner.plain.get(name, usual)) for name, usual in (("low", 0.25), ("high", 32.0)))
        points = count(inner.plain.get("points", 5))
    except ValueError as error:
        report.mistake(inner.place, f"{RATES}: {error}")
        return
    if not 0 < low <= 1 <= high or low == high:
        report.mistake(inner.place, f"{RATES}: give factors below and above 1, such as low: 0.25 and high: 32")
        return
    yield Shares("layer" if _BY[key] == "layer" else "kind", low, high, points)


def _ends(param: Param) -> tuple[Any, Any]:
    """The first and the last value; of shares none are known before the layers are."""
    if isinstance(param, Range):
        return written(param, param.low), written(param, param.high)
    return ({}, {}) if isinstance(param, Shares) else (param.values[0], param.values[-1])


def _with_values(node: Node, values: Mapping[str, Any]) -> Node:
    """The entry with values where something varies, each at its place, and without its label."""
    ((name, entry),) = node.entries.items()
    options = {
        key: Entry(one.key, _replaced(one.node, key, values))
        for key, one in entry.node.entries.items()
        if key != "label"
    }
    return Node(node.place, {name: Entry(entry.key, Node(entry.node.place, options))})


def _replaced(node: Node, name: str, values: Mapping[str, Any]) -> Node:
    if name in values:
        return _valued(node, values[name])
    if node.items is not None:
        return Node(node.place, tuple(_replaced(one, f"{name}.{at}", values) for at, one in enumerate(node.items)))
    if node.entries:
        inner = {key: Entry(one.key, _replaced(one.node, f"{name}.{key}", values)) for key, one in node.entries.items()}
        return Node(node.place, inner)
    return node


def _valued(node: Node, value: Any) -> Node:
    """A plain value at the place of a node."""
    if isinstance(value, dict):
        return Node(node.place, {key: Entry(node.place, _valued(node, one)) for key, one in value.items()})
    if isinstance(value, list):
        return Node(node.place, tuple(_valued(node, one) for one in value))
    return Node(node.place, value)
