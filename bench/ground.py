"""The ground on which methods are compared: one data set, network and training of a suite, looked up and laid out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from bench.arguments import settings
from bench.channels.structure import Channels, channels_of
from bench.data.base import DataInfo
from bench.data.policy import DataPolicy
from bench.durations import Duration
from bench.errors import UserError
from bench.executors.tasks import Place
from bench.models.base import LayerInfo, build, has_batch_norm, multiply_adds, prunable_layers
from bench.recipe import Schedule, Select, Start, Training
from bench.registry import Choice, registry
from bench.suite.values import Problem, TrainingSpec


@dataclass(frozen=True, eq=False)
class Ground:
    """A problem of the suite on which everything is compared: one data set, network and training."""

    problem: Problem
    data: DataInfo
    model: str  # what results call the network
    place: Place
    training: Training
    steps_per_epoch: float
    layers: tuple[LayerInfo, ...]
    parameters: int
    multiply_adds: int
    batch_norm: bool
    _others: dict[Choice, Ground] = field(default_factory=dict, repr=False)  # shared with all that come of it

    def on(self, network: Choice) -> Ground:
        """The same ground with another network, which a method puts in the place of the suite's."""
        if network == self.place.network:
            return self
        if network not in self._others:
            place = replace(self.place, network=network)
            self._others[network] = replace(self, place=place, **_facts(network, self.data))
        return self._others[network]

    @cached_property
    def channels(self) -> Channels | None:
        """How channels run through the network; None where that cannot be told."""
        return channels_of(build(self.place.network, self.data.shape, self.data.classes), self.data.shape)

    @property
    def seeds(self) -> tuple[int, ...]:
        return self.problem.seeds

    @cached_property
    def _identities(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return _identity("network", self.place.network), _identity("initialisation", self.problem.initialisation)

    @property
    def network(self) -> tuple[Any, ...]:
        """What a key hashes of the network: layers adapt to the data, so its shape belongs to it."""
        return (*self._identities[0], self.data.shape, self.data.classes)

    def start(self, seed: int) -> Start:
        return Start(self.data.fingerprint, self.network, self._identities[1], seed)


def ground_of(problem: Problem, data: DataInfo, model: str, policy: DataPolicy) -> Ground:
    facts = _facts(problem.model, data)
    samples = data.counts["train"]
    if problem.training.batch > samples:
        raise UserError(
            f"training.batch: {problem.training.batch} is more than the {samples} training samples of {data.name}; "
            f"give at most {samples}"
        )
    if problem.training.augmentation is not None and len(data.shape) != 3:
        raise UserError(
            f"training.augmentation: {problem.training.augmentation} moves images, and the samples of {data.name} are "
            "none; leave it out"
        )
    steps_per_epoch = samples / problem.training.batch
    return Ground(
        problem=problem,
        data=data,
        model=model,
        place=Place(problem.data, policy.for_workers(), data.fingerprint, problem.model, problem.initialisation),
        training=_training(problem.training, steps_per_epoch),
        steps_per_epoch=steps_per_epoch,
        **facts,
    )


def _facts(network: Choice, data: DataInfo) -> dict[str, Any]:
    """What a ground knows of its network."""
    module = build(network, data.shape, data.classes)
    return {
        "layers": prunable_layers(module),
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "multiply_adds": sum(multiply_adds(module, data.shape).values()),
        "batch_norm": has_batch_norm(module),
    }


def _training(spec: TrainingSpec, steps_per_epoch: float) -> Training:
    length = spec.length.steps(steps_per_epoch, 0)
    if length < 1:
        raise UserError(f"training: {spec.length} is no step at all; give at least one step")

    def steps(duration: Duration) -> int:
        return duration.steps(steps_per_epoch, length)

    schedule = Schedule(
        kind=spec.schedule,
        length=length,
        warmup=steps(spec.warmup),
        milestones=tuple(steps(milestone) for milestone in spec.milestones),
        gamma=spec.gamma,
        final=spec.final,
    )
    every = steps(spec.select.every) if spec.select.every is not None else 0
    return Training(
        optimiser=spec.optimiser,
        schedule=schedule,
        batch=spec.batch,
        augmentation=spec.augmentation,
        select=Select(spec.select.kind, every, spec.select.patience),
    )


def _identity(kind: str, choice: Choice) -> tuple[Any, ...]:
    """What a key hashes of a choice: the component and the options that are not at their default."""
    component = registry(kind).get(choice.name)
    return (*component.identity, *settings(component, dict(choice.options)))
