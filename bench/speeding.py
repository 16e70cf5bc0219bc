"""Measuring how quickly the networks of stored runs answer: one at a time in this process, apart from training."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

import torch
from torch import nn

from bench.benchmark import environment_of
from bench.measures.latency import Effort, Setting, Timing, timings
from bench.measures.semi_structured import layers_that_fit, obstacle, on_kernels
from bench.models.base import multiply_adds, prunable_layers
from bench.opening import OpenedRun, open_run
from bench.pruning.shrinking.shrink import shrink
from bench.states import StateMissing, home
from bench.store import EnvironmentInfo, SpeedRecord

Form = Literal["dense", "masked", "shrunk", "2:4"]
DENSE_HALF = "dense, 16 bits"


@dataclass(frozen=True)
class Subject:
    """A run that is to be measured, and the run of its seed that nothing was pruned of, if there is one."""

    key: str
    level: int
    dense: str | None
    words: str  # what it is, for people


@dataclass(frozen=True)
class Outcome:
    """What was measured of a run, or why it was not."""

    records: tuple[SpeedRecord, ...] = ()
    obstacle: str | None = None


def environment(device: str) -> EnvironmentInfo:
    """Where speed is measured: not with the switches that make a training repeatable, which cost time."""
    return replace(environment_of(device), deterministic=False)


def kept(database: str) -> set[str]:
    """The keys of all states that are at hand, of whatever environment."""
    return {file.stem for file in (home(database) / "states").glob("*/*/*.state")}


def subjects(
    runs: Sequence[Mapping[str, Any]],
    everything: Sequence[Mapping[str, Any]],
    at_hand: Collection[str],
    every_seed: bool,
) -> list[Subject]:
    """The runs to measure among rows of the view `results`: of each cell the first seed that is at hand, or all seeds.

    Among everything that a suite has are the dense networks that they are measured against.
    """
    dense = {_ground(row): row["key"] for row in everything if row["method_name"] == "none" and _has_network(row)}
    chosen: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for row in sorted(filter(_has_network, runs), key=lambda row: (row["key"] not in at_hand, int(row["seed"]))):
        cell = *_ground(row)[:-1], row["method"], row["level"], row["seed"] if every_seed else None
        chosen.setdefault(cell, row)
    found = {
        row["key"]: Subject(
            row["key"],
            int(row["level"]),
            dense.get(_ground(row)),
            f"{row['method']} at level {row['level']} on {row['data']}, {row['model']}, seed {row['seed']}",
        )
        for row in chosen.values()
    }
    return list(found.values())


def _has_network(row: Mapping[str, Any]) -> bool:
    return row["status"] in ("done", "collapsed")


def _ground(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("profile", "data", "model", "seed"))


class Speedometer:
    """Measures runs of one database on one device."""

    def __init__(
        self,
        database: str,
        device: str,
        settings: Sequence[Setting],
        effort: Effort | None = None,
        plugins: Sequence[Path] = (),
    ) -> None:
        self._database, self._plugins = database, tuple(plugins)
        self._device = torch.device(device)
        self._settings, self._effort = tuple(settings), effort
        self._dense = lru_cache(maxsize=1)(self._opened_dense)
        torch.backends.cudnn.allow_tf32 = False  # as in training: all 32 bits
        self.without_kernels = obstacle(self._device)

    def measure(self, subject: Subject) -> Outcome:
        """All forms of a run in all settings, in turn with the dense network."""
        opened = open_run(subject.key, self._database, plugins=self._plugins)
        try:
            network = opened.network()
        except StateMissing:
            mend = f"`bench export {opened.name}` trains it again"
            return Outcome(obstacle=f"run {opened.name}: its state is not kept any more; {mend}")
        if subject.level == 0:
            return Outcome(tuple(self._records(subject, opened, {"dense": network}, "dense")))
        dense = self._dense(subject.dense)
        if dense is None:
            dense = _filled(network)
        forms = {"dense": dense, "masked": network, "shrunk": shrink(network, None, opened.shape)}
        records = [one for one in self._records(subject, opened, forms, "dense") if one.form != "dense"]
        records += self._on_kernels(subject, opened, dense, network)
        return Outcome(tuple(records))

    def _opened_dense(self, key: str | None) -> nn.Module | None:
        """The dense network; None where there is none, or none is kept."""
        if key is None:
            return None
        try:
            return open_run(key, self._database, plugins=self._plugins).network()
        except StateMissing:
            return None

    def _on_kernels(
        self, subject: Subject, opened: OpenedRun, dense: nn.Module, network: nn.Module
    ) -> list[SpeedRecord]:
        """On the kernels for 2:4, where the device has them and the network has the pattern."""
        names = () if self.without_kernels else layers_that_fit(network)
        if not names:
            return []
        counts = multiply_adds(network, opened.shape)
        macs = {DENSE_HALF: 0, "2:4": sum(counts.values()) - sum(counts[name] // 2 for name in names)}
        try:
            forms = {
                DENSE_HALF: copy.deepcopy(dense).half().to(self._device),
                "2:4": on_kernels(copy.deepcopy(network).to(self._device), names),
            }
            records = self._timed(subject, opened, forms, DENSE_HALF, macs)
        except RuntimeError as error:  # each card and release of the kernels takes other shapes
            self.without_kernels = f"the kernels refused ({str(error).splitlines()[0]})"
            return []
        return [one for one in records if one.form == "2:4"]

    def _records(
        self, subject: Subject, opened: OpenedRun, forms: Mapping[str, nn.Module], reference: str
    ) -> list[SpeedRecord]:
        macs = {name: _macs(module, opened.shape) for name, module in forms.items()}
        placed = {name: copy.deepcopy(module).to(self._device) for name, module in forms.items()}
        return self._timed(subject, opened, placed, reference, macs)

    def _timed(
        self,
        subject: Subject,
        opened: OpenedRun,
        forms: Mapping[str, nn.Module],
        reference: str,
        macs: Mapping[str, int],
    ) -> list[SpeedRecord]:
        """Networks that lie on the device, in all settings."""
        found = []
        for setting in self._settings:
            times = timings(forms, reference, opened.shape, self._device, setting, self._effort)
            found += [
                _record(subject.key, cast("Form", name), setting, timing, macs[name]) for name, timing in times.items()
            ]
        return found


def _record(key: str, form: Form, setting: Setting, timing: Timing, macs: int) -> SpeedRecord:
    return SpeedRecord(
        key,
        form,
        setting.threads,
        setting.batch,
        timing.seconds,
        timing.low,
        timing.high,
        timing.speedup,
        timing.repetitions,
        macs,
    )


def _macs(module: nn.Module, shape: tuple[int, ...]) -> int:
    """The multiply-adds that a module computes, zeros included; none where nothing but constants is left."""
    return sum(multiply_adds(module, shape).values()) if prunable_layers(module) else 0


def _filled(network: nn.Module) -> nn.Module:
    """A network of the same shape without zeros, where no dense one is at hand: how long it takes is the same."""
    result = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for layer in prunable_layers(result):
            weight = result.get_parameter(f"{layer.name}.weight")
            weight.copy_(torch.randn(weight.shape, generator=generator) / weight[0].numel() ** 0.5)
    return result
