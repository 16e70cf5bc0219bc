"""The commands: the one room that prints."""

from __future__ import annotations

from bench.cli.app import main

__all__ = ["main"]
