"""Suites: what is compared with what. A suite is a YAML file; here it is read and checked."""

from bench.durations import Duration
from bench.registry import Choice
from bench.suite.reading import builtin_suites, read_suite, suite_profiles
from bench.suite.values import MethodSpec, Problem, PruneSpec, SelectSpec, SparsitySpec, Suite, TrainingSpec

__all__ = [
    "Choice",
    "Duration",
    "MethodSpec",
    "Problem",
    "PruneSpec",
    "SelectSpec",
    "SparsitySpec",
    "Suite",
    "TrainingSpec",
    "builtin_suites",
    "read_suite",
    "suite_profiles",
]
