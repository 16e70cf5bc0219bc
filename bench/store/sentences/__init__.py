"""What every table, view and column means, in one sentence each, with its unit in brackets at the end.

The comments in the DDL, the table `documentation` and the documentation page are all made from here.
"""

from __future__ import annotations

from bench.store.sentences.tables import TABLES
from bench.store.sentences.views import VIEWS

__all__ = ["TABLES", "VIEWS"]
