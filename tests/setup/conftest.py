"""A checkout in a temporary folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.setup.checkouts import ROOT, Checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """The set-up files of this project in a folder whose name has a space, and nothing installed."""
    folder = tmp_path / "my checkout"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    return Checkout(folder)
