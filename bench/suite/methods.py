"""The methods of a problem: `lottery`, or `{lottery: {rewind: [0, 100 steps]}}`; grids expanded, labels given."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from bench.errors import nearest
from bench.methods.kinds import prunes, without_effect
from bench.registry import Choice, Component
from bench.suite.choices import Registered
from bench.suite.labels import in_words, marked
from bench.suite.marks import Entry, Node, Place, Report
from bench.suite.naming import Named, find, read_named
from bench.suite.options import known_options, read_options
from bench.suite.quantities import label as as_label
from bench.suite.quantities import one_of
from bench.suite.schema import PROTOCOLS, PRUNE_KEYS, PruneTable
from bench.suite.tables import check
from bench.suite.values import MethodSpec, Protocol, PruneSpec

_GRIDS = ("score", "granularity", "scope")  # the keys of `prune` of which a method's entry may list several
_OF_ANY = (*PRUNE_KEYS, "label", "protocol")  # the keys that every entry may have


def read_protocol(node: Node, report: Report) -> Protocol | None:
    """What a problem or a method that repeats a published experiment keeps to."""
    try:
        return cast(Protocol, one_of(PROTOCOLS, "protocol")(node.plain))
    except ValueError as error:
        report.mistake(node.place, f"protocol: {error}")
    return None


def read_prune(node: Node, choices: Registered, report: Report) -> PruneSpec | None:
    """How a problem prunes; None after a mistake."""
    table = check(PruneTable, node, "prune", report)
    score_node = node.get("score")
    score = choices.single("score", score_node, report) if score_node else Choice("magnitude")
    if table is None or score is None:
        return None
    listed = node.get("exclude")
    if listed is not None and len(set(table.exclude)) < len(table.exclude):
        report.mistake(listed.place, "exclude: a layer is there twice; keep one")
    return PruneSpec(
        score,
        table.granularity,
        table.scope,
        tuple(sorted(table.rates.items())),
        tuple(sorted(table.exclude)),
        table.floor,
    )


def read_methods(
    node: Node, prune: PruneSpec, prune_node: Node | None, choices: Registered, report: Report
) -> tuple[MethodSpec, ...]:
    """All methods of a problem, grids expanded."""
    if node.items is None:
        report.mistake(node.place, f"methods: {node.kind} stands here; give a list, such as [none, one-shot]")
        return ()
    if not node.items:
        report.mistake(node.place, "methods: the grid is empty; give at least one, such as [none, one-shot]")
    labels: dict[str, Place] = {}
    methods: list[MethodSpec] = []
    for item in node.items:
        named = read_named(item, "method", report)
        component = find("method", named, report) if named else None
        if named is None or component is None:
            continue
        for spec in _Entry(named, component, prune, prune_node, choices, report).specs():
            if spec.label in labels:
                first = labels[spec.label]
                where = f"line {first.line}" if first.line else str(first)
                what = f"two methods are called {spec.label!r}, the first in {where}; give one a label of its own"
                report.mistake(named.place, what)
            labels.setdefault(spec.label, named.place)
            methods.append(spec)
    return tuple(methods)


@dataclass(frozen=True)
class _Entry:
    """One entry of the list of methods."""

    named: Named
    component: Component
    prune: PruneSpec
    prune_node: Node | None
    choices: Registered
    report: Report

    def specs(self) -> list[MethodSpec]:
        before = self.report.count
        tuned = tuple((key, name) for key, name in self._tuned().items())
        left = {key: entry for key, entry in self.named.options.items() if key not in dict(tuned)}
        if tuned:
            self._check_tuned(dict(tuned))
            return replace(self, named=replace(self.named, options=left))._specs(tuned, before)
        return self._specs((), before)

    def _tuned(self) -> dict[str, str]:
        """The options that studies choose: `rates: tuned`, or `{tuned: STUDY}` in place of a value."""
        found = {}
        for key, entry in self.named.options.items():
            if entry.node.value == "tuned" and key != "label":
                found[key] = ""
            elif set(entry.node.entries) == {"tuned"}:
                found[key] = str(entry.node.entries["tuned"].node.value or "")
        return found

    def _check_tuned(self, tuned: Mapping[str, str]) -> None:
        known = (*known_options(self.component), *PRUNE_KEYS)
        for key in tuned:
            place = self.named.options[key].key
            if key not in known:
                what = f"unknown option {key!r} of the method {self.component.name!r}; {nearest(key, known)}"
                self.report.mistake(place, what)
            elif key in without_effect(self.component):
                self.report.mistake(place, f"{self.component.name!r} prunes nothing; leave {key!r} out")

    def _specs(self, tuned: tuple[tuple[str, str], ...], before: int) -> list[MethodSpec]:
        own = {key: entry for key, entry in self.named.options.items() if key not in _OF_ANY}
        points = read_options(self.component, own, self.named.node, self.report, self.choices.single)
        prunings = self._prunings()
        label, protocol = self._label(), self._protocol()
        if self.report.count > before:
            return []
        if prunes(self.component):
            self._check_choices(prunings)
        if self.report.count > before:
            return []
        specs = [
            MethodSpec("", self.component.name, *point, protocol=protocol, tuned=tuned)
            for point in itertools.product(points, prunings)
        ]
        named = [replace(spec, label=default_label(spec, self._usual)) for spec in specs]
        if label is None:
            return named
        if len(named) == 1:
            return [replace(named[0], label=marked(label, protocol))]
        told = [_words(spec, self.component, _varying(specs)) for spec in specs]
        return [
            replace(spec, label=marked(f"{label} ({words})", protocol)) for spec, words in zip(specs, told, strict=True)
        ]

    def _protocol(self) -> Protocol | None:
        entry = self.named.options.get("protocol")
        return read_protocol(entry.node, self.report) if entry else None

    def _label(self) -> str | None:
        entry = self.named.options.get("label")
        if entry is None:
            return None
        try:
            return as_label(entry.node.plain)
        except ValueError as error:
            self.report.mistake(entry.node.place, f"label: {error}")
            return None

    @property
    def _usual(self) -> PruneSpec:
        """How this entry prunes where it says nothing itself: as the problem does, but some methods know one score."""
        return replace(self.prune, score=Choice("random")) if self.component.extra.get("by_chance") else self.prune

    def _prunings(self) -> list[PruneSpec]:
        """How this entry prunes: as the problem does, but for what it says itself."""
        own = {key: entry for key, entry in self.named.options.items() if key in PRUNE_KEYS}
        idle = {key: entry for key, entry in own.items() if key in without_effect(self.component)}
        if idle:
            for key, entry in idle.items():
                self.report.mistake(entry.key, f"{self.component.name!r} prunes nothing; leave {key!r} out")
            return []
        if "score" in own and self.component.extra.get("by_chance"):
            what = f"{self.component.name!r} prunes by chance; leave 'score' out"
            self.report.mistake(own["score"].key, what)
            return []
        columns = [self._alternatives(key, entry) for key, entry in own.items() if key in _GRIDS]
        fixed = {key: entry for key, entry in own.items() if key not in _GRIDS}
        prunings: list[PruneSpec] = []
        for point in itertools.product(*sorted(columns, key=lambda column: column[0][0] if column else "")):
            node = Node(self.named.node.place, fixed | dict(point))
            said = read_prune(node, self.choices, self.report)
            if said is not None:
                prunings.append(replace(self._usual, **{key: getattr(said, key) for key in own}))
        return prunings

    def _check_choices(self, prunings: list[PruneSpec]) -> None:
        """Say so where score, granularity, scope and floor do not go together."""
        for prune in prunings:
            if refusal := self.choices.refused(prune):
                self.report.mistake(self._place(refusal.keys), refusal.reason)
            elif words := self.choices.remark(prune):
                self.report.note(self._place(("scope", "score")), words)

    def _place(self, keys: tuple[str, ...]) -> Place:
        """Where the first of these keys stands, in this entry or else in what all methods share."""
        shared = self.prune_node.entries if self.prune_node else {}
        entry = next((where[key] for where in (self.named.options, shared) for key in keys if key in where), None)
        return entry.node.place if entry else self.named.place

    def _alternatives(self, key: str, entry: Entry) -> list[tuple[str, Entry]]:
        if entry.node.items is None:
            return [(key, entry)]
        if not entry.node.items:
            self.report.mistake(entry.node.place, f"{key}: the grid is empty; give at least one value")
        return [(key, Entry(entry.key, item)) for item in entry.node.items]


def default_label(spec: MethodSpec, prune: PruneSpec) -> str:
    """The name, with the options that are not at their default and what differs from how the problem prunes."""
    words = [in_words(name, value) for name, value in spec.options]
    words += [
        in_words(key, getattr(spec.prune, key)) for key in PRUNE_KEYS if getattr(spec.prune, key) != getattr(prune, key)
    ]
    words += [f"{key} tuned" for key, _ in spec.tuned]
    return marked(f"{spec.name} ({', '.join(words)})" if words else spec.name, spec.protocol)


def _varying(specs: list[MethodSpec]) -> frozenset[str]:
    """The names of what differs between the points of a grid."""
    values: dict[str, set[Any]] = {}
    for spec in specs:
        for name, value in spec.options:
            values.setdefault(name, set()).add(value)
    counts = {name: sum(name in dict(spec.options) for spec in specs) for name in values}
    options = {name for name, found in values.items() if len(found) > 1 or counts[name] < len(specs)}
    return frozenset(options | {key for key in PRUNE_KEYS if len({getattr(spec.prune, key) for spec in specs}) > 1})


def _words(spec: MethodSpec, component: Component, varying: frozenset[str]) -> str:
    """What tells a point of a grid from the others, defaults said too."""
    values = dict(spec.options)
    words = [
        in_words(name, values.get(name, one.default)) for name, one in component.options.items() if name in varying
    ]
    words += [in_words(key, getattr(spec.prune, key)) for key in PRUNE_KEYS if key in varying]
    return ", ".join(words)
