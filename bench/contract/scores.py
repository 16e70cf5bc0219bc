"""What every score promises."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from math import prod

import torch
from torch import nn

from bench.contract import Promise, samples
from bench.executors.changes import prune
from bench.models.layout import Layout, buffer_layout, parameter_layout
from bench.pruning import asking
from bench.pruning.computing import Computing
from bench.pruning.granularity import GRANULARITIES
from bench.pruning.masks import exact_count
from bench.pruning.view import NetView
from bench.recipe import Level, Prune, Score
from bench.registry import Component
from bench.training.networks import stacked
from bench.training.state import State

SHAPES = {"conv": (4, 3, 3, 3), "fc1": (16, 12), "output": (3, 16)}
TARGETS = (0.1, 0.5, 0.9)
BATCH = 10
CASES = ("fresh", "pruned", "all alike", "all zero")


@lru_cache(maxsize=1)
def _network() -> nn.Module:
    """With a batch norm after each layer, since some scores look at that."""
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv=nn.Conv2d(3, 4, 3, padding=1),
        norm1=nn.BatchNorm2d(4),
        relu1=nn.ReLU(),
        pool=nn.AdaptiveAvgPool2d((3, 1)),
        flatten=nn.Flatten(),
        fc1=nn.Linear(12, 16),
        norm2=nn.BatchNorm1d(16),
        relu2=nn.ReLU(),
        output=nn.Linear(16, 3),
        norm3=nn.BatchNorm1d(3),
    )
    return nn.Sequential(layers)


def _state(seed: int) -> State:
    return samples.drawn(_network(), stacked(_network()), seed)


def _computing(seed: int) -> Callable[[State], Computing]:
    """The network as a function of its weights, on images without meaning."""
    layouts = parameter_layout(_network()), buffer_layout(_network())
    content = samples.noise((3, 6, 5), 3)
    return lambda state: Computing(_network(), layouts, state, content, BATCH, (seed, "place"))


def _moments(component: Component) -> int:
    """At how many moments of the dense training the score looks."""
    return len(asking.moments(component, samples.by_python_name(component)))


def _view(component: Component, case: str, seed: int) -> NetView:
    """A network as it may come before a score."""

    def tensors(moment: int) -> dict[str, torch.Tensor]:
        generator = torch.Generator().manual_seed(1000 * seed + moment)
        drawn = {name: torch.randn(shape, generator=generator) for name, shape in SHAPES.items()}
        if case.startswith("all"):
            return {name: torch.full_like(weight, float(case == "all alike")) for name, weight in drawn.items()}
        return drawn

    weights = tensors(0)
    masks = {name: weight > -0.3 if case == "pruned" else weight == weight for name, weight in weights.items()}
    return NetView(
        {name: weight * masks[name] for name, weight in weights.items()},
        masks,
        tuple(tensors(moment) for moment in range(1, _moments(component) + 1)),
        seed,
        "place",
        _computing(seed)(_state(seed)),
        tuple(SHAPES),
    )


def _scores(component: Component, case: str, seed: int) -> dict[str, torch.Tensor]:
    return dict(component.make(_view(component, case, seed), **samples.by_python_name(component)))


def right_shapes(component: Component) -> str | None:
    for case in CASES:
        scores = _scores(component, case, 0)
        for name, shape in SHAPES.items():
            if name not in scores:
                return f"a network that is {case}: nothing for the layer {name!r}"
            if not isinstance(scores[name], torch.Tensor):
                return f"a network that is {case}: {type(scores[name]).__name__} for the layer {name!r}, not a tensor"
            if tuple(scores[name].shape) != shape:
                return (
                    f"a network that is {case}: the shape {tuple(scores[name].shape)} for {name!r}, which has {shape}"
                )
    return None


def finite(component: Component) -> str | None:
    for case in CASES:
        for name, values in _scores(component, case, 0).items():
            bad = ~torch.isfinite(values.double())
            if bool(bad.any()):
                place = tuple(bad.nonzero()[0].tolist())
                return f"a network that is {case}: {values[place].item()} at {place} of layer {name!r}"
    return None


def deterministic(component: Component) -> str | None:
    for case in CASES[:2]:
        torch.manual_seed(1)
        first = _scores(component, case, 3)
        torch.manual_seed(2)
        second = _scores(component, case, 3)
        for name in SHAPES:
            if not torch.equal(first[name], second[name]):
                return (
                    f"seed 3, a network that is {case}: layer {name!r} scored twice gives different numbers; "
                    "take chance from net.uniform(name)"
                )
    return None


def exact_counts(component: Component) -> str | None:
    for target, kind, scope in itertools.product(TARGETS, GRANULARITIES, ("layer", "global")):
        _, after, layout = _pruned(component, target, kind, scope)
        masks = layout.weights(after.mask)
        # A granule is a weight, a row or a column; each of them is as large as another of its layer.
        sizes = {layer.name: _granules(kind, layer.shape) for layer in layout.layers}
        gone = {name: sizes[name] - int(_alive(kind, masks[name]).sum()) for name in sizes}
        if scope == "layer":
            for name, size in sizes.items():
                if gone[name] != exact_count(target, size):
                    return (
                        f"sparsity {target}, granularity {kind}: {gone[name]} of {size} granules of layer {name!r} are "
                        f"gone, {exact_count(target, size)} were asked for"
                    )
        else:
            wanted = exact_count(
                sum(target * size for size in sizes.values()) / sum(sizes.values()), sum(sizes.values())
            )
            if sum(gone.values()) != wanted:
                return (
                    f"sparsity {target}, granularity {kind}, global: {sum(gone.values())} granules gone, not {wanted}"
                )
    return None


def changes_nothing_else(component: Component) -> str | None:
    for target in TARGETS:
        before, after, _ = _pruned(component, target, "weight", "layer")
        untouched = _start()[0]
        if not torch.equal(before.weights, untouched.weights) or not torch.equal(before.mask, untouched.mask):
            return f"sparsity {target}: the network that it was given is changed; work on copies"
        if not torch.equal(after.weights, before.weights * after.mask):
            return f"sparsity {target}: weights that are kept have changed"
        if bool((after.mask & ~before.mask).any()):
            return f"sparsity {target}: a weight that was pruned before has come back"
    return None


def _start() -> tuple[State, Layout]:
    """A network some of whose weights are gone already."""
    layout = parameter_layout(_network())
    state = _state(3)
    mask = torch.ones_like(state.mask)
    for weight in layout.weights(mask).values():
        weight.view(-1)[:2] = False
    return state.masked(mask), layout


def _pruned(component: Component, target: float, kind: str, scope: str) -> tuple[State, State, Layout]:
    before, layout = _start()
    level = Level(1, tuple((layer.name, target) for layer in layout.layers))
    score = Score(component.name, samples.options(component))
    earlier = [before.fresh() for _ in range(_moments(component))]
    step = Prune(level, score, kind, scope)
    return before, prune(before, step, layout, earlier, 3, "place", _computing(3)), layout


def _granules(kind: str, shape: tuple[int, ...]) -> int:
    return {"weight": prod(shape), "unit": shape[0], "input": shape[1]}[kind]


def _alive(kind: str, mask: torch.Tensor) -> torch.Tensor:
    links = mask.reshape(*mask.shape[:2], -1).any(dim=2)
    return {"weight": mask, "unit": links.any(dim=1), "input": links.any(dim=0)}[kind]


PROMISES = (
    Promise("gives one number for each weight, in the shape of each layer", right_shapes),
    Promise("gives finite numbers, also for weights that are gone, equal or zero", finite),
    Promise("gives the same numbers for the same seed and network", deterministic),
    Promise("leads to exact counts at every granularity and scope", exact_counts),
    Promise("changes nothing but the mask", changes_nothing_else),
)
