"""Imports point one way: what stands on a floor knows its own floor and those below, never one above."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# From the ground up. A name is a module of `bench`, or a room of it.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors", "masking", "durations", "random", "registry", "recipe", "arguments", "patterns"),
    ("store", "data", "models"),
    ("measures", "channels"),
    ("training",),
    ("pruning",),
    ("methods", "suite"),
    ("states", "executors"),
    ("allocation", "levels", "ground", "scoring", "grid", "graph", "plan", "only", "outlook"),
    ("checks", "records", "provenance", "receipts", "studies"),
    ("widths", "sharing", "ledger", "pace"),
    ("driver", "keeping", "stored", "status", "chosen"),
    ("opening",),
    ("benchmark", "outdated", "explain", "contract", "templates", "prediction"),
    ("retraining", "loading", "shipping", "speeding", "tuning", "reference"),
    ("cli", "__main__"),
)
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}


def imports(file: Path) -> Iterator[str]:
    """The modules of ours that a file imports, for types or lazily too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from bench import random` may name a module or a function of the package itself.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "bench" and len(parts) > 1 and parts[1] in FLOOR else None


@pytest.mark.parametrize("file", sorted((ROOT / "bench").rglob("*.py")), ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_point_down(file: Path) -> None:
    own = file.relative_to(ROOT / "bench").parts[0].removesuffix(".py")
    if own == "__init__":
        return
    assert own in FLOOR, f"{own} stands on no floor: add it to FLOORS"
    above = {module for module in imports(file) if (name := room(module)) and FLOOR[name] > FLOOR[own]}
    assert not above


@pytest.mark.parametrize(
    "file", sorted((ROOT / "analysis").rglob("*.py")), ids=lambda file: str(file.relative_to(ROOT))
)
def test_analysis_knows_the_database_alone(file: Path) -> None:
    assert {module for module in imports(file) if module.startswith("bench")} <= {
        f"bench.errors.{name}" for name in ("UserError", "nearest")
    }


def test_the_store_stands_by_itself() -> None:
    """It could be used by another project as it is: nothing of training, data or suites."""
    for file in (ROOT / "bench" / "store").rglob("*.py"):
        assert {room(module) for module in imports(file)} <= {None, "store", "errors", "masking"}
