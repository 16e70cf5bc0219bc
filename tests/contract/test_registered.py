"""Everything that is registered keeps what its kind promises."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.contract import examine
from bench.registry import registry

KINDS = ("score", "method", "network", "dataset", "initialisation")
OWN_FILES = ("faces", "file", "folder", "npz")  # these need files of the user's; the sets are examined in tests/data
EVERYTHING = [(kind, name) for kind in KINDS for name in registry(kind).names() if name not in OWN_FILES]


@pytest.fixture(autouse=True)
def _without_other_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Image data are stand-ins, also where the real ones lie around."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BENCH_DATA", raising=False)


@pytest.mark.parametrize(("kind", "name"), EVERYTHING, ids=[f"{kind}-{name}" for kind, name in EVERYTHING])
def test_every_promise_holds(kind: str, name: str) -> None:
    broken = [verdict for verdict in examine(registry(kind).get(name), seconds=300) if verdict.outcome != "holds"]
    assert broken == []


NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self, in_channels=1, classes=10):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(in_channels, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.2))
        self.pool = nn.AdaptiveAvgPool2d(2)
        self.output = nn.Linear(16, classes)

    def forward(self, images):
        return self.output(self.pool(self.features(images)).flatten(1))
"""


def test_a_network_of_the_users_own_keeps_the_promises_too(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(NET)
    component = registry("network").get("file")
    given = replace(component, extra={**component.extra, "sample": {"path": str(file), "name": "Net"}})
    assert [verdict for verdict in examine(given, seconds=300) if verdict.outcome != "holds"] == []
