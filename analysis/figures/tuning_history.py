"""How each study found its best: every trial, and the best so far, against the training steps that were spent."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures import panels
from analysis.figures.kind import DatabaseFigure, Made, Picture
from analysis.figures.material import Material
from analysis.figures.style import COLOURS, INK, PAPER, QUIET, Width
from analysis.tuning import history
from analysis.wording import count

TITLE = "How tuning found its best"
SHEETS: dict[Width, panels.Sheet] = {
    "wide": panels.Sheet(columns=3, height=96, left=44, between=34, below=34, under=26, above=28),
    "narrow": panels.Sheet(columns=1, height=96, left=44, between=30, below=34, under=26, above=28),
}
MOST = 18  # studies in one figure


def make(material: Material) -> Made:
    """A panel for each study that has a trial; none where nothing was tuned."""
    found = history(material.details.trials)
    shown = found[found["value"].notna()]
    if shown.empty:
        return None
    studies = list(dict.fromkeys(shown["study"]))
    rest = f" The last {MOST} of {count(len(studies), 'study', 'studies')}." if len(studies) > MOST else ""
    chosen = shown[shown["study"].isin(studies[-MOST:])]
    caption = (
        "What each trial of a study came to on validation data, against the training steps that the study had spent,"
        " each run counted as if it were made alone. Hollow: stopped early, on fewer seeds. Line: the best so far among"
        f" trials that were given all their seeds, which alone can be chosen.{rest}"
    )
    return Picture(TITLE, caption, partial(_draw, chosen))


def _draw(found: pd.DataFrame, width: Width) -> Figure:
    studies = [group for _, group in found.groupby("study", sort=True)]
    sheet = SHEETS[width]
    colour = COLOURS[0][0]
    entries = [
        Line2D([], [], marker="o", linestyle="", color=colour, label="trial"),
        Line2D([], [], marker="o", linestyle="", color=colour, markerfacecolor=PAPER, label="stopped early"),
        Line2D([], [], color=INK, label="best so far"),
    ]
    figure, axes = panels.start(width, sheet, len(studies), "validation accuracy of trials (%)", entries)
    room = panels.panel_width(width, sheet, len(studies))
    for panel, study in zip(axes, studies, strict=True):
        thousands = study["steps"] / 1000
        values = 100 * study["value"]
        done = study["state"] == "done"
        panel.plot(thousands[~done], values[~done], "o", color=colour, markerfacecolor=PAPER, markersize=3, alpha=0.7)
        panel.plot(thousands[done], values[done], "o", color=colour, markersize=3.4)
        panel.plot(thousands, 100 * study["best"], color=INK, linewidth=1.1, drawstyle="steps-post")
        panel.grid(axis="y", zorder=0)
        panel.tick_params(labelsize=7.5, colors=QUIET)
        panel.locator_params(axis="x", nbins=4)
        panel.locator_params(axis="y", nbins=5)
        panel.set_xlim(left=0)
        panels.name(panel, str(study["label"].iloc[0]), room, str(study["where"].iloc[0]))
    panels.label(figure, axes, across="training steps, each run alone (thousands)")
    return figure


FIGURE = DatabaseFigure("tuning-history", "what the trials of each study came to, and the best so far", make)
