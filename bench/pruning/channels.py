"""Whole channels: the units of all layers whose outputs meet in a sum or a max-feature-map go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bench.channels.structure import Channels, numbered
from bench.errors import UserError
from bench.pruning.masks import exact_count, keep_best
from bench.recipe import Level

CHANNEL = "channel"
_NAMED = 4  # so many layers are named in a sentence


@dataclass(frozen=True)
class Group:
    """Channels that run through the same layers, by number."""

    layers: tuple[str, ...]
    channels: tuple[int, ...]


def groups_of(channels: Channels, layers: Sequence[str]) -> tuple[Group, ...]:
    """The channels of some layers, in groups: those that the same of these layers share."""
    through: dict[int, list[str]] = {}
    for name in layers:
        for channel in dict.fromkeys(channels.units[name].tolist()):
            through.setdefault(channel, []).append(name)
    together: dict[tuple[str, ...], list[int]] = {}
    for channel, names in sorted(through.items()):
        together.setdefault(tuple(names), []).append(channel)
    return tuple(Group(names, tuple(found)) for names, found in together.items())


def check_channels(channels: Channels | None, levels: Sequence[Level], where: str) -> None:
    """Refuse levels at which no whole channel could go."""
    if channels is None:
        raise UserError(
            f"{where}: granularity channel: how channels run through the network cannot be told; give granularity: unit"
        )
    layers = [name for name, _ in levels[0].layers]
    bad = [name for name in layers if name not in channels.units or set(channels.units[name]) & channels.open]
    if bad:
        raise UserError(
            f"{where}: granularity channel: the channels of {_listed(bad)} run into what cannot be followed; "
            f"leave them out with exclude: [{', '.join(bad)}], or give granularity: unit"
        )
    inside = set(layers)
    for name in layers:
        tied = {other for other, units in channels.units.items() if np.isin(units, channels.units[name]).any()}
        if tied - inside:
            raise UserError(
                f"{where}: granularity channel: {name!r} shares its channels with {_listed(sorted(tied - inside))}; "
                "exclude all of them, or none"
            )
    for level in levels:
        shares = dict(level.layers)
        for group in groups_of(channels, layers):
            if len({shares[name] for name in group.layers}) > 1:
                one, other = min(group.layers, key=shares.__getitem__), max(group.layers, key=shares.__getitem__)
                raise UserError(
                    f"{where}: granularity channel: {one!r} and {other!r} share their channels, and "
                    f"{shares[one]:.4g} of one and {shares[other]:.4g} of the other cannot go; give both the same rate"
                )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(repr(name) for name in names[:_NAMED]) + more


def kept_channels(
    scores: Mapping[str, Tensor], masks: Mapping[str, Tensor], level: Level, scope: str, channels: Channels
) -> dict[int, bool]:
    """Of each channel of the level's layers whether it is kept, at the level.

    A channel counts by the Euclidean norm of all its scores, wherever they are. Each group of tied layers loses its
    share of channels, exactly; or all of them together what the groups would lose.
    """
    layers = [name for name, _ in level.layers]
    groups = groups_of(channels, layers)
    numbers = np.array(sorted(number for group in groups for number in group.channels))
    worth, gone = _folded(scores, masks, layers, channels, numbers)
    shares = dict(level.layers)
    wanted = [(shares[group.layers[0]], numbered(np.array(group.channels), numbers)) for group in groups]
    if scope == "global":
        asked = sum(share * len(places) for share, places in wanted)
        wanted = [(asked / len(numbers), np.arange(len(numbers)))]
    kept = torch.ones(len(numbers), dtype=torch.bool)
    for share, places in wanted:
        here = torch.from_numpy(places)
        kept[here] = keep_best(worth[here], gone[here], exact_count(share, len(places)))
    return dict(zip(numbers.tolist(), kept.tolist(), strict=True))


def _folded(
    scores: Mapping[str, Tensor],
    masks: Mapping[str, Tensor],
    layers: Sequence[str],
    channels: Channels,
    numbers: np.ndarray,
) -> tuple[Tensor, Tensor]:
    """What each channel is worth, and whether all of its weights are gone already."""
    squares = torch.zeros(len(numbers), dtype=torch.float64)
    alive = torch.zeros(len(numbers), dtype=torch.bool)
    for name in layers:
        rows = torch.from_numpy(numbered(channels.units[name], numbers))
        values = scores[name].double().cpu().flatten(1)
        squares.index_add_(0, rows, (values * values.abs()).sum(dim=1))
        alive[rows[masks[name].flatten(1).any(dim=1)]] = True
    return squares.sign() * squares.abs().sqrt(), ~alive


def of_units(kept: Mapping[int, bool], numbers: np.ndarray) -> Tensor:
    """Whether each unit or factor is kept, by the number of its channel; others than those of the level are."""
    return torch.tensor([kept.get(int(number), True) for number in numbers], dtype=torch.bool)
