"""What a result was made with: packages, commit, whether code or suites were changed since it."""

from __future__ import annotations

import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from bench.store import SessionInfo

PACKAGES = ("torch", "torchvision", "numpy", "scipy", "scikit-learn", "pandas", "sqlalchemy", "optuna")
_HOME = Path(__file__).resolve().parent.parent


def session_info(note: str | None, plugins: Sequence[Path]) -> SessionInfo:
    """The record of the command that runs now."""
    commit = _git("rev-parse", "HEAD")
    return SessionInfo(
        command=shlex.join(sys.argv),
        python=platform.python_version(),
        packages=_packages(),
        commit=commit,
        dirty_code=bool(_git("status", "--porcelain", "--", "bench", "analysis")) if commit else None,
        dirty_suites=bool(_git("status", "--porcelain", "--", "suites")) if commit else None,
        note=note,
        plugins={plugin.name: plugin.read_text(encoding="utf-8") for plugin in plugins},
    )


def _packages() -> Mapping[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _git(*arguments: str) -> str | None:
    """What git says of the folder that holds our code, or None where it has nothing to say."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(_HOME), *arguments], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
