"""What others have published of a grid: the rows of the table `published` that are about its data and network.

Rows match as in the view `versus_published`, but for the sparsity: whole curves are drawn, wherever our levels lie.
"""

from __future__ import annotations

import pandas as pd

from analysis.figures.material import Material
from analysis.grid import Grid


def about(material: Material, grid: Grid) -> pd.DataFrame:
    """The rows about a grid; `at` is the sparsity, true where it is known, and `label` the method of ours."""
    known, runs = material.details.published, material.runs_of(grid)
    protocols = set(runs["protocol"].dropna()) if "protocol" in runs else set()
    arms = [f" ({protocol})" for protocol in protocols]
    named = known["model"].isin([grid.model, *(grid.model.removesuffix(arm) for arm in arms)])
    rows = known[named & (known["data"] == grid.data) & (known["suite"].isna() | (known["suite"] == grid.suite))]
    labels: dict[str, str] = {}
    for method, name in zip(runs["method"], runs["method_name"], strict=True):
        labels.setdefault(str(name), str(method))
    label = [method if method in grid.methods else labels.get(str(method)) for method in rows["method"]]
    at = rows["sparsity_true"].fillna(rows["sparsity_claimed"]).astype(float)
    return rows.assign(at=at, label=pd.Series(label, index=rows.index, dtype="object"))
