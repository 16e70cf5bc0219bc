"""Carrying out a Reset on one state."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from bench import random
from bench.models.layout import Layout
from bench.recipe import Reset
from bench.training.state import State


def reset(
    state: State, step: Reset, layout: Layout, target: State, redrawn: Callable[[], State], place: tuple[int, str]
) -> State:
    """The state with the named parts back at the target's, or with values drawn anew.

    `place` is the seed and the key of the step, which what is shuffled is drawn from.
    """
    mask = _shuffled(state.mask, layout, place) if step.shuffle else state.mask
    weights = _values(state, step, layout, redrawn() if step.redraw else target) * mask
    if step.rescale:
        weights = _rescaled(weights, mask, layout)
    whole = "optimiser" in step.parts
    moments = target.moments if whole else state.moments
    if whole or step.shuffle:
        moments = {name: moment * mask for name, moment in moments.items()}
    return State(
        weights=weights,
        mask=mask,
        buffers=target.buffers if "buffers" in step.parts else state.buffers,
        moments=moments,
        updates=target.updates if whole else state.updates,
        optimiser=target.optimiser if whole else state.optimiser,
        order=target.order if "order" in step.parts else state.order,
    )


def _values(state: State, step: Reset, layout: Layout, source: State) -> Tensor:
    """Weights and biases as the step wants them, before the mask is laid over them."""
    given = _signs_alone(source.weights, layout) if step.signs else source.weights
    prunable = layout.prunable()
    wanted = torch.zeros_like(prunable)
    if "weights" in step.parts:
        wanted |= prunable
    if "biases" in step.parts:
        wanted |= ~prunable
    if step.layers:
        wanted &= _places_of(step.layers, layout)
    return torch.where(wanted, given, state.weights)


def _places_of(layers: tuple[str, ...], layout: Layout) -> Tensor:
    places = torch.zeros(layout.width, dtype=torch.bool)
    for name, view in layout.views(places).items():
        if name.rpartition(".")[0] in layers:
            view.fill_(True)
    return places


def _signs_alone(weights: Tensor, layout: Layout) -> Tensor:
    """Each prunable weight at the standard deviation of its layer, with its own sign."""
    result = weights.clone()
    for weight in layout.weights(result).values():
        weight.copy_(weight.sign() * weight.std(correction=0))
    return result


def _rescaled(weights: Tensor, mask: Tensor, layout: Layout) -> Tensor:
    """The weights of each layer made larger by what makes up for the number of those that are gone."""
    result = weights.clone()
    for name, kept in layout.weights(mask).items():
        left = int(kept.sum())
        if left:
            layout.weights(result)[name].mul_(kept.numel() / left)
    return result


def _shuffled(mask: Tensor, layout: Layout, place: tuple[int, str]) -> Tensor:
    """As many gone of each layer, at other places: whole units or inputs change places where whole ones are gone."""
    result = mask.clone()
    views = layout.views(result)
    for name, kept in layout.weights(mask).items():
        flat = kept.flatten(1)
        by_unit = bool((flat.all(dim=1) | ~flat.any(dim=1)).all())
        columns = kept.transpose(0, 1).flatten(1)
        by_input = bool((columns.all(dim=1) | ~columns.any(dim=1)).all())
        seed, key = place
        count = kept.shape[0] if by_unit else kept.shape[1] if by_input else kept.numel()
        order = torch.from_numpy(random.permutation(seed, "shuffle", key, name, n=count))
        if by_unit:
            moved = kept[order]
            if f"{name}.bias" in views:
                views[f"{name}.bias"].copy_(views[f"{name}.bias"].clone()[order])
        elif by_input:
            moved = kept[:, order]
        else:
            moved = kept.flatten()[order].view(kept.shape)
        views[f"{name}.weight"].copy_(moved)
    return result
