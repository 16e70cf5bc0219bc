"""From scores and a level to masks: exact counts, ties and all, and nothing that is gone comes back."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from bench.patterns import n_of_m
from bench.pruning.granularity import Granularity, granularity
from bench.recipe import Level


def exact_count(share: float, granules: int) -> int:
    """How many granules of so many are gone at a share: rounded half up."""
    # Twelve digits are what a level keeps; rounding here lets 0.3 * 5 be 1.5 as on paper.
    return min(granules, math.floor(round(share * granules, 9) + 0.5))


def least_kept(floor: float, granules: int) -> int:
    """How many of so many granules a floor keeps: a number of them, or a share where it is below 1."""
    return min(granules, int(floor) if floor >= 1 else math.ceil(round(floor * granules, 9)))


def keep_best(scores: Tensor, gone: Tensor, count: int) -> Tensor:
    """Which granules are kept when `count` are gone: those already gone first, then the lowest; ties go by place."""
    # A score may say minus infinity; what is gone comes before it all the same.
    ranked = scores.double().clamp_min(torch.finfo(torch.float64).min).masked_fill(gone, -math.inf)
    kept = torch.ones(scores.numel(), dtype=torch.bool)
    kept[torch.argsort(ranked, stable=True)[:count]] = False
    return kept & ~gone


def new_masks(
    scores: Mapping[str, Tensor],
    masks: Mapping[str, Tensor],
    level: Level,
    granularity_name: str,
    scope: str,
    floor: float = 0,
) -> dict[str, Tensor]:
    """The masks of the layers that the level names, at the level. Over all layers, each keeps what the floor says."""
    if (pattern := n_of_m(granularity_name)) is not None:
        return {name: _within_groups(scores[name], masks[name], share, pattern[1]) for name, share in level.layers}
    kind = granularity(granularity_name)
    folded = {name: kind.fold(scores[name].double()) for name, _ in level.layers}
    gone = {name: _granules_gone(kind, masks[name]) for name, _ in level.layers}
    kept = _within_layers(folded, gone, level) if scope == "layer" else _across_layers(folded, gone, level, floor)
    return {name: kind.unfold(kept[name], masks[name].shape) & masks[name] for name in kept}


def _granules_gone(kind: Granularity, mask: Tensor) -> Tensor:
    """A granule is gone when all of its weights are."""
    return kind.fold(mask.double()) == 0


def _within_layers(folded: Mapping[str, Tensor], gone: Mapping[str, Tensor], level: Level) -> dict[str, Tensor]:
    return {
        name: keep_best(folded[name], gone[name], exact_count(share, folded[name].numel()))
        for name, share in level.layers
    }


def _within_groups(scores: Tensor, mask: Tensor, share: float, size: int) -> Tensor:
    """The share of each group of `size` neighbouring inputs goes; a smaller one at the end loses its part, rounded."""
    rows = scores.double().movedim(1, -1).flatten(0, -2)  # (all but inputs, inputs)
    gone = ~mask.movedim(1, -1).flatten(0, -2)
    ranked = rows.clamp_min(torch.finfo(torch.float64).min).masked_fill(gone, -math.inf)
    kept = torch.ones_like(gone)
    for start in range(0, rows.shape[1], size):
        group = ranked[:, start : start + size]
        lowest = torch.argsort(group, dim=1, stable=True)[:, : exact_count(share, group.shape[1])]
        kept[:, start : start + size].scatter_(1, lowest, value=False)
    order = mask.movedim(1, -1).shape
    return kept.view(order).movedim(-1, 1) & mask


def _across_layers(
    folded: Mapping[str, Tensor], gone: Mapping[str, Tensor], level: Level, floor: float
) -> dict[str, Tensor]:
    names = [name for name, _ in level.layers]
    sizes = [folded[name].numel() for name in names]
    wanted = sum(share * size for (_, share), size in zip(level.layers, sizes, strict=True))
    scores, are_gone = torch.cat([folded[name] for name in names]), torch.cat([gone[name] for name in names])
    best = torch.cat([spared(folded[name], gone[name], floor) for name in names])
    together = torch.ones_like(are_gone)
    count = min(exact_count(wanted / sum(sizes), sum(sizes)), int((~best).sum()))
    together[~best] = keep_best(scores[~best], are_gone[~best], count)
    return dict(zip(names, torch.split(together, sizes), strict=True))


def spared(scores: Tensor, gone: Tensor, floor: float) -> Tensor:
    """The best of a layer, as many as the floor keeps: they would go last of it, and so never go."""
    count = scores.numel()
    return keep_best(scores, gone, count - least_kept(floor, count))
