"""What a suite is, apart from how it is written: its content hash, and all of its settings, defaults included."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from bench.durations import Duration
from bench.errors import UserError
from bench.recipe import digest
from bench.registry import registry
from bench.suite.methods import default_label
from bench.suite.options import known_options
from bench.suite.values import MethodSpec, Metric, Problem, Stage

_KINDS = {"data": "dataset", "model": "network", "initialisation": "initialisation", "score": "score"}


@dataclass(frozen=True)
class _Content:
    problems: tuple[Problem, ...]
    metric: Metric = "test_accuracy"
    stage: Stage = "final"


def content_hash(problems: Iterable[Problem], metric: Metric, stage: Stage) -> str:
    """Depends on what the suite asks for, not on comments, the order of keys, or what is left at its default.

    A suite that becomes final is another version of it, so that the database says since when.
    """
    told = (replace(one, methods=tuple(_without_label(spec, one) for spec in one.methods)) for one in problems)
    return digest(_Content(tuple(told), metric, stage))


def _without_label(spec: MethodSpec, problem: Problem) -> MethodSpec:
    """A label that follows from the rest is no content, so that its wording may change."""
    return replace(spec, label="") if spec.label == default_label(spec, problem.prune) else spec


def settings(
    title: str, metric: Metric, stage: Stage, problems: Iterable[Problem], *, defaults: bool
) -> dict[str, Any]:
    """All that was resolved, ready for JSON; `defaults` adds those options of components that were left out."""
    return {
        "title": title,
        "metric": metric,
        "stage": stage,
        "problems": [_Settings(defaults).of(problem) for problem in problems],
    }


@dataclass(frozen=True)
class _Settings:
    defaults: bool

    def of(self, value: Any, name: str = "") -> Any:
        """The JSON form of a part of a suite, which stands in a field of that name."""
        if isinstance(value, Duration):
            return str(value)
        if isinstance(value, MethodSpec):
            options = self._options("method", value.name, value.options)
            named = {"label": value.label, "name": value.name, "options": options}
            said = {**named, "prune": self.of(value.prune), "protocol": value.protocol}
            return said | self._tuned(value)
        if name in _KINDS:
            return {"name": value.name, "options": self._options(_KINDS[name], value.name, value.options)}
        if name == "rates":
            return dict(value)
        if is_dataclass(value):
            return {one.name: self.of(getattr(value, one.name), one.name) for one in fields(value)}
        if isinstance(value, tuple | list):
            return [self.of(one) for one in value]
        return value

    def _tuned(self, spec: MethodSpec) -> dict[str, Any]:
        """What studies choose of a method, and have chosen; nothing where they have no say."""
        if not spec.tuned:
            return {}
        levels = [
            {
                "target": level.target,
                "options": self._options("method", spec.name, level.options),
                "prune": self.of(level.prune),
                "trials": [self.of(one) for one in level.chosen],
            }
            for level in spec.by_level
        ]
        return {"tuned": dict(spec.tuned), "levels": levels}

    def _options(self, kind: str, name: str, given: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
        options: dict[str, Any] = {}
        if self.defaults or kind == "method":
            try:
                known = known_options(registry(kind).get(name))
            except UserError:
                known = {}
            options = {key: one.default for key, one in known.items() if one.default is not inspect.Parameter.empty}
        options.update(given)
        return {key: self.of(value) for key, value in sorted(options.items())}
