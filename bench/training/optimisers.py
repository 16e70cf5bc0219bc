"""Optimisers over flat stacked buffers: every replica has its own rate and its own count of steps.

The formulas are those of torch.optim, and a test holds them to it. Rows that share settings, rate and count are
updated together, as one long vector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bench.recipe import Optimiser

_EPS = {"adam": 1e-8, "adamw": 1e-8, "adadelta": 1e-6, "sgd": 0.0}
_MOMENTS = {
    "sgd": ("momentum",),
    "adam": ("mean", "square"),
    "adamw": ("mean", "square"),
    "adadelta": ("square", "delta"),
}


def moment_names(kind: str) -> tuple[str, ...]:
    """The buffers, as large as the weights, that an optimiser of this kind keeps."""
    return _MOMENTS[kind]


@dataclass(frozen=True)
class Rows:
    """Neighbouring replicas that are updated alike."""

    first: int
    last: int  # exclusive
    settings: Optimiser
    count: int  # updates behind them when the pack begins


def group_rows(settings: Sequence[Optimiser], counts: Sequence[int], clocks: Sequence[object]) -> list[Rows]:
    """Split the replicas into runs of neighbours with the same settings, count and place in the schedule."""
    groups: list[Rows] = []
    previous: tuple[object, ...] | None = None
    for place, same in enumerate(zip(settings, counts, clocks, strict=True)):
        if same == previous:
            groups[-1] = Rows(groups[-1].first, place + 1, groups[-1].settings, groups[-1].count)
        else:
            groups.append(Rows(place, place + 1, same[0], same[1]))
        previous = same
    return groups


def update(
    rows: Rows, steps_done: int, rate: float, weights: Tensor, gradient: Tensor, moments: dict[str, Tensor]
) -> None:
    """One step of these rows, in place."""
    part = slice(rows.first, rows.last)
    own = {name: moment[part] for name, moment in moments.items()}
    _STEPS[rows.settings.kind](rows.settings, rows.count + steps_done, rate, weights[part], gradient[part], own)


def _sgd(
    settings: Optimiser, count: int, rate: float, weights: Tensor, gradient: Tensor, moments: dict[str, Tensor]
) -> None:
    torch._fused_sgd_(
        [weights],
        [gradient],
        [moments["momentum"]] if settings.momentum else [],
        weight_decay=settings.weight_decay,
        momentum=settings.momentum,
        lr=rate,
        dampening=0.0,
        nesterov=settings.nesterov,
        maximize=False,
        is_first_step=count == 0,
    )


def _adam(
    settings: Optimiser, count: int, rate: float, weights: Tensor, gradient: Tensor, moments: dict[str, Tensor]
) -> None:
    step = torch._fused_adamw_ if settings.kind == "adamw" else torch._fused_adam_
    step(
        [weights],
        [gradient],
        [moments["mean"]],
        [moments["square"]],
        [],
        [torch.full((), float(count + 1), device=weights.device)],  # filled on the device: nothing waits for a copy
        lr=rate,
        beta1=settings.beta1,
        beta2=settings.beta2,
        weight_decay=settings.weight_decay,
        eps=_eps(settings),
        amsgrad=False,
        maximize=False,
    )


def _adadelta(
    settings: Optimiser, count: int, rate: float, weights: Tensor, gradient: Tensor, moments: dict[str, Tensor]
) -> None:
    if settings.weight_decay:
        gradient.add_(weights, alpha=settings.weight_decay)
    square, delta = moments["square"], moments["delta"]
    square.mul_(settings.rho).addcmul_(gradient, gradient, value=1 - settings.rho)
    change = (delta + _eps(settings)).sqrt_().div_((square + _eps(settings)).sqrt_()).mul_(gradient)
    delta.mul_(settings.rho).addcmul_(change, change, value=1 - settings.rho)
    weights.add_(change, alpha=-rate)


def _eps(settings: Optimiser) -> float:
    return _EPS[settings.kind] if settings.eps is None else settings.eps


_STEPS: dict[str, Callable[[Optimiser, int, float, Tensor, Tensor, dict[str, Tensor]], None]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adam,
    "adadelta": _adadelta,
}
