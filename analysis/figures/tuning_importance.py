"""Which of the options that varied the value of a trial goes with."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures import panels
from analysis.figures.kind import Absence, DatabaseFigure, Made, Picture
from analysis.figures.material import Material
from analysis.figures.style import COLOURS, INCHES, INK, QUIET, Width, blank
from analysis.tuning import importance

TITLE = "Which options mattered in tuning"
ROW, HEAD, GAP = 13.0, 16.0, 10.0  # points: a bar, the name of a study, between two studies
NAMES: dict[Width, float] = {"wide": 150.0, "narrow": 104.0}
VALUES = 30.0  # points for the number behind a bar
MOST = 12  # studies in one figure


def make(material: Material) -> Made:
    """Bars for each study; None where nothing was tuned."""
    trials = material.details.trials
    if trials.empty:
        return None
    found = importance(trials)
    if found.empty:
        return Absence(TITLE, "No figure: no study has eight trials with a value yet.")
    caption = (
        "How strongly the value of a trial goes with each option by itself: the root of the share of the variance of"
        " its rank that a parabola in the option's rank, or the choice, explains. Pale: not told from none"
        " at 5 %, options of a study corrected by Holm. A search goes where it is good, and hides what is elsewhere."
    )
    return Picture(TITLE, caption, partial(_draw, found))


def _draw(found: pd.DataFrame, width: Width) -> Figure:
    studies = [group.sort_values("importance", ascending=False) for _, group in found.groupby("study", sort=True)][
        -MOST:
    ]
    high = sum(HEAD + ROW * len(study) + GAP for study in studies) + 8
    figure = blank(width, high / 72)
    wide = INCHES[width] * 72
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, wide)
    axes.set_ylim(high, 0)
    first, room = NAMES[width], wide - NAMES[width] - VALUES - 8
    top = 6.0
    for study in studies:
        axes.text(4, top + 6, panels.shortened(str(study["label"].iloc[0]), wide - 8), va="center", color=QUIET)
        top += HEAD
        sure = _sure(study["p"].tolist())
        for (_, row), is_sure in zip(study.iterrows(), sure, strict=True):
            middle = top + ROW / 2
            name = panels.shortened(str(row["param"]), NAMES[width] - 12)
            axes.text(first - 6, middle, name, va="center", ha="right", color=INK)
            size = float(row["importance"])
            axes.barh(
                middle, room * size, left=first, height=ROW - 5, color=COLOURS[0][0], alpha=1 if is_sure else 0.35
            )
            axes.text(first + room * size + 4, middle, f"{size:.2f}", va="center", color=INK if is_sure else QUIET)
            top += ROW
        top += GAP
    return figure


def _sure(ps: list[float]) -> list[bool]:
    """Which p values stay below 5 % by Holm's method."""
    order = sorted(range(len(ps)), key=lambda place: ps[place])
    sure = [False] * len(ps)
    for rank, place in enumerate(order):
        if ps[place] > 0.05 / (len(ps) - rank):
            break
        sure[place] = True
    return sure


FIGURE = DatabaseFigure("tuning-importance", "which options the value of a trial goes with", make)
