"""A published data set, and the stand-in that takes its place where it can not be had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bench.data.base import Dataset, open_named
from bench.data.download import Unobtainable
from bench.data.policy import DataPolicy
from bench.errors import UserError


class Source(Protocol):
    """Where the files of a data set come from: published archives, or a folder of the user's own."""

    def find(self, policy: DataPolicy) -> tuple[Path, ...] | None:
        """The files where they are on this machine, None where they are not; a broken copy is an error."""
        ...

    def obtain(self, policy: DataPolicy) -> tuple[Path, ...]:
        """The files, fetched where that is needed and allowed; raises Unobtainable, saying what was tried."""
        ...

    def where(self, policy: DataPolicy) -> str:
        """The folders that are looked in."""
        ...

    def offer(self, policy: DataPolicy) -> str:
        """How they would be fetched; empty where they can not be."""
        ...

    def mend(self, policy: DataPolicy) -> str:
        """What the user can do to have them here."""
        ...


@dataclass(frozen=True)
class Published:
    """A data set that others made. It is registered with this as the extra `published`."""

    name: str
    title: str
    source: Source
    standin: str  # the registered name of what takes its place
    standin_title: str


def open_published(
    published: Published, policy: DataPolicy, real: Callable[[tuple[Path, ...]], Dataset], **options: Any
) -> Dataset:
    """The real set, made of its files, or its stand-in, opened with the same options, with a notice that says why."""
    if policy.mode == "standin":
        return _standin(published, policy, options, "stand-ins were asked for")
    try:
        paths = published.source.obtain(policy)
    except Unobtainable as error:
        mend = published.source.mend(policy)
        if policy.mode == "real":
            raise UserError(f"{published.name}: {error}; {mend}") from error
        return _standin(published, policy, options, f"{error}; to get the real one, {mend}")
    return real(paths)


def remedy(published: Published, policy: DataPolicy) -> str:
    """What `bench run` would do about a set that is not here."""
    absent = f"not in {published.source.where(policy)}"
    standin = f"{published.standin} ({published.standin_title}) takes its place"
    if policy.mode == "standin":
        return f"{absent}; {standin}"
    offer = published.source.offer(policy)
    if not policy.download or not offer:
        why = "downloads are off" if offer else published.source.mend(policy)
        return f"{absent}; {why}, so " + ("it can not be used" if policy.mode == "real" else standin)
    return f"{absent}; {offer}" if policy.mode == "real" else f"{absent}; {offer}; failing that, {standin}"


def _standin(published: Published, policy: DataPolicy, options: dict[str, Any], reason: str) -> Dataset:
    opened = open_named(published.standin, options, policy)
    opened.notice = (
        f"STAND-IN: {published.standin} ({published.standin_title}) takes the place of {published.name}; its results "
        f"are stored under its own name and say nothing about {published.title}. Reason: {reason}"
    )
    return opened
