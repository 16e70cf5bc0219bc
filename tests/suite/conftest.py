"""A way to read a suite file that a test writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.suite import Suite, read_suite
from tests.suite.examples import Read


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Writes a text to the file mine.yaml here and reads it."""
    monkeypatch.chdir(tmp_path)

    def write_and_read(text: str | bytes, profile: str | None = None, **rest: object) -> Suite:
        raw = text if isinstance(text, bytes) else text.encode()
        Path("mine.yaml").write_bytes(raw)
        return read_suite("mine.yaml", profile, **rest)  # type: ignore[arg-type]  # passed on as given

    return write_and_read
