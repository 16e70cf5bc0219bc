"""What a study searches: its dimensions, and what a point of the space says in a suite's words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from bench.chosen import method_of
from bench.levels import ladder
from bench.studies import Study
from bench.suite.searching import RATES, filled, written
from bench.suite.studies import Pick, Range, Shares
from bench.suite.values import MethodSpec, SparsitySpec

DENSITY = "density"  # of the whole network, where the sparsity is sought
KEEP = "keep."  # before the name of a layer: how much is kept of it, against the largest one
DIGITS = 6
Params = Mapping[str, Any]


@dataclass(frozen=True)
class Dimension:
    """Something that varies: between two numbers, or among some values, which are written in JSON."""

    name: str
    kind: Literal["real", "whole", "choice"]
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    values: tuple[str, ...] = ()
    points: int = 5
    start: Any = None  # its value in the first trial

    def grid(self) -> list[Any]:
        """The values that a grid tries."""
        if self.kind == "choice":
            return list(self.values)
        if self.points == 1:
            return [self.low]
        steps = [place / (self.points - 1) for place in range(self.points)]
        if self.log:
            found = [self.low * (self.high / self.low) ** step for step in steps]
        else:
            found = [self.low + (self.high - self.low) * step for step in steps]
        found[-1] = self.high
        return list(dict.fromkeys(round(one) for one in found)) if self.kind == "whole" else found


@dataclass(frozen=True, eq=False)
class Space:
    """The space of a study."""

    study: Study

    @cached_property
    def dimensions(self) -> tuple[Dimension, ...]:
        found = [dimension for param in self.study.spec.params for dimension in self._of(param)]
        if self.study.target is None:
            ends = self.study.tune.sparsities
            found.append(Dimension(DENSITY, "real", 1 - ends[-1], 1 - ends[0], log=True))
        return tuple(found)

    def _of(self, param: Range | Pick | Shares) -> Iterator[Dimension]:
        if isinstance(param, Pick):
            values = tuple(json.dumps(value) for value in param.values)
            yield Dimension(param.name, "choice", values=values, start=values[param.start or 0])
        elif isinstance(param, Shares):
            for group in list(self._groups)[1:]:  # the first is what the others are measured by
                yield Dimension(f"{KEEP}{group}", "real", param.low, param.high, True, points=param.points, start=1.0)
        else:
            kind: Literal["whole", "real"] = "whole" if param.kind in ("whole", "steps") else "real"
            yield Dimension(param.name, kind, param.low, param.high, param.log, points=param.points, start=param.start)

    @cached_property
    def start(self) -> Params | None:
        """The first trial, where every dimension has a value to begin with."""
        known = {one.name: one.start for one in self.dimensions}
        return None if any(value is None for value in known.values()) else known

    def sparsity(self, params: Params) -> float:
        """The level that a point asks for."""
        if self.study.target is not None:
            return self.study.target
        return round(1 - float(params[DENSITY]), DIGITS)

    def entry(self, params: Params) -> dict[str, Any]:
        """A point as a method's entry in a suite."""
        values: dict[str, Any] = {}
        for param in self.study.spec.params:
            if isinstance(param, Shares):
                values[param.name] = self._rates(params)
            elif isinstance(param, Pick):
                values[param.name] = json.loads(params[param.name])
            else:
                values[param.name] = written(param, params[param.name])
        entry = filled(self.study.spec.entry, values)
        if RATES in values:
            entry[self.study.spec.method]["scope"] = "uniform"
        return entry

    def method(self, params: Params) -> MethodSpec:
        return method_of(self.entry(params), self.study.ground.problem.prune)

    @cached_property
    def _sizes(self) -> dict[str, int]:
        """The weights of the layers that are pruned."""
        values = {param.name: {} if isinstance(param, Shares) else _first(param) for param in self.study.spec.params}
        prune = method_of(filled(self.study.spec.entry, values), self.study.ground.problem.prune).prune
        layers = self.study.ground.layers
        level = SparsitySpec(targets=(0.5,))
        (rung,) = ladder(level, replace(prune, scope="layer", floor=0, rates=()), layers, f"study {self.study.name!r}")
        weights = {layer.name: layer.weights for layer in layers}
        return {name: weights[name] for name, _ in rung.layers}

    @cached_property
    def _groups(self) -> dict[str, tuple[str, ...]]:
        """What has a factor of its own, a layer or a kind of layers, with its layers; the largest comes first."""
        by = next(param.by for param in self.study.spec.params if isinstance(param, Shares))
        kinds = {layer.name: layer.kind for layer in self.study.ground.layers}
        groups: dict[str, tuple[str, ...]] = {}
        for name in self._sizes:
            group = name if by == "layer" else kinds[name]
            groups[group] = (*groups.get(group, ()), name)
        order = sorted(groups, key=lambda group: -sum(self._sizes[name] for name in groups[group]))
        return {group: groups[group] for group in order}

    def _rates(self, params: Params) -> dict[str, float]:
        """How much goes of each layer, so that exactly the level goes of all."""
        factors = {
            name: float(params.get(f"{KEEP}{group}", 1.0)) for group, names in self._groups.items() for name in names
        }
        kept = kept_shares(self._sizes, factors, 1 - self.sparsity(params))
        return {name: round(1 - share, DIGITS) for name, share in kept.items()}


def kept_shares(sizes: Mapping[str, int], factors: Mapping[str, float], density: float) -> dict[str, float]:
    """What is kept of each layer: in proportion to its factor, no more than all, and the density of all layers."""
    left = density * sum(sizes.values())
    shares: dict[str, float] = {}
    open_ = dict(sizes)
    while open_:
        scale = left / sum(size * factors[name] for name, size in open_.items())
        whole = [name for name in open_ if scale * factors[name] >= 1]
        if not whole:
            shares |= {name: scale * factors[name] for name in open_}
            break
        for name in whole:
            shares[name] = 1.0
            left -= open_.pop(name)
    return {name: shares[name] for name in sizes}


def _first(param: Range | Pick | Shares) -> Any:
    if isinstance(param, Range):
        return written(param, param.low)
    return param.values[0] if isinstance(param, Pick) else {}
