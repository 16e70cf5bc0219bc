"""Scores by the value that a weight is drawn with and the one that it has at the end of the dense training.

Zhou, Lan, Liu and Yosinski, Deconstructing Lottery Tickets, NeurIPS 2019. With `sign: same`, weights that change their
sign on the way count as nothing, with `sign: different` those that keep it; in the authors' code and here such weights
go in an order that is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from bench.durations import Duration
from bench.pruning.view import NetView
from bench.registry import score

Sign = Literal["any", "same", "different"]
Weights = Mapping[str, Tensor]

PAPER = "Zhou et al., NeurIPS 2019"
START, END = Duration(0, "steps"), Duration(1, "share")
# What parts weights that count the same: next to nothing, also in the norm of a unit.
HAIR = 1e-30


def _from_end(sign: Sign = "any") -> tuple[Duration, ...]:
    return (END,) if sign == "any" else (END, START)


def _from_start(sign: Sign = "any") -> tuple[Duration, ...]:
    return (START,) if sign == "any" else (START, END)


def _from_both(sign: Sign = "any") -> tuple[Duration, ...]:
    return (START, END)


@score("large-final", reference=PAPER, moments=_from_end)
def large_final(net: NetView, sign: Sign = "any") -> dict[str, Tensor]:
    """The absolute value that a weight has at the end of the dense training."""
    return _if_sign(net, sign, _sizes(net.weights_at(0)))


@score("small-final", reference=PAPER, moments=_from_end)
def small_final(net: NetView, sign: Sign = "any") -> dict[str, Tensor]:
    """The smaller a weight is at the end of the dense training, the more it is worth: large-final turned around."""
    return _if_sign(net, sign, _negative(_sizes(net.weights_at(0))))


@score("large-init", reference=PAPER, moments=_from_start)
def large_init(net: NetView, sign: Sign = "any") -> dict[str, Tensor]:
    """The absolute value that a weight was drawn with."""
    return _if_sign(net, sign, _sizes(net.weights_at(0)))


@score("small-init", reference=PAPER, moments=_from_start)
def small_init(net: NetView, sign: Sign = "any") -> dict[str, Tensor]:
    """The smaller a weight was drawn, the more it is worth: large-init turned around."""
    return _if_sign(net, sign, _negative(_sizes(net.weights_at(0))))


@score("large-init-large-final", reference=PAPER, moments=_from_both)
def large_init_large_final(net: NetView, sign: Sign = "any") -> dict[str, Tensor]:
    """The smaller of what a weight was drawn with and what it is at the end of the dense training.

    Both sides take away the same share of a layer at every level: see `_on_the_scale_of`.
    """
    start, end = _brought_together(net)
    return _if_sign(net, sign, {name: torch.minimum(start[name], end[name]) for name in end})


@score("small-init-small-final", reference=PAPER, moments=_from_both)
def small_init_small_final(net: NetView, sign: Sign = "any") -> dict[str, Tensor]:
    """The larger of what a weight was drawn with and what it is at the end, turned around: both have to be small.

    Both sides take away the same share of a layer at every level: see `_on_the_scale_of`.
    """
    start, end = _brought_together(net)
    return _if_sign(net, sign, _negative({name: torch.maximum(start[name], end[name]) for name in end}))


@score("magnitude-increase", reference=PAPER, moments=_from_both)
def magnitude_increase(net: NetView, sign: Sign = "any") -> dict[str, Tensor]:
    """By how much the absolute value of a weight grows in the dense training."""
    start, end = _sizes(net.weights_at(0)), _sizes(net.weights_at(1))
    return _if_sign(net, sign, {name: end[name].double() - start[name].double() for name in end})


@score("movement", reference=PAPER, moments=_from_both)
def movement(net: NetView, sign: Sign = "any") -> dict[str, Tensor]:
    """How far the dense training takes a weight from the value it was drawn with.

    This is the distance of Zhou et al.; the movement pruning of Sanh et al., NeurIPS 2020, goes by gradients.
    """
    start, end = net.weights_at(0), net.weights_at(1)
    return _if_sign(net, sign, {name: (end[name].double() - start[name].double()).abs() for name in end})


def _sizes(weights: Weights) -> dict[str, Tensor]:
    return {name: weight.abs() for name, weight in weights.items()}


def _negative(scores: Weights) -> dict[str, Tensor]:
    return {name: -values for name, values in scores.items()}


def _if_sign(net: NetView, sign: Sign, scores: dict[str, Tensor]) -> dict[str, Tensor]:
    """The scores of the weights whose signs are as they should be; the others count as nothing.

    Where no weight counts more than nothing, as with the scores that keep the small, they come below all others.
    """
    if sign == "any":
        return scores
    nothing = 0.0 if any(bool((values > 0).any()) for values in scores.values()) else _lowest(scores)
    return {
        name: torch.where(
            (net.weights_at(0)[name].sign() == net.weights_at(1)[name].sign()) == (sign == "same"),
            values.double(),
            nothing - net.uniform(name).double() * (HAIR + abs(nothing) * 1e-9),
        )
        for name, values in scores.items()
    }


def _lowest(scores: Weights) -> float:
    return min(float(values.double().min()) for values in scores.values())


def _brought_together(net: NetView) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The sizes at the start, on the scale of those at the end, and the sizes at the end."""
    start, end = _sizes(net.weights_at(0)), _sizes(net.weights_at(1))
    return {name: _on_the_scale_of(end[name], start[name], net.masks[name]) for name in end}, end


def _on_the_scale_of(model: Tensor, sizes: Tensor, there: Tensor) -> Tensor:
    """Each size replaced by the one of the same rank in the model, among the weights of the layer that are there.

    The paper has a factor that makes both sides take away the same share, which the authors search anew for each level.
    With ranks both sides have the same number below any threshold, so that one score does for all levels: the masks are
    those of the right factor. Equal sizes stay equal.
    """
    ranked, known = model[there].sort().values, sizes[there].sort().values
    replaced = torch.zeros_like(model)
    replaced[there] = ranked[torch.searchsorted(known, sizes[there])]
    return replaced
