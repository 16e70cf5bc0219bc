"""`bench run` as a user starts it, in a process of its own, for tests that disturb it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parents[2]
SUITE = """\
title: Some digits
data: digits
model: {mlp: {sizes: [48, 24]}}
training: {optimiser: adam, lr: 1e-3, batch: 40, epochs: EPOCHS}
seeds: 3
sparsities: [0.5, 0.8, 0.9]
methods: [none, {one-shot: {fine-tune: 2 epochs}}, lottery, {one-shot: {score: random}}]
"""


def folder_with_suite(folder: Path, epochs: int = 10) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "digits.yaml").write_text(SUITE.replace("EPOCHS", str(epochs)), encoding="utf-8")
    return folder


class Command:
    """A command that has begun; it does not outlive the block or the test that it stands in."""

    def __init__(self, folder: Path, *more: str, **variables: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench", "run", "digits.yaml", "--threads", "1", "--no-report", *more],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self) -> str:
        """What it said, once it has ended well."""
        code, said = self.ending()
        assert code == 0, said
        return said

    def ending(self) -> tuple[int, str]:
        said, _ = self.process.communicate(timeout=300)
        return self.process.returncode, said

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def __enter__(self) -> Command:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.kill()
