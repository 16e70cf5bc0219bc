"""What others claimed, and whether our runs bear it out: `judge("results.db", read_claims())`."""

from analysis.claims.judging import VERDICTS, Answer, Estimate, Judgement, judge
from analysis.claims.reading import read_claims, read_register
from analysis.claims.rules import Check, Claim, Project
from analysis.claims.telling import Told, sheets, tell

__all__ = [
    "VERDICTS",
    "Answer",
    "Check",
    "Claim",
    "Estimate",
    "Judgement",
    "Project",
    "Told",
    "judge",
    "read_claims",
    "read_register",
    "sheets",
    "tell",
]
