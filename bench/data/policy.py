"""Where data may come from: which folders are searched, whether downloads are allowed, whether a stand-in may serve."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from bench.errors import UserError

Progress = Callable[[str, int, int], None]  # what is done, how much of it so far, and in all

_OWN = Path("data")
_SHARED = Path("../shared/data")


@dataclass(frozen=True)
class DataPolicy:
    """How files of a data set are looked for. Penguins and digits come with dependencies and ignore all of it."""

    mode: Literal["auto", "real", "standin"] = "auto"  # real: no stand-in; standin: nothing else
    folders: tuple[Path, ...] = ()
    download: bool = True
    own: Path = _OWN  # the one folder that is written to
    mirror: str | None = None  # an address that takes the place of the published ones
    patience: float = 3.0  # seconds until a host that does not answer counts as unreachable
    progress: Progress | None = field(default=None, compare=False)

    @classmethod
    def from_environment(
        cls,
        mode: Literal["auto", "real", "standin"] = "auto",
        *,
        download: bool = True,
        progress: Progress | None = None,
    ) -> DataPolicy:
        """$BENCH_DATA (a list of folders), then ./data, then ../shared/data; $BENCH_MIRROR replaces the addresses."""
        if mode not in ("auto", "real", "standin"):
            raise UserError(f"--data {mode}: no such choice of data; give auto, real or standin")
        named = [Path(part).expanduser() for part in os.environ.get("BENCH_DATA", "").split(os.pathsep) if part]
        folders = tuple(dict.fromkeys([*named, _OWN, _SHARED]))
        mirror = os.environ.get("BENCH_MIRROR") or None
        return cls(mode, folders, download, mirror=mirror, progress=progress)

    def for_workers(self) -> DataPolicy:
        """The policy of a process that works for this one: it finds what is there by now and fetches nothing."""
        return replace(self, download=False, progress=None)
