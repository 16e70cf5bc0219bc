"""Which of the built-in suites use a component, in any of their profiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.suite import Problem, Suite


def suites_using(kind: str) -> dict[str, list[str]]:
    """For each component of a kind that some suite uses, the names of these suites."""
    from bench.registry import registry

    users: dict[str, list[str]] = {}
    for name, suite in _suites():
        for problem in suite.problems:
            for used in _USED[kind](problem):
                ours = users.setdefault(registry(kind).alias_of(used) or used, [])
                if name not in ours:
                    ours.append(name)
    return users


def _suites() -> Iterator[tuple[str, Suite]]:
    """Every built-in suite, once for each of its profiles."""
    from bench.suite import builtin_suites, read_suite, suite_profiles

    for name, file in builtin_suites().items():
        for profile in suite_profiles(file):
            yield name, read_suite(file, profile, components=False)


def _scores(problem: Problem) -> Iterator[str]:
    """Those that prune something; one that passes on the numbers of another uses both."""
    from bench.registry import registry

    for method in problem.methods:
        if not registry("method").get(method.name).extra.get("dense"):
            yield method.prune.score.name
            yield from (str(value) for name, value in method.prune.score.options if name == "of")


_USED: Mapping[str, Callable[[Any], Iterator[str]]] = {
    "method": lambda problem: (method.name for method in problem.methods),
    "score": _scores,
    "dataset": lambda problem: iter((problem.data.name,)),
    "network": lambda problem: iter((problem.model.name,)),
    "initialisation": lambda problem: iter((problem.initialisation.name,)),
}
