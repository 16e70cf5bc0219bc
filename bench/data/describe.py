"""What `bench data` tells: where each data set was found on this machine, or how it would be got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from inspect import Parameter
from typing import Literal

from bench.data.base import open_named
from bench.data.policy import DataPolicy
from bench.data.published import Published, remedy
from bench.errors import UserError
from bench.registry import Component, registry


@dataclass(frozen=True)
class DataStatus:
    """One data set as it stands here. What is not known of it is None."""

    name: str
    status: Literal["ready", "missing", "broken", "needs options"]
    text: str  # where it was found, how it would be got, or what is wrong with it
    standin: bool = False
    classes: int | None = None
    shape: tuple[int, ...] | None = None
    counts: Mapping[str, int] | None = None
    fingerprint: str | None = None


def describe_datasets(policy: DataPolicy) -> list[DataStatus]:
    """All registered data sets. Nothing is fetched, and what is wrong with one does not hide the others."""
    sets = registry("dataset")
    return [_describe(sets.get(name), policy) for name in sets.names()]


def _describe(component: Component, policy: DataPolicy) -> DataStatus:
    name = component.name
    needed = [option for option, parameter in component.options.items() if parameter.default is Parameter.empty]
    if needed:
        return DataStatus(name, "needs options", f"give it {', '.join(needed)}: data: {{{name}: {needed[0].upper()}}}")
    published = component.extra.get("published")
    try:
        if isinstance(published, Published) and published.source.find(policy) is None:
            return DataStatus(name, "missing", remedy(published, policy))
        info = open_named(name, {}, replace(policy, mode="real", download=False)).info
    except UserError as error:
        return DataStatus(name, "broken", "; ".join(error.lines))
    except Exception as error:  # a user's own data set may fail in any way
        return DataStatus(name, "broken", f"{type(error).__name__}: {error}")
    return DataStatus(name, "ready", info.source, info.standin, info.classes, info.shape, info.counts, info.fingerprint)
