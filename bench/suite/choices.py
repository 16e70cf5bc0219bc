"""Components that a suite names: `mnist`, `{mnist: {validation: 5000}}`, `{folder: photos/, size: 96}`, or a list."""

from __future__ import annotations

from bench.registry import Choice
from bench.suite.combinations import Refusal, refused, remark
from bench.suite.marks import Node, Report
from bench.suite.naming import WORDS, find, named_as_written, read_named
from bench.suite.options import read_options
from bench.suite.values import PruneSpec


class Registered:
    """Choices checked against everything that is registered."""

    def grid(self, kind: str, node: Node, report: Report) -> list[Choice]:
        """All choices that the node stands for; none after a mistake."""
        what = WORDS.get(kind, kind)
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
            report.mistake(node.place, f"a list stands here; give one {WORDS.get(kind, kind)}")
            return None
        choices = self._points(kind, node, report)
        if len(choices) > 1:
            report.mistake(node.place, "the options span a grid here; give each a single value")
        return choices[0] if len(choices) == 1 else None

    def refused(self, prune: PruneSpec) -> Refusal | None:
        """Why what is chosen for a pruning does not go together."""
        return refused(prune)

    def remark(self, prune: PruneSpec) -> str | None:
        """What is worth a word of what is chosen for a pruning."""
        return remark(prune)

    def _points(self, kind: str, node: Node, report: Report) -> list[Choice]:
        named = read_named(node, kind, report)
        component = find(kind, named, report) if named else None
        if named is None or component is None:
            return []
        return [
            Choice(component.name, options)
            for options in read_options(component, named.options, named.node, report, self.single)
        ]


class Unchecked(Registered):
    """Choices as they are written, for commands that must not load PyTorch; aliases and options stay as they are."""

    def refused(self, prune: PruneSpec) -> Refusal | None:
        return None

    def remark(self, prune: PruneSpec) -> str | None:
        return None

    def _points(self, kind: str, node: Node, report: Report) -> list[Choice]:
        named = named_as_written(node, kind, report)
        if named is None:
            return []
        options = sorted((name, _frozen(entry.node)) for name, entry in named.options.items())
        return [Choice(named.name, tuple(options))]


def _frozen(node: Node) -> object:
    if node.items is not None:
        return tuple(_frozen(item) for item in node.items)
    return str(node.plain) if node.entries else node.value
