"""What goes from a suite's results into a paper: figures, tables, statistics, an appendix and references."""

from analysis.paper.writing import write_paper

__all__ = ["write_paper"]
