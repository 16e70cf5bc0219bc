"""Tables, figures and the report, made from a result database alone: `from analysis import load, comparison`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.comparison import comparison
from analysis.grid import Cell, Comparison, Grid, Level
from analysis.load import load, load_missing

if TYPE_CHECKING:
    from analysis.report import write_report

__all__ = ["Cell", "Comparison", "Grid", "Level", "comparison", "load", "load_missing", "write_report"]


def __getattr__(name: str) -> Any:
    """The report alone needs matplotlib, whose import would slow every table down."""
    if name == "write_report":
        from analysis.report import write_report

        return write_report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
