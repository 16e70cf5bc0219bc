"""A smaller network of the same family: all its layers narrowed alike, until it is of a wanted size.

A network is narrowed by what it registers as `narrowed`, a function of its options and a factor that gives other
options; where it registers nothing, by its option `width`, a factor of its layers' sizes or a number of units.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch

from bench.arguments import chosen, settings
from bench.errors import UserError
from bench.models.base import build, prunable_layers
from bench.models.widths import scaled
from bench.registry import Choice, Component

STEPS = 10_000  # in how many steps the width is searched, from 1 / STEPS to the whole


class TooNarrow(UserError):
    """No network of the family is as small as that."""


def of_size(choice: Choice, shape: tuple[int, ...], classes: int, weights: int) -> Choice:
    """The widest network of the choice's family, no wider than itself, with no more prunable weights than that."""
    _weights(narrowed(choice, 1 - 1 / STEPS), shape, classes)  # refuses what cannot be narrowed at all

    def counted(step: int) -> int:
        """0 where there is no such network: a layer without units, or code that cannot make one."""
        try:
            return _weights(narrowed(choice, step / STEPS), shape, classes)
        except UserError:
            return 0

    low, high = 0, STEPS + 1  # narrow enough, too wide
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if counted(middle) <= weights else (low, middle)
    if low == 0 or not counted(low):
        least = counted(low + 1)
        raise TooNarrow(
            f"the narrowest {choice.name} has {least:,} weights, more than the {weights:,} that are left at this level"
        )
    return narrowed(choice, low / STEPS)


def narrowed(choice: Choice, width: float) -> Choice:
    """The same network at a share of its width."""
    component, given = chosen("network", choice)
    options = _hooked(component, given, width)
    known = component.options
    return Choice(
        choice.name, tuple(sorted((name, one) for name, one in options.items() if one != known[name].default))
    )


def _hooked(component: Component, given: Mapping[str, Any], width: float) -> dict[str, Any]:
    if hook := component.extra.get("narrowed"):
        options: dict[str, Any] = hook(given, width)
        return options
    if "width" not in component.options:
        raise UserError(
            f"network {component.name}: nothing tells how to narrow it; give its function an option "
            "`width: float = 1.0`, a factor of its layers' sizes, or leave out the methods that need a smaller network"
        )
    whole = given.get("width", component.options["width"].default)
    return {**given, "width": scaled(whole, width) if isinstance(whole, int) else round(whole * width, 9)}


def _weights(choice: Choice, shape: tuple[int, ...], classes: int) -> int:
    component, given = chosen("network", choice)
    return _counted(choice, (*component.identity, *settings(component, given)), shape, classes)


@lru_cache(maxsize=65536)
def _counted(choice: Choice, identity: tuple[Any, ...], shape: tuple[int, ...], classes: int) -> int:
    """`identity` is that of what the choice names, which a user may edit meanwhile."""
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of layers without units, which are found out here
        sizes = [layer.weights for layer in prunable_layers(build(choice, shape, classes))]
    return sum(sizes) if all(sizes) else 0
