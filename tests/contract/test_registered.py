"""Everything that is registered keeps what its kind promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.contract import examine
from bench.registry import registry

KINDS = ("score", "method", "network", "dataset", "initialisation")
EVERYTHING = [(kind, name) for kind in KINDS for name in registry(kind).names()]


@pytest.fixture(autouse=True)
def _without_other_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Image data are stand-ins, also where the real ones lie around."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BENCH_DATA", raising=False)


@pytest.mark.parametrize(("kind", "name"), EVERYTHING, ids=[f"{kind}-{name}" for kind, name in EVERYTHING])
def test_every_promise_holds(kind: str, name: str) -> None:
    broken = [verdict for verdict in examine(registry(kind).get(name), seconds=100) if verdict.outcome != "holds"]
    assert broken == []
