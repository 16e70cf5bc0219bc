"""The tables of the whole database: how complete it is, what failed, where it was run."""

from __future__ import annotations

import pandas as pd

from analysis import inventory
from analysis.report.folder import Folder
from analysis.sheet import Sheet


def sheets_of(runs: pd.DataFrame, planned: pd.DataFrame, target: Folder) -> dict[str, Sheet]:
    """The tables by name; those that have rows are written as files."""
    sheets = (inventory.coverage(runs, planned), inventory.failures(runs), inventory.environments(runs))
    for sheet in sheets:
        if sheet.rows:
            target.write(f"tables/{sheet.name}.md", sheet.to_markdown())
            target.write(f"tables/{sheet.name}.tex", sheet.to_latex())
            target.write(f"tables/{sheet.name}.csv", sheet.to_csv())
    return {sheet.name: sheet for sheet in sheets}
