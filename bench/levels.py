"""The sparsity ladder of a suite, expanded for a network: what each layer has lost at each point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.errors import UserError, nearest
from bench.models.base import LayerInfo
from bench.patterns import n_of_m
from bench.recipe import Level
from bench.suite.values import PruneSpec, SparsitySpec

DIGITS = 12


def ladder(spec: SparsitySpec, prune: PruneSpec, layers: Sequence[LayerInfo], where: str) -> tuple[Level, ...]:
    """The levels from the first to the last; layers that are left alone do not stand in them."""
    left_out = {layer.name for selector in prune.exclude for layer in _selected(selector, layers, where)}
    pruned = [layer for layer in layers if layer.name not in left_out]
    if not pruned:
        raise UserError(f"{where}: every layer is excluded from pruning; leave one of them in")
    if prune.granularity in ("unit", "channel") and any(layer.output for layer in pruned):
        raise UserError(
            f"{where}: {prune.granularity} pruning of the output layer {layers[-1].name!r} would take away classes; "
            "exclude it with exclude: [output]"
        )
    pattern = n_of_m(prune.granularity)
    if pattern is not None and prune.scope != "layer":
        raise UserError(
            f"{where}: granularity {prune.granularity} compares neighbours, so that only scope: layer fits it"
        )
    factors = _by_layer(prune.rates, pruned, where)
    if spec.targets:
        shares = [{layer.name: target * factors.get(layer.name, 1.0) for layer in pruned} for target in spec.targets]
    else:
        own = _by_layer(spec.rates, pruned, where)
        rates = {layer.name: own.get(layer.name, spec.rate or 0.0) * factors.get(layer.name, 1.0) for layer in pruned}
        shares = [
            {name: 1 - (1 - min(1.0, rate)) ** count for name, rate in rates.items()}
            for count in range(1, spec.rounds + 1)
        ]
    levels = tuple(
        Level(index, tuple((layer.name, round(reached[layer.name], DIGITS)) for layer in pruned))
        for index, reached in enumerate((_within_reach(wanted, pruned) for wanted in shares), start=1)
    )
    if pattern is not None:
        _check_groups(levels, *pattern, where)
    return levels


def _check_groups(levels: Sequence[Level], kept: int, group: int, where: str) -> None:
    """N of M can reach whole weights of a group only, and no more than it leaves."""
    steps = [step / group for step in range(1, group - kept + 1)]
    for level in levels:
        for name, share in level.layers:
            if not any(abs(share - step) < 1e-9 for step in (0.0, *steps)):
                raise UserError(
                    f"{where}: {share:.4g} of layer {name!r} cannot go at granularity {kept}:{group}; "
                    f"give sparsities: [{', '.join(f'{step:g}' for step in steps)}], or some of these"
                )


def overall(level: Level, layers: Sequence[LayerInfo]) -> float:
    """The share of all prunable weights of the network that a level asks to be gone."""
    sizes = {layer.name: layer.weights for layer in layers}
    return sum(share * sizes[name] for name, share in level.layers) / sum(sizes.values())


def _by_layer(rates: Sequence[tuple[str, float]], layers: Sequence[LayerInfo], where: str) -> dict[str, float]:
    """The rate of each layer that has one of its own; what is named more closely counts."""
    given: dict[str, float] = {}
    for closeness in range(3):
        for selector, rate in rates:
            if _closeness(selector, layers) == closeness:
                given.update({layer.name: rate for layer in _selected(selector, layers, where)})
    return given


def _closeness(selector: str, layers: Sequence[LayerInfo]) -> int:
    """A kind says least, a place more, a name most."""
    if any(layer.name == selector for layer in layers):
        return 2
    return 1 if selector in ("first", "output") else 0


def _selected(selector: str, layers: Sequence[LayerInfo], where: str) -> list[LayerInfo]:
    chosen = [
        layer
        for layer in layers
        if selector == layer.name
        or selector == layer.kind
        or (selector == "first" and layer.first)
        or (selector == "output" and layer.output)
    ]
    if not chosen and selector not in ("first", "output", "linear", "conv"):
        known = [layer.name for layer in layers] + ["first", "output", "linear", "conv"]
        raise UserError(f"{where}: the network has no layer {selector!r}; {nearest(selector, known)}")
    return chosen


def _within_reach(shares: Mapping[str, float], layers: Sequence[LayerInfo]) -> dict[str, float]:
    """The same number of weights in all, where a layer was asked for more than it has: the others give the rest."""
    reached = dict(shares)
    sizes = {layer.name: layer.weights for layer in layers}
    while any(share > 1 for share in reached.values()):
        surplus = sum((share - 1) * sizes[name] for name, share in reached.items() if share > 1)
        reached = {name: min(1.0, share) for name, share in reached.items()}
        room = {name: (1 - share) * sizes[name] for name, share in reached.items() if share < 1}
        left = sum(room.values())
        if left <= 0:
            break
        portion = min(1.0, surplus / left)
        reached.update({name: reached[name] + portion * free / sizes[name] for name, free in room.items()})
    return reached
