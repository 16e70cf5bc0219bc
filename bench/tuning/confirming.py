"""Confirming what was tuned: a suite with each method at its default and tuned, on seeds that tuning never saw."""

from __future__ import annotations

import functools
import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML

from bench.errors import UserError
from bench.suite.layers import overlaid
from bench.suite.marks import Report, parse
from bench.suite.profiles import FULL
from bench.suite.studies import StudySpec
from bench.suite.values import Problem, Suite

ENDING = "confirmed"


def confirmed_name(suite: str) -> str:
    return f"{suite}-{ENDING}"


def confirmation(suite: Suite) -> str:
    """The text of a suite that confirms what the studies of another one have found."""
    root = parse(suite.text, suite.name, Report())
    assert root is not None  # it was read before
    layer = root.at(["profiles", suite.profile]) if suite.profile != FULL else None
    whole = dict(functools.reduce(overlaid, [layer] if layer else [], root).plain)
    whole.pop("profiles", None)
    whole["title"] = f"{suite.title}: tuning confirmed"
    listed = whole.get("problems")
    parts = [dict(one) for one in listed] if listed else [whole]
    for part in parts:
        problem = _meant(part, whole, suite)
        part["sparsities"] = list(problem.tune.sparsities) if problem.tune else []
        part["methods"] = _methods(problem, suite)
        part.pop("tune", None)
    if listed:
        whole["problems"] = parts
        for key in ("sparsities", "methods", "tune"):
            whole.pop(key, None)
    if suite.profile != FULL:
        whole["profiles"] = {suite.profile: {"title": whole["title"]}}
    stream = io.StringIO()
    stream.write(f"# Made by `bench tune {suite.name} --confirm`.\n")
    yaml = YAML(typ="safe", pure=True)
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump(whole, stream)
    return stream.getvalue()


def _meant(part: Mapping[str, Any], whole: Mapping[str, Any], suite: Suite) -> Problem:
    """One of the problems that a part of the file stands for; all of them are tuned alike."""
    name = part.get("data", whole.get("data"))
    word = name if isinstance(name, str) else next(iter(name[0] if isinstance(name, list) else name))
    found = [one for one in suite.problems if one.data.name == (word if isinstance(word, str) else next(iter(word)))]
    return (found or list(suite.problems))[0]


def _methods(problem: Problem, suite: Suite) -> list[Any]:
    tune = problem.tune
    if tune is None or tune.objective != "accuracy":
        raise UserError(
            f"suite {suite.name}: only what was tuned for accuracy at given sparsities can be confirmed; leave "
            "--confirm out"
        )
    methods: list[Any] = ["none"]
    for study in tune.studies:
        usual = _entry(study, {})
        if usual not in methods:
            methods.append(usual)
        tuned = {key: {"tuned": f"{suite.name}/{study.name}"} for key in _varied(study)}
        label = {} if study.name == study.method else {"label": f"{study.name}, tuned"}
        methods.append(_entry(study, tuned | label))
    return methods


def _varied(study: StudySpec) -> list[str]:
    """The options in which something varies."""
    return list(dict.fromkeys(param.name.split(".")[0] for param in study.params))


def _entry(study: StudySpec, more: Mapping[str, Any]) -> Any:
    """The method's entry with what does not vary, and more."""
    options = {key: value for key, value in study.plain[study.method].items() if key not in ("label", *_varied(study))}
    both = options | dict(more)
    return {study.method: both} if both else study.method
