"""The profiles of a suite. All are checked whichever is asked for, so that none is found broken when it is needed."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from bench.errors import nearest
from bench.suite.choices import Registered
from bench.suite.layers import overlaid, problem_nodes, without
from bench.suite.marks import Node, Place, Report
from bench.suite.problems import check_distinct, read_problem
from bench.suite.schema import HEAD_KEYS, HeadTable
from bench.suite.tables import check
from bench.suite.values import Problem

FULL = "full"  # the suite as it stands


@dataclass(frozen=True)
class Whole:
    """A suite in one profile."""

    head: HeadTable
    problems: tuple[Problem, ...]


def read_profiles(root: Node, above: Node, choices: Registered, report: Report) -> dict[str, Whole]:
    """The suite in each of its profiles that has no mistake, `above` laid over every one."""
    if not isinstance(root.value, dict):
        report.mistake(root.place, f"{root.kind} stands here; a suite is a mapping that begins with title: ...")
        return {}
    found = {}
    for name, layer in {FULL: None, **_layers(root, report)}.items():
        whole = _read(root, (above,) if layer is None else (layer, above), choices, report)
        if whole is not None:
            found[name] = whole
    return found


def check_profile_known(root: Node, profile: str, report: Report) -> None:
    """Say so where a suite has no profile of that name."""
    profiles = root.entries.get("profiles")
    known = {FULL, *(profiles.node.entries if profiles else ())}
    if profile not in known:
        place = profiles.key if profiles else Place(root.place.file, 1, 1)
        report.mistake(place, f"unknown profile {profile!r}; {nearest(profile, known)}")


def _layers(root: Node, report: Report) -> dict[str, Node]:
    """What the profiles change, by their names."""
    node = root.get("profiles")
    if node is None:
        return {}
    if not isinstance(node.value, dict):
        report.mistake(
            node.place, f"profiles: {node.kind} stands here; give a mapping, such as {{quick: {{seeds: 1}}}}"
        )
    layers = {}
    for name, entry in node.entries.items():
        nested = entry.node.entries.get("profiles")
        if name == FULL:
            report.mistake(entry.key, f"the profile {FULL!r} is the suite as it stands; give this one another name")
        elif not entry.node.entries:
            what = f"the profile {name!r} holds {entry.node.kind}; give what it changes, such as {{seeds: 1}}"
            report.mistake(entry.node.place, what)
        elif nested:
            report.mistake(nested.key, "a profile can not have profiles; move them to the top level of the suite")
        else:
            layers[name] = entry.node
    return layers


def _read(root: Node, layers: tuple[Node, ...], choices: Registered, report: Report) -> Whole | None:
    before = report.count
    whole = functools.reduce(overlaid, layers, root)
    head = check(
        HeadTable, without(whole, tuple(key for key in whole.entries if key not in HEAD_KEYS)), "suite", report
    )
    placed = [
        (node.place, problem)
        for node in problem_nodes(root, layers, report)
        for problem in read_problem(node, choices, report)
    ]
    check_distinct(placed, report)
    if head is None or report.count > before:
        return None
    return Whole(head, tuple(problem for _, problem in placed))
