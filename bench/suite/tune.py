"""The table `tune` of a suite: how its methods are tuned, and for which of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, cast, get_args

from pydantic import BeforeValidator, Field

from bench.suite import quantities
from bench.suite.marks import Node, Report
from bench.suite.schema import (
    MAY_BE_EMPTY,
    Count,
    Elsewhere,
    Empty,
    OneOf,
    Portion,
    Positive,
    Seed,
    Table,
    word_as_table,
)
from bench.suite.searching import ReadMethods, read_study
from bench.suite.studies import Budget, BudgetUnit, Halving, Objective, Sampler, StudySpec, TuneSpec
from bench.suite.tables import check
from bench.suite.values import SparsitySpec

SAMPLERS: tuple[str, ...] = get_args(Sampler)


class WithinTable(Table):
    within: Annotated[Portion, Field(description="say how far below the dense network: {sparsity: {within: 1 %}}")]


class ObjectiveTable(OneOf):
    accuracy: Annotated[Empty | None, MAY_BE_EMPTY] = None
    sparsity: WithinTable | None = None
    both: Annotated[Empty | None, MAY_BE_EMPTY] = None


class BudgetTable(OneOf):
    trainings: Positive | None = None
    steps: Count | None = None
    trials: Count | None = None


class HalvingTable(Table):
    seeds: Annotated[int, BeforeValidator(lambda value: quantities.whole(value, least=0))] = 1
    share: Annotated[float, BeforeValidator(quantities.layer_rate)] = 1.0


def _none_as_no_halving(value: object) -> object:
    """`none` gives every trial all its seeds at once."""
    return {"seeds": 0} if value == "none" else value


class TuneTable(Table):
    studies: Annotated[Elsewhere, Field(description="give a list, such as studies: [{one-shot: {rates: each}}]")]
    seeds: Elsewhere = None
    sparsities: Elsewhere = None
    objective: Annotated[ObjectiveTable, BeforeValidator(word_as_table)] = ObjectiveTable(accuracy=Empty())
    sampler: Annotated[str, BeforeValidator(quantities.one_of(SAMPLERS, "sampler"))] = "tpe"
    batch: Count = 8
    budget: BudgetTable = BudgetTable(trainings=100.0)
    halving: Annotated[HalvingTable, BeforeValidator(_none_as_no_halving)] = HalvingTable()
    seed: Seed = 0


def read_tune(
    node: Node,
    seeds: tuple[int, ...],
    sparsities: SparsitySpec | None,
    read: ReadMethods,
    read_seeds: Callable[[Node, Report], tuple[int, ...]],
    read_sparsities: Callable[[Node, Report], SparsitySpec | None],
    report: Report,
) -> TuneSpec | None:
    """How a problem with these seeds and sparsities is tuned; None after a mistake."""
    before = report.count
    table = check(TuneTable, node, "tune", report)
    own_seeds, own_sparsities = node.get("seeds"), node.get("sparsities")
    choosing = read_seeds(own_seeds, report) if own_seeds else (1000, 1001, 1002)
    asked = read_sparsities(own_sparsities, report) if own_sparsities else sparsities
    if shared := sorted(set(choosing) & set(seeds)):
        report.mistake(
            (own_seeds or node).place,
            f"seeds: {shared[0]} is a seed of the suite too; what is tuned on a seed looks better on it than it is, so "
            "give tuning others, such as seeds: {from: 1000, count: 3}",
        )
    if asked is not None and asked.is_ladder:
        report.mistake(
            (own_sparsities or node).place,
            "sparsities: tuning needs a list, and the suite has a ladder; give such as sparsities: [0.95]",
        )
    studies = _read_studies(node.get("studies"), read, report)
    if table is None or asked is None or report.count > before:
        return None
    objective = cast(Objective, table.objective.chosen)
    if objective == "both" and table.sampler == "grid":
        report.mistake(node.place, "sampler: a grid seeks no front; give sampler: nsga-ii, tpe or random")
    if objective != "both" and table.sampler == "nsga-ii":
        report.mistake(node.place, "sampler: nsga-ii seeks a front; give objective: both, or sampler: tpe")
    if objective != "accuracy" and len(asked.targets) < 2:
        report.mistake(node.place, f"objective: {objective} seeks a sparsity between two; give two sparsities at least")
    if report.count > before:
        return None
    unit = cast(BudgetUnit, table.budget.chosen)
    return TuneSpec(
        studies=studies,
        seeds=choosing,
        sparsities=asked.targets,
        objective=objective,
        within=table.objective.sparsity.within if table.objective.sparsity else 0.0,
        sampler=cast(Sampler, table.sampler),
        batch=table.batch,
        budget=Budget(unit, float(getattr(table.budget, unit))),
        halving=Halving(table.halving.seeds, table.halving.share),
        seed=table.seed,
    )


def _read_studies(node: Node | None, read: ReadMethods, report: Report) -> tuple[StudySpec, ...]:
    if node is None:  # which the table says
        return ()
    if not node.items:
        report.mistake(
            node.place, f"studies: {node.kind} stands here; give a list such as [{{one-shot: {{rates: each}}}}]"
        )
    found: dict[str, StudySpec] = {}
    for item in node.items or ():
        study = read_study(item, read, report)
        if study is None:
            continue
        if study.name in found:
            report.mistake(item.place, f"two studies are called {study.name!r}; give one a label of its own")
        found[study.name] = study
    return tuple(found.values())
