"""A problem of a suite: its table read and checked, and the grid of its data sets and networks expanded."""

from __future__ import annotations

import itertools
from typing import cast

from bench.registry import Choice
from bench.suite.aliases import hint
from bench.suite.choices import Registered
from bench.suite.marks import Node, Place, Report
from bench.suite.methods import read_methods, read_protocol, read_prune
from bench.suite.quantities import one_of, seed_count, shown
from bench.suite.quantities import seed as as_seed
from bench.suite.quantities import sparsity as as_sparsity
from bench.suite.schema import ARTIFACTS, HEAD_KEYS, KEEPS, PROBLEM_KEYS, LadderTable, ProblemTable, SeedTable
from bench.suite.tables import check
from bench.suite.training import read_training
from bench.suite.tune import read_tune
from bench.suite.values import Artifacts, Keep, MethodSpec, Problem, PruneSpec, SparsitySpec


def read_problem(node: Node, choices: Registered, report: Report) -> list[Problem]:
    """The problems that the node stands for, one for each pair of data set and network; none after a mistake."""
    before = report.count
    _check_keys(node, report)
    data = _each("dataset", node.get("data"), choices, report)
    models = _each("network", node.get("model"), choices, report)
    initial_node = node.get("initialisation")
    initial = choices.single("initialisation", initial_node, report) if initial_node else Choice("torch")
    training_node = node.get("training")
    training = read_training(training_node, report) if training_node else None
    seeds_node = node.get("seeds")
    seeds = read_seeds(seeds_node, report) if seeds_node else ()
    sparsities_node = node.get("sparsities")
    sparsities = read_sparsities(sparsities_node, report) if sparsities_node else None
    prune_node = node.get("prune")
    prune = read_prune(prune_node, choices, report) if prune_node else PruneSpec()
    keep_node = node.get("keep")
    keep = read_keep(keep_node, report) if keep_node else "last"
    artifacts_node = node.get("artifacts")
    artifacts = read_artifacts(artifacts_node, report) if artifacts_node else "first"
    protocol_node = node.get("protocol")
    protocol = read_protocol(protocol_node, report) if protocol_node else None
    methods_node = node.get("methods")
    methods = read_methods(methods_node, prune or PruneSpec(), prune_node, choices, report) if methods_node else ()
    tune_node = node.get("tune")
    tune = None
    if tune_node:

        def single(entry: Node) -> tuple[MethodSpec, ...]:
            listed = Node(entry.place, (entry,))
            return read_methods(listed, prune or PruneSpec(), prune_node, choices, report)

        tune = read_tune(tune_node, seeds, sparsities, single, read_seeds, read_sparsities, report)
    if report.count > before or training is None or sparsities is None or initial is None:
        return []
    return [
        Problem(
            *(one, model, initial, training, seeds, sparsities, methods),
            prune=prune or PruneSpec(),
            keep=keep,
            artifacts=artifacts,
            protocol=protocol,
            tune=tune,
        )
        for one, model in itertools.product(data, models)
    ]


def _each(kind: str, node: Node | None, choices: Registered, report: Report) -> list[Choice]:
    return choices.grid(kind, node, report) if node else []


def _check_keys(node: Node, report: Report) -> None:
    """Unknown keys and missing ones. What stands at the keys is read one by one, so that all mistakes come to light."""
    for key, entry in node.entries.items():
        if key in HEAD_KEYS:
            report.mistake(entry.key, f"{key!r} belongs to the top level of the suite; move it there")
        elif key not in PROBLEM_KEYS:
            known = (*HEAD_KEYS, *PROBLEM_KEYS)
            report.mistake(entry.key, f"unknown key {key!r}; {hint(key, known)}")
    for field in ProblemTable.model_fields.values():
        if field.is_required() and field.alias not in node.entries:
            report.mistake(node.place, f"{field.alias!r} is missing; {field.description}")


def read_keep(node: Node, report: Report) -> Keep:
    """Which states stay on the disk."""
    try:
        return cast(Keep, one_of(KEEPS, "choice of states")(node.plain))
    except ValueError as error:
        report.mistake(node.place, f"keep: {error}")
    return "last"


def read_artifacts(node: Node, report: Report) -> Artifacts:
    """Of which seeds the database gets arrays beside its rows."""
    try:
        return cast(Artifacts, one_of(ARTIFACTS, "choice of seeds")(node.plain))
    except ValueError as error:
        report.mistake(node.place, f"artifacts: {error}")
    return "first"


def read_seeds(node: Node, report: Report) -> tuple[int, ...]:
    """A number of seeds, a list of them, or where they begin and how many they are."""
    if node.entries:
        table = check(SeedTable, node, "seeds", report)
        return tuple(range(table.from_, table.from_ + table.count)) if table else ()
    if node.items is None:
        try:
            return tuple(range(seed_count(node.value)))
        except ValueError as error:
            report.mistake(node.place, f"seeds: {error}")
            return ()
    if not node.items:
        report.mistake(node.place, "seeds: the grid is empty; give a number such as 5, or a list of seeds")
    seeds: list[int] = []
    for item in node.items:
        try:
            seed = as_seed(item.plain)
        except ValueError as error:
            report.mistake(item.place, f"seeds: {error}")
            continue
        if seed in seeds:
            report.mistake(item.place, f"seeds: {seed} is there twice; keep one")
        seeds.append(seed)
    return tuple(seeds)


def read_sparsities(node: Node, report: Report) -> SparsitySpec | None:
    """A list of targets, or a ladder."""
    if isinstance(node.value, dict):
        return _read_ladder(node, report)
    if node.items is None:
        mend = f"give a list: [{node.value}]" if node.value is not None else "give a list, such as [0.5, 0.8, 0.9]"
        report.mistake(node.place, f"sparsities: {node.kind} stands here; {mend}")
        return None
    if not node.items:
        report.mistake(node.place, "sparsities: the grid is empty; give a list, such as [0.5, 0.8, 0.9]")
    targets: list[float] = []
    for item in node.items:
        try:
            target = as_sparsity(item.plain)
        except ValueError as error:
            report.mistake(item.place, f"sparsities: {error}")
            continue
        if target in targets:
            report.mistake(item.place, f"sparsities: {shown(item.plain)} is there twice; keep one")
        elif targets and target < targets[-1]:
            what = f"sparsities: {shown(item.plain)} comes after a higher one; give them in ascending order"
            report.mistake(item.place, what)
        targets.append(target)
    return SparsitySpec(targets=tuple(targets))


def _read_ladder(node: Node, report: Report) -> SparsitySpec | None:
    own, rates = node.entries.get("output"), node.get("rates")
    if own and rates and "output" in rates.entries:
        report.mistake(own.key, "the output's rate is given twice, here and in 'rates'; keep one")
    table = check(LadderTable, node, "sparsities", report)
    if table is None:
        return None
    layers = dict(table.rates)
    if table.output is not None:
        layers["output"] = table.output
    return SparsitySpec(rate=table.ladder, rounds=table.rounds, rates=tuple(sorted(layers.items())))


def check_distinct(problems: list[tuple[Place, Problem]], report: Report) -> None:
    """The same data set and network can not stand in a suite twice: their results could not be told apart.

    Two protocols can, since results have them in their names.
    """
    seen: dict[tuple[Choice, Choice, str | None], Place] = {}
    for place, problem in problems:
        named = (problem.data, problem.model, problem.protocol)
        if named in seen:
            names = f"{problem.data.name} with {problem.model.name}"
            what = f"{names} is there twice, first in line {seen[named].line}; keep one, or give each its protocol"
            report.mistake(place, what)
        seen.setdefault(named, place)
