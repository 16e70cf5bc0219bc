"""What every score promises."""

from __future__ import annotations

import itertools

import torch

from bench.contract import Promise, samples
from bench.executors.changes import prune
from bench.models.layout import Layout
from bench.pruning.granularity import GRANULARITIES
from bench.pruning.masks import exact_count
from bench.pruning.view import NetView
from bench.recipe import Level, Prune, Score
from bench.registry import Choice, Component
from bench.training.state import State

SHAPES = {"conv": (4, 3, 3, 3), "fc1": (16, 12), "output": (3, 16)}
TARGETS = (0.1, 0.5, 0.9)
CASES = ("fresh", "pruned", "all alike", "all zero")


def _moments(component: Component) -> int:
    """At how many moments of the dense training the score looks."""
    asked = component.extra.get("moments")
    return len(asked(**samples.by_python_name(component))) if asked else 0


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


def _start() -> tuple[State, Layout, torch.nn.Module]:
    """A network on the penguins, some of its weights gone already."""
    module, stack = samples.network(Choice("penguin-net"), (12,), 3)
    state = samples.drawn(module, stack, 3)
    mask = torch.ones_like(state.mask)
    for weight in stack.parameters.weights(mask).values():
        weight.view(-1)[:2] = False
    return state.masked(mask), stack.parameters, module


def _pruned(component: Component, target: float, kind: str, scope: str) -> tuple[State, State, Layout]:
    before, layout, _ = _start()
    level = Level(1, tuple((layer.name, target) for layer in layout.layers))
    score = Score(component.name, samples.options(component))
    earlier = [before.fresh() for _ in range(_moments(component))]
    return before, prune(before, Prune(level, score, kind, scope), layout, earlier, 3, "place"), layout


def _granules(kind: str, shape: tuple[int, ...]) -> int:
    return {"weight": shape[0] * shape[1], "unit": shape[0], "input": shape[1]}[kind]


def _alive(kind: str, mask: torch.Tensor) -> torch.Tensor:
    return {"weight": mask, "unit": mask.any(dim=1), "input": mask.any(dim=0)}[kind]


PROMISES = (
    Promise("gives one number for each weight, in the shape of each layer", right_shapes),
    Promise("gives finite numbers, also for weights that are gone, equal or zero", finite),
    Promise("gives the same numbers for the same seed and network", deterministic),
    Promise("leads to exact counts at every granularity and scope", exact_counts),
    Promise("changes nothing but the mask", changes_nothing_else),
)
