"""The report: one page that needs nothing but itself, the figures and the tables as files beside it."""

from analysis.report.writing import write_report

__all__ = ["write_report"]
