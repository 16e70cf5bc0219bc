"""Carrying out a Prune on one state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from bench.channels.structure import Structure
from bench.errors import UserError
from bench.models.layout import Layout
from bench.pruning import asking
from bench.pruning.channels import CHANNEL, check_channels, kept_channels, of_units
from bench.pruning.computing import Computing
from bench.pruning.granularity import takes_bias
from bench.pruning.masks import new_masks
from bench.pruning.view import NetView
from bench.recipe import Prune, Score
from bench.registry import Component, registry
from bench.training.state import State

Computes = Callable[[State], Computing]  # the network as a function, at a state


def prune(
    state: State,
    step: Prune,
    layout: Layout,
    earlier: Sequence[State],
    seed: int,
    place: str,
    computing: Computes | None = None,
    structure: Structure | None = None,
) -> State:
    """The state with the worst granules gone; where the score asks for it in several rounds, each with new scores.

    What goes with a unit or a channel is told by the structure of the network.
    """
    component, options = _component(step.score), _options(step.score)
    with_data, rounds = asking.wants_data(component, options), asking.rounds(component, options)
    for number in range(1, rounds + 1):
        level = step.level if number == rounds else step.level.part(number / rounds)
        view = NetView(
            weights=_copies(layout, state),
            masks={name: mask.clone() for name, mask in layout.weights(state.mask).items()},
            earlier=tuple(_copies(layout, other) for other in earlier),
            seed=seed,
            place=place,
            computing=computing(state) if computing is not None and with_data else None,
            layers=tuple(name for name, _ in step.level.layers),
        )
        state = _pruned(state, replace(step, level=level), layout, _scores(step, view), structure)
    return state


def _component(score: Score) -> Component:
    return registry("score").get(score.name)


def _options(score: Score) -> dict[str, Any]:
    return {name.replace("-", "_"): value for name, value in score.options}


def _pruned(
    state: State, step: Prune, layout: Layout, scores: Mapping[str, Tensor], structure: Structure | None
) -> State:
    masks = {name: mask.clone() for name, mask in layout.weights(state.mask).items()}
    mask = state.mask.clone()
    own = layout.views(mask)
    if step.granularity == CHANNEL:
        _take_channels(own, scores, step, structure)
        return state.masked(mask)
    kept = new_masks(scores, masks, step.level, step.granularity, step.scope)
    for name, layer_mask in kept.items():
        own[f"{name}.weight"].copy_(layer_mask)
        if takes_bias(step.granularity):
            units = layer_mask.flatten(1).any(dim=1)
            norms = structure.norms.get(name, ()) if structure is not None and step.norms else ()
            _take_vectors(own, (name, *norms), units)
    return state.masked(mask)


def _take_channels(
    own: Mapping[str, Tensor], scores: Mapping[str, Tensor], step: Prune, structure: Structure | None
) -> None:
    """Take away units in all layers that share a channel, with their biases and the factors on the way."""
    channels = structure.channels if structure is not None else None
    check_channels(channels, [step.level], "a Prune")
    assert channels is not None
    masks = {name: own[f"{name}.weight"] for name, _ in step.level.layers}
    kept = kept_channels(scores, masks, step.level, step.scope, channels)
    for name in masks:
        units = of_units(kept, channels.units[name])
        masks[name].logical_and_(units.reshape(-1, *[1] * (masks[name].dim() - 1)))
        _take_vectors(own, (name,), units)
    for name, numbers in channels.factors.items():
        _take_vectors(own, (name,), of_units(kept, numbers))


def _take_vectors(own: Mapping[str, Tensor], names: Sequence[str], units: Tensor) -> None:
    """What stands beside each unit: the bias of a layer, the factors and shifts of a batch norm."""
    for name in names:
        for vector in (f"{name}.weight", f"{name}.bias"):
            if vector in own and own[vector].shape == units.shape:
                own[vector].logical_and_(units)


def _copies(layout: Layout, state: State) -> dict[str, Tensor]:
    return {name: weight.clone() for name, weight in layout.weights(state.weights).items()}


def _scores(step: Prune, view: NetView) -> Mapping[str, Tensor]:
    component = _component(step.score)
    scores: Mapping[str, Tensor] = component.make(view, **_options(step.score))
    for name, _ in step.level.layers:
        given = scores.get(name)
        if given is None or given.shape != view.weights[name].shape:
            found = "nothing" if given is None else f"the shape {tuple(given.shape)}"
            raise UserError(
                f"score {component.name}: gives {found} for layer {name!r}; "
                f"give one number a weight, in the shape {tuple(view.weights[name].shape)}"
            )
        if bool(torch.isnan(given).any()):
            raise UserError(f"score {component.name}: layer {name!r} has scores that are not numbers; give finite ones")
    return scores
