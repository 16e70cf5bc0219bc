"""Where faces that were cut out lie."""

from __future__ import annotations

import re
from pathlib import Path

from bench.data.policy import DataPolicy
from bench.errors import UserError

GOT_FACES = "got-faces"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")  # no capitals: some file systems take them for the small letters


def folder_of(policy: DataPolicy, name: str) -> Path:
    """The folder of a set of faces."""
    return policy.own / "faces" / name


def own_folder(policy: DataPolicy, name: str) -> Path:
    """The folder of a set that the user named."""
    if name == GOT_FACES:
        raise UserError(f"{name!r} is a data set of its own; name yours otherwise, such as family")
    if not _NAME.fullmatch(name):
        raise UserError(f"{name!r} is no name for a set of faces; use small letters, digits, - and _, such as family")
    return folder_of(policy, name)
