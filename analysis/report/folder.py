"""The folder of a report: writes files, remembers them, and takes away what an earlier report left behind."""

from __future__ import annotations

import json
from pathlib import Path

from bench.errors import UserError

MANIFEST = ".written.json"


class Folder:
    """Where a report goes. Files that no report wrote are left alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written: dict[str, None] = {}
        self._kept: set[str] = set()
        if path.exists() and not path.is_dir():
            raise UserError(f"{path}: is a file; choose a folder for the report")

    def write(self, name: str, content: str | bytes) -> str:
        """Write a file; gives its name, for links."""
        self.keep(name, content)
        self.written[name] = None
        return name

    def keep(self, name: str, content: str | bytes) -> None:
        """Write a file that is no part of the report, and goes with it."""
        target = self.path / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        except OSError as error:
            raise UserError(f"{target}: cannot be written: {error.strerror}; choose another folder") from error
        self._kept.add(name)

    def finish(self) -> list[Path]:
        """Remove what is left of an earlier report, and nothing else."""
        manifest = self.path / MANIFEST
        try:
            earlier = json.loads(manifest.read_text()) if manifest.is_file() else []
        except ValueError:
            earlier = []
        for name in earlier if isinstance(earlier, list) else []:
            stale = (self.path / str(name)).resolve()
            if str(name) not in self._kept and stale.is_relative_to(self.path.resolve()) and stale.is_file():
                stale.unlink()
                if not any(stale.parent.iterdir()):
                    stale.parent.rmdir()
        paths = [self.path / name for name in self.written]
        self.keep(MANIFEST, json.dumps(sorted(self._kept), indent=0) + "\n")
        return paths
