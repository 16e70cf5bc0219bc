"""What the sets of users' own files have in common: a name for results, and a path that is in no key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Settings = Callable[[Mapping[str, Any]], tuple[tuple[str, Any], ...]]


def settings_but_path(**defaults: Any) -> Settings:
    """For a data set whose `path` keys do not hold: the fingerprint has what lies there."""

    def settings(given: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
        return tuple(
            sorted((name, given[name]) for name in defaults if given.get(name, defaults[name]) != defaults[name])
        )

    return settings


def stored_as(kind: str, path: Path) -> str:
    """The name under which results are stored, such as folder:cats for ../cats/ and for cats.tar.gz."""
    place = path.resolve()  # a folder may have been given as .
    return f"{kind}:{place.name if place.is_dir() else place.name.split('.')[0]}"
