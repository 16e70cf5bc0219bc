"""Laying a profile over a suite, and a problem over what all share. Every value keeps its place in the file."""

from __future__ import annotations

import functools

from bench.suite.marks import Entry, Node, Report
from bench.suite.schema import HEAD_KEYS

# Another choice takes the place of the one below, options and all; the same choice gets the options of both.
_CHOICES = frozenset({"data", "model", "initialisation", "score", "schedule", "select"})
# Of these only one can stand, so the upper one drives out the lower.
_ALTERNATIVES = {"epochs": "steps", "steps": "epochs"}


def overlaid(below: Node, above: Node, key: str = "") -> Node:
    """`above` laid over `below`: mappings merge key by key, all else is replaced."""
    both_mappings = isinstance(below.value, dict) and isinstance(above.value, dict)
    if not both_mappings or (key in _CHOICES and not _same_choice(below, above)):
        return above
    driven_out = {other for one, other in _ALTERNATIVES.items() if one in above.entries}
    entries = {name: entry for name, entry in below.entries.items() if name not in driven_out}
    for name, entry in above.entries.items():
        lower = entries.get(name)
        entries[name] = Entry(entry.key, overlaid(lower.node, entry.node, name)) if lower else entry
    return Node(below.place, entries)


def _same_choice(below: Node, above: Node) -> bool:
    """Whether two mappings name the same; `{folder: photos/, size: 96}` begins with the name, options follow."""
    lower, upper = below.entries, above.entries
    if lower.keys() == upper.keys() or not any(_holds_options(node) for node in (below, above)):
        return lower.keys() == upper.keys()
    return list(lower)[:1] == list(upper)[:1] or upper.keys() < lower.keys()


def _holds_options(choice: Node) -> bool:
    """Whether values of options stand beside the name, as in `{folder: photos/, size: 96}`."""
    return any(
        entry.node.value is not None and not isinstance(entry.node.value, dict) for entry in choice.entries.values()
    )


def without(node: Node, keys: tuple[str, ...]) -> Node:
    """A mapping less some of its keys."""
    return Node(node.place, {key: entry for key, entry in node.entries.items() if key not in keys})


def problem_nodes(root: Node, layers: tuple[Node, ...], report: Report) -> list[Node]:
    """The problems of a suite: what all share, what each says itself, and the layers, which have the last word."""
    shared = without(root, HEAD_KEYS)
    last_words = [without(layer, HEAD_KEYS) for layer in layers]
    listed = functools.reduce(overlaid, layers, root).get("problems")
    if listed is None:
        return [functools.reduce(overlaid, last_words, shared)]
    if listed.items is None:
        report.mistake(listed.place, f"problems: {listed.kind} stands here; give a list, each with data and model")
    elif not listed.items:
        report.mistake(listed.place, "problems: the grid is empty; give at least one, with data and model")
    nodes = []
    for item in listed.items or ():
        if isinstance(item.value, dict):
            problem = functools.reduce(overlaid, last_words, overlaid(shared, item))
            # What it lacks is missing at its own place, not where that stands which it shares.
            nodes.append(Node(item.place, problem.value))
        else:
            report.mistake(item.place, f"problems: {item.kind} stands here; give a mapping with data and model")
    return nodes
