"""The training of a problem: its table, and the rules that hold between its keys."""

from __future__ import annotations

from typing import cast

from bench.durations import Duration
from bench.recipe import Optimiser
from bench.suite.marks import Node, Report
from bench.suite.quantities import duration
from bench.suite.schema import OPTIMISERS, Decay, Looks, Patience, Steps, TrainingTable
from bench.suite.tables import check
from bench.suite.values import ScheduleKind, SelectKind, SelectSpec, TrainingSpec

_ONLY_FOR = {
    "momentum": ("sgd",),
    "nesterov": ("sgd",),
    "betas": ("adam", "adamw"),
    "rho": ("adadelta",),
    "eps": ("adam", "adamw", "adadelta"),
}
_USUAL_RATE = {"adadelta": 1.0}  # the method's own; the others have none that suits most


def read_training(node: Node, report: Report) -> TrainingSpec | None:
    """The training that the node describes; None where it has a mistake."""
    before = report.count
    table = check(TrainingTable, node, "training", report)
    _check_optimiser(node, report)
    _check_length(node, report)
    _check_schedule(node, report)
    if table is None or report.count > before:
        return None
    spec = _spec(table)
    _check_moments(spec, node, report)
    return spec


def _check_optimiser(node: Node, report: Report) -> None:
    optimiser = node.get("optimiser")
    kind = optimiser.value if optimiser else None
    if kind not in OPTIMISERS:
        return
    for key, kinds in _ONLY_FOR.items():
        entry = node.entries.get(key)
        if entry is not None and kind not in kinds:
            report.mistake(entry.key, f"{key!r} belongs to {' and '.join(kinds)}, not to {kind}; leave it out")
    if node.get("lr") is None and kind not in _USUAL_RATE:
        report.mistake(node.place, "'lr' is missing; give a learning rate such as lr: 1e-3")
    nesterov, momentum = node.entries.get("nesterov"), node.get("momentum")
    if nesterov and nesterov.node.value is True and kind == "sgd" and (momentum is None or momentum.value == 0):
        report.mistake(nesterov.key, "'nesterov' needs a momentum; give one such as momentum: 0.9")


def _check_length(node: Node, report: Report) -> None:
    epochs, steps = node.entries.get("epochs"), node.entries.get("steps")
    if epochs and steps:
        report.mistake(max(epochs.key, steps.key), "both 'epochs' and 'steps' are given; keep one of them")
    if isinstance(node.value, dict) and not epochs and not steps:
        report.mistake(node.place, "'epochs' is missing; give epochs: 5, or a number of steps")


def _check_schedule(node: Node, report: Report) -> None:
    at = node.at(["schedule", "step", "at"])
    written = at.items if at.place != node.place and at.items else ()
    previous: Duration | None = None
    for item in written:
        try:
            moment = duration(item.value)
        except ValueError:  # which the schema says
            continue
        if previous is not None and moment.unit == previous.unit and moment.value <= previous.value:
            report.mistake(
                item.place, f"at: {moment} does not come after {previous}; give the moments in ascending order"
            )
        previous = moment


def _check_moments(spec: TrainingSpec, node: Node, report: Report) -> None:
    """What lies beyond the end of the training, so far as that can be told without the data."""
    table = node.at(["schedule", spec.schedule])
    listed = table.at(["at"]).items or ()
    places = [(table.at(["warmup"]), spec.warmup), *zip(listed, spec.milestones, strict=False)]
    for place, moment in places:
        if moment.unit == spec.length.unit and moment.value > spec.length.value:
            what = f"{moment} is later than the end of the training, {spec.length}; give an earlier moment"
            report.mistake(place.place, what)


def _spec(table: TrainingTable) -> TrainingSpec:
    schedule = getattr(table.schedule, table.schedule.chosen)
    select = getattr(table.select, table.select.chosen)
    length = Duration(float(table.steps), "steps") if table.steps else Duration(table.epochs or 0, "epochs")
    return TrainingSpec(
        optimiser=Optimiser(
            kind=table.optimiser,
            lr=table.lr if table.lr is not None else _USUAL_RATE[table.optimiser],
            momentum=table.momentum,
            nesterov=table.nesterov,
            weight_decay=table.weight_decay,
            beta1=table.betas[0],
            beta2=table.betas[1],
            rho=table.rho,
            eps=table.eps,
        ),
        batch=table.batch,
        length=length,
        schedule=cast(ScheduleKind, table.schedule.chosen),
        warmup=schedule.warmup,
        milestones=tuple(schedule.at) if isinstance(schedule, Steps) else (),
        gamma=schedule.gamma if isinstance(schedule, Steps) else 0.1,
        final=schedule.final if isinstance(schedule, Decay) else 0.0,
        augmentation=None if table.augmentation == "none" else table.augmentation,
        select=SelectSpec(
            cast(SelectKind, table.select.chosen),
            every=select.every if isinstance(select, Looks) else None,
            patience=select.patience if isinstance(select, Patience) else 0,
        ),
    )
