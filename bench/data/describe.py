"""What `bench data` tells: where each data set was found on this machine, or how it would be got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from inspect import Parameter
from typing import Literal

from bench.data.base import open_named
from bench.data.finding import search, where
from bench.data.images import ImageSet
from bench.data.policy import DataPolicy
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
        return DataStatus(name, "needs options", "give it " + ", ".join(needed))
    published = component.extra.get("published")
    try:
        if isinstance(published, ImageSet):
            found = search(published.publication, policy)
            if found.broken:
                return DataStatus(name, "broken", "; ".join(found.broken))
            if found.missing:
                return DataStatus(name, "missing", _remedy(published, policy))
        info = open_named(name, {}, replace(policy, mode="real", download=False)).info
    except UserError as error:
        return DataStatus(name, "broken", "; ".join(error.lines))
    except Exception as error:  # a user's own data set may fail in any way
        return DataStatus(name, "broken", f"{type(error).__name__}: {error}")
    return DataStatus(name, "ready", info.source, info.standin, info.classes, info.shape, info.counts, info.fingerprint)


def _remedy(images: ImageSet, policy: DataPolicy) -> str:
    """What `bench run` would do about a missing set."""
    publication = images.publication
    absent = f"not in {where(publication, policy)}"
    standin = f"{images.standin.name} ({images.standin.title}) takes its place"
    if policy.mode == "standin":
        return f"{absent}; {standin}"
    if not policy.download:
        return f"{absent}; downloads are off, so " + ("it can not be used" if policy.mode == "real" else standin)
    host, size = policy.mirror or publication.hosts, f"{publication.megabytes:.0f} MB"
    plan = f"{absent}; would be fetched from {host} ({size}) into {policy.own / publication.folder}"
    return plan if policy.mode == "real" else f"{plan}; without a network {standin}"
