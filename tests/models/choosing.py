"""A component with options, as a suite chooses it."""

from __future__ import annotations

from typing import Any

from bench.registry import Choice


def chosen(name: str, /, **options: Any) -> Choice:
    return Choice(name, tuple((option.replace("_", "-"), value) for option, value in options.items()))
