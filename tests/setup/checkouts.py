"""A checkout in a temporary folder, with a `bench` that only tells how it was called."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Checkout:
    """The files that set a checkout up, away from the real one."""

    folder: Path

    def call(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder, with nothing of this test run's make or settings around it."""
        outside = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MAKE", "MFLAGS", "BENCH", "UV_", "PIP_")) and name not in ("PYTHON", "NO_UV")
        }
        return subprocess.run(
            command,
            cwd=self.folder,
            env=outside | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )

    def make(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.call("make", *arguments, **variables)

    def program(self, path: str, *lines: str) -> Path:
        """A shell script in the folder."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(("#!/bin/sh", *lines, "")), encoding="utf-8")
        file.chmod(0o755)
        return file
