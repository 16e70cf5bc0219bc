"""What every initialisation promises."""

from __future__ import annotations

import torch

from bench.contract import Promise, samples
from bench.models.base import build
from bench.models.initialisations import initial_state
from bench.registry import Choice, Component


def _states(component: Component, *draws: tuple[int, int]) -> list[dict[str, torch.Tensor]]:
    module = build("mlp", (12,), 3)
    choice = Choice(component.name, samples.options(component))
    return [initial_state(module, choice, seed, draw) for seed, draw in draws]


def finite(component: Component) -> str | None:
    (state,) = _states(component, (0, 0))
    for name, tensor in state.items():
        if not bool(torch.isfinite(tensor).all()):
            return f"{name} has a value that is not a number"
    if all(float(tensor.std()) == 0 for name, tensor in state.items() if name.endswith("weight")):
        return "all weights of a layer are alike, so that its units can never differ"
    return None


def by_seed(component: Component) -> str | None:
    torch.manual_seed(1)
    first, other, redrawn = _states(component, (0, 0), (1, 0), (0, 1))
    torch.manual_seed(2)
    (again,) = _states(component, (0, 0))
    if any(not torch.equal(first[name], again[name]) for name in first):
        return "seed 0 twice gives different weights; take chance from the numbers that it is given"
    for told, state in (("the seeds 0 and 1", other), ("the first draw and the second", redrawn)):
        if all(torch.equal(first[name], state[name]) for name in first):
            return f"{told} give the same weights"
    return None


PROMISES = (
    Promise("fills every layer with finite numbers that differ", finite),
    Promise("depends on the seed and the draw, and on nothing else", by_seed),
)
