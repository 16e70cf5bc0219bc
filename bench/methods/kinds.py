"""What a method says of itself where it is registered.

`dense=True`: it prunes nothing and is the same at all levels, so that it has one row. `whole=True`: it prunes nothing
either, but has a row for each level, to which its size or its cost belongs; `sized=True` says that it is the size,
of another network than the suite's.
"""

from __future__ import annotations

from bench.registry import Component

_OF_SIZES = ("granularity", "scope", "rates", "exclude", "floor")  # what decides how many weights a level leaves


def prunes(component: Component) -> bool:
    return not (component.extra.get("dense") or component.extra.get("whole"))


def without_effect(component: Component) -> tuple[str, ...]:
    """The keys of `prune` that change nothing of the method."""
    if prunes(component):
        return ()
    return ("score",) if component.extra.get("sized") else ("score", *_OF_SIZES)
