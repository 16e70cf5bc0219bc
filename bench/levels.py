"""The sparsity ladder of a suite, expanded for a network: what each layer has lost at each point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.allocation import Prunable, by_shape, evenly
from bench.errors import UserError, nearest
from bench.models.base import LayerInfo
from bench.patterns import CHANNEL, n_of_m
from bench.pruning.granularity import granularity
from bench.pruning.masks import exact_count, least_kept
from bench.recipe import Level
from bench.suite.values import PruneSpec, Scope, SparsitySpec

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
    factors = _by_layer(prune.rates, layers, where)
    own = _by_layer(spec.rates, layers, where)
    prunables = [_prunable(layer, prune, factors) for layer in pruned]
    divided = [_divided(wanted, prunables, prune.scope, where) for wanted in _wanted(spec, own, prunables, prune.scope)]
    levels = tuple(
        Level(index, tuple((layer.name, round(reached[layer.name], DIGITS)) for layer in pruned))
        for index, reached in enumerate(divided, start=1)
    )
    if pattern := n_of_m(prune.granularity):
        _check_groups(levels, *pattern, where)
    return levels


def scope_and_floor(prune: PruneSpec) -> tuple[str, float]:
    """What of a scope and a floor the levels have not settled: within layers their shares say it all."""
    return ("global", prune.floor) if prune.scope == "global" else ("layer", 0)


def _wanted(
    spec: SparsitySpec, own: Mapping[str, float], prunables: Sequence[Prunable], scope: Scope
) -> Iterator[dict[str, float]]:
    """What each level asks of each layer; only within layers do the factors of layers change how much goes in all."""
    factors = {one.layer.name: one.factor if scope == "layer" else 1.0 for one in prunables}
    if spec.targets:
        for target in spec.targets:
            yield {name: target * factor for name, factor in factors.items()}
        return
    rates = {name: own.get(name, spec.rate or 0.0) * factor for name, factor in factors.items()}
    for count in range(1, spec.rounds + 1):
        yield {name: 1 - (1 - min(1.0, rate)) ** count for name, rate in rates.items()}


def _prunable(layer: LayerInfo, prune: PruneSpec, factors: Mapping[str, float]) -> Prunable:
    if n_of_m(prune.granularity):  # which keeps its own part of each group
        granules = layer.weights
    else:
        granules = granularity("unit" if prune.granularity == CHANNEL else prune.granularity).count(layer.shape)
    return Prunable(layer, granules, least_kept(prune.floor, granules), factors.get(layer.name, 1.0))


def _divided(
    wanted: Mapping[str, float], prunables: Sequence[Prunable], scope: Scope, where: str
) -> Mapping[str, float]:
    """The share of each layer that is gone at a level."""
    # Over all layers granules are counted, of whatever size.
    sizes = [one.granules if scope == "global" else one.layer.weights for one in prunables]
    whole = sum(sizes)
    asked = min(whole, sum(share * size for share, size in zip(wanted.values(), sizes, strict=True)))
    may_go = sum(one.most * size for one, size in zip(prunables, sizes, strict=True))
    if asked > may_go * (1 + 1e-9) and any(one.least for one in prunables):
        raise UserError(
            f"{where}: {asked / whole:.4g} of all that is pruned is to go, and the floor keeps "
            f"{1 - may_go / whole:.4g} of it; give a smaller floor, or leave the highest sparsities out"
        )
    if scope == "layer":
        return _within_reach(wanted, prunables)
    if scope == "global":
        return wanted
    count = exact_count(asked / whole, whole)
    return evenly(prunables, count) if scope == "uniform" else by_shape(prunables, count, kernels=scope == "erk")


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


def _within_reach(shares: Mapping[str, float], prunables: Sequence[Prunable]) -> dict[str, float]:
    """The same number of weights in all, where a layer was asked for more than may go: the others give the rest."""
    most = {one.layer.name: one.most for one in prunables}
    if all(share <= most[name] for name, share in shares.items()):
        return dict(shares)
    sizes = {one.layer.name: one.layer.weights for one in prunables}
    surplus = sum(max(0.0, share - most[name]) * sizes[name] for name, share in shares.items())
    room = sum(max(0.0, most[name] - share) * sizes[name] for name, share in shares.items())
    portion = min(1.0, surplus / room) if room > 0 else 0.0
    return {name: min(share + portion * max(0.0, most[name] - share), most[name]) for name, share in shares.items()}
