"""What a plan and its results become in the store."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bench.checks import data_choice
from bench.durations import Duration
from bench.executors.tasks import Pruned, TaskResult
from bench.grid import Cell
from bench.plan import Effort, Plan, Run
from bench.recipe import Prune, canonical
from bench.registry import Choice, registry
from bench.store import (
    ArtifactRecord,
    CellRecord,
    CurveRecord,
    EvaluationRecord,
    LayerRecord,
    RunRecord,
    SuiteRecord,
)

# Raised when a change of the trainer itself alters results; components have versions of their own, inside the keys.
RESULTS_VERSION = 1
PASSES = 3  # forward, and backward to weights and to inputs: what a training step computes, in forward passes


def suite_record(plan: Plan) -> SuiteRecord:
    suite = plan.grid.suite
    return SuiteRecord(
        suite.name, suite.profile, suite.title, suite.metric, suite.hash, suite.text, dict(suite.settings)
    )


def cell_records(plan: Plan) -> list[CellRecord]:
    return [_cell_record(cell, keys) for cell, keys in plan.keys.items()]


def _cell_record(cell: Cell, keys: tuple[tuple[int, str], ...]) -> CellRecord:
    component = registry("method").get(cell.method.name)
    return CellRecord(
        data=cell.ground.data.name,
        standin=cell.ground.data.standin,
        model=cell.ground.model,
        method=cell.method.label,
        method_name=cell.method.name,
        options=_every_option("method", cell.method.name, cell.method.options),
        level=cell.level,
        target_sparsity=cell.target,
        settings=_settings(cell),
        reference=component.reference,
        seeds=keys,
        position=cell.position,
        protocol=cell.protocol,
        tuned=tuple((one.option, one.study, one.number) for one in cell.method.chosen),
        classes=cell.ground.data.class_names,
    )


def _settings(cell: Cell) -> dict[str, Any]:
    """Everything that the cell was made with, what was left at its default included."""
    ground, problem, prune = cell.ground, cell.ground.problem, cell.method.prune
    rungs = [step.level.layers for step in cell.steps if isinstance(step, Prune)]
    return {
        "data": {
            **_choice("dataset", problem.data),
            "choice": data_choice(ground),
            "fingerprint": ground.data.fingerprint,
            "source": ground.data.source,
            "counts": dict(ground.data.counts),
        },
        "model": _choice("network", cell.own.place.network, not_options=("shape", "classes")),
        "initialisation": _choice("initialisation", problem.initialisation),
        "training": asdict(ground.training),
        "prune": {
            "score": _choice("score", prune.score),
            "granularity": prune.granularity,
            "scope": prune.scope,
            "rates": dict(prune.rates),
            "exclude": list(prune.exclude),
            "floor": prune.floor,
            "layers": dict(rungs[-1]) if rungs else {},
        },
    }


def _choice(kind: str, choice: Choice, not_options: tuple[str, ...] = ()) -> dict[str, Any]:
    options = _every_option(kind, choice.name, choice.options)
    return {"name": choice.name, "options": {name: options[name] for name in options if name not in not_options}}


def _every_option(kind: str, name: str, given: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    chosen = dict(given)
    options = registry(kind).get(name).options
    return {option: _plain(chosen.get(option, parameter.default)) for option, parameter in options.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Duration):
        return str(value)
    if isinstance(value, Choice):
        return {value.name: {name: _plain(one) for name, one in value.options}} if value.options else value.name
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


class Accounts:
    """How the cost of what runs share is divided between them."""

    def __init__(self, plan: Plan) -> None:
        self._graph = plan.graph
        self._users: Counter[str] = Counter()
        for run in plan.runs.values():
            self._users.update(self.stretches((*run.path, *run.teaching)))

    def stretches(self, path: Sequence[str]) -> list[str]:
        """The keys of the trained states on a way, the cuts inside its Trains included, in order."""
        found: list[str] = []
        for key in path:
            parts = []
            while key in self._graph.trained and key not in found:
                parts.append(key)
                base = self._graph.trained[key].base
                key, _ = self._graph.taken_up_at(key)
                if key == base:
                    break
            found.extend(reversed(parts))
        return found

    def steps_shared(self, run: Run) -> int:
        """Its part of the steps that were made in fact."""
        total = 0.0
        for key in self.stretches((*run.path, *run.teaching)):
            node = self._graph.trained[key]
            total += (node.stop - self._graph.taken_up_at(key)[1]) / self._users[key]
        return round(total)


def run_record(
    run: Run, result: TaskResult, pruned: EvaluationRecord | None, accounts: Accounts, seconds: float
) -> RunRecord:
    """A final row of a run whose state was measured."""
    found = result.measured
    if found is None:
        raise ValueError(f"run {run.key} was not measured")
    empty = [layer.name for layer in found.size.layers if layer.kept == 0]
    anew = found.recalibrated
    return RunRecord(
        **_common(run, accounts),
        status="collapsed" if empty else "done",
        reason=f"no weight is left in {', '.join(empty)}" if empty else None,
        sparsity=found.size.sparsity,
        effective_sparsity=found.size.effective_sparsity,
        weights=found.size.weights,
        weights_kept=found.size.kept,
        parameters=found.size.parameters,
        parameters_kept=found.size.parameters_kept,
        parameters_effective=found.size.parameters_effective,
        macs=found.size.multiply_adds,
        macs_kept=found.size.multiply_adds_kept,
        macs_effective=found.size.multiply_adds_effective,
        bytes_dense=found.size.storage.dense,
        bytes_bitmask=found.size.storage.bitmask,
        bytes_csr=found.size.storage.csr,
        bytes_gzip=found.size.storage.gzipped,
        train_loss=result.train_loss,
        validation_loss=found.validation.loss,
        validation_accuracy=found.validation.accuracy,
        validation_count=found.validation.count,
        test_loss=found.test.loss,
        test_accuracy=found.test.accuracy,
        test_correct=found.test.correct,
        test_count=found.test.count,
        pruned_validation_loss=pruned.validation_loss if pruned else None,
        pruned_validation_accuracy=pruned.validation_accuracy if pruned else None,
        pruned_test_loss=pruned.test_loss if pruned else None,
        pruned_test_accuracy=pruned.test_accuracy if pruned else None,
        recalibrated_validation_loss=anew.validation.loss if anew else None,
        recalibrated_validation_accuracy=anew.validation.accuracy if anew else None,
        recalibrated_test_loss=anew.test.loss if anew else None,
        recalibrated_test_accuracy=anew.test.accuracy if anew else None,
        recalibrated_pruned_validation_accuracy=pruned.recalibrated_validation_accuracy if pruned else None,
        recalibrated_pruned_test_accuracy=pruned.recalibrated_test_accuracy if pruned else None,
        seconds=seconds,
        layers=tuple(
            LayerRecord(layer.name, layer.kind, layer.weights, layer.kept, layer.effective)
            for layer in found.size.layers
        ),
        split_hash=found.split_hash,
        artifacts=tuple(ArtifactRecord(**asdict(one)) for one in found.artifacts),
    )


def broken_record(run: Run, status: Any, reason: str, accounts: Accounts) -> RunRecord:
    """A row of a run that came to no result, with the reason."""
    return RunRecord(**_common(run, accounts), status=status, reason=reason)


def _common(run: Run, accounts: Accounts) -> dict[str, Any]:
    return {
        "key": run.key,
        "seed": run.seed,
        "results_version": RESULTS_VERSION,
        "steps_alone": run.steps_alone,
        "steps_shared": accounts.steps_shared(run),
        "flops_alone": flops_alone(run),
        "steps": tuple(accounts.stretches(run.path)),
        "recipe": json.dumps(canonical(run.recipe), sort_keys=True, separators=(",", ":")),
        "components": components_of(run),
    }


def flops_alone(run: Run) -> float:
    """Operations for its training on its own."""
    return 2.0 * run.cell.own.training.batch * sum(_multiply_adds(effort) for effort in run.efforts)


def _multiply_adds(effort: Effort) -> int:
    """Of a training on one sample a step; a teacher only looks at it."""
    looks = effort.teacher.multiply_adds if effort.teacher else 0
    return effort.steps * (PASSES * effort.ground.multiply_adds + looks)


def components_of(run: Run) -> dict[str, str]:
    problem, method = run.cell.ground.problem, run.cell.method
    used = {
        "dataset": problem.data.name,
        "network": run.cell.own.place.network.name,
        "initialisation": problem.initialisation.name,
        "method": method.name,
        "score": method.prune.score.name,
    }
    return {kind: " ".join(str(part) for part in registry(kind).get(name).identity) for kind, name in used.items()}


def evaluation_record(pruned: Pruned) -> EvaluationRecord:
    return EvaluationRecord(
        pruned.key,
        pruned.validation.loss,
        pruned.validation.accuracy,
        pruned.test.loss,
        pruned.test.accuracy,
        pruned.recalibrated.validation.accuracy if pruned.recalibrated else None,
        pruned.recalibrated.test.accuracy if pruned.recalibrated else None,
        results_version=RESULTS_VERSION,
    )


def curve_records(results: Sequence[TaskResult]) -> list[CurveRecord]:
    records = []
    for result in results:
        for name in ("train_loss", "validation_loss", "validation_accuracy"):
            points = [(point.step, getattr(point, name)) for point in result.curve if getattr(point, name) is not None]
            if points:
                records.append(CurveRecord(result.key, name, points, results_version=RESULTS_VERSION))
    return records
