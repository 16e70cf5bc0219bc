"""The one style of all figures: sizes, colours and markers, and how a figure becomes files.

The colours were chosen to keep apart under the three colour blindnesses, with a contrast of at least 3 to 1 on white
and, in their second form, on a dark page; markers tell the methods apart without any colour.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analysis.figures.fonts import lean_fonts
from analysis.wording import natural

Width = Literal["wide", "narrow"]
Line = Literal["-", "--", ":", "-."]
INCHES: dict[Width, float] = {"wide": 7.2, "narrow": 3.6}
FORMATS = ("svg", "png", "pdf")
DOTS = 200  # to the inch, where a figure or an image in it is made of dots
_SAVING: Any = {"png": {"pil_kwargs": {"compress_level": 3}}}  # half the time for a sixth more bytes

INK, QUIET, RULE, PAPER = "#1b1d21", "#5c636e", "#d9dce1", "#fefefe"
# (on white, on a dark page)
COLOURS = (
    ("#0b62ab", "#6cb4f5"),
    ("#c8451a", "#ff9063"),
    ("#07876a", "#43cfa8"),
    ("#8e4bb0", "#cf97ec"),
    ("#a87400", "#e9b84a"),
    ("#2a8fc4", "#8fd3f7"),
    ("#c73e86", "#ff8cc2"),
    ("#6a5a4b", "#c9b8a6"),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
LINES: tuple[Line, ...] = ("-", "--", ":", "-.")
DENSE = INK
THEMED = {INK: "ink", QUIET: "quiet", RULE: "rule", PAPER: "paper"} | {
    light: f"series-{index}" for index, (light, _) in enumerate(COLOURS, start=1)
}

SETTINGS: Any = {  # newer releases of matplotlib type the keys, older ones do not
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "text.color": INK,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.labelsize": 8.5,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": PAPER,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.6,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "path.simplify": False,
}


@dataclass(frozen=True)
class Look:
    """How a method is drawn, the same in every figure of a report."""

    colour: str
    marker: str
    line: Line


def looks(methods: Iterable[str], dense: Iterable[str]) -> dict[str, Look]:
    """A look for each method; a colour that comes again has another marker and a broken line."""
    without = set(dense)
    pruned = sorted({*methods} - without, key=natural)
    chosen = {
        method: Look(
            COLOURS[place % len(COLOURS)][0],
            MARKERS[place % len(MARKERS)],
            LINES[place // len(COLOURS) % len(LINES)],
        )
        for place, method in enumerate(pruned)
    }
    return chosen | {method: Look(DENSE, "*", "--") for method in without}


def blank(width: Width, height: float) -> Figure:
    """An empty figure of a width and a height in inches; call it inside `styled`."""
    figure = Figure(figsize=(INCHES[width], height))
    FigureCanvasAgg(figure)
    return figure


def styled(**more: str) -> AbstractContextManager[None]:
    """The context in which figures are made and saved; `more` are settings of SVG."""
    settings: Any = {f"svg.{name}": value for name, value in more.items()}
    return mpl.rc_context(SETTINGS | settings)


def legend_columns(labels: Sequence[str], width: Width) -> int:
    """As many columns as fit without touching."""
    room = INCHES[width] * 72 - 10
    longest = max((len(label) for label in labels), default=1)
    return max(1, min(len(labels), int(room // (longest * 4.6 + 34))))


def save(figure: Figure, form: str, name: str) -> bytes:
    """The figure as a file's bytes: equal figures give equal bytes, without dates."""
    buffer = io.BytesIO()
    nothing = {"svg": ("Date", "Creator"), "png": ("Software",), "pdf": ("CreationDate", "Creator", "Producer")}
    with styled(hashsalt=name), lean_fonts() if form == "pdf" else nullcontext():
        figure.savefig(buffer, format=form, dpi=DOTS, metadata=dict.fromkeys(nothing[form]), **_SAVING.get(form, {}))
    return buffer.getvalue()


def inline(figure: Figure, name: str, title: str, description: str) -> str:
    """The figure as an element of a page: its text is text, its colours follow the page, its ids are its own."""
    buffer = io.BytesIO()
    with styled(hashsalt=name, fonttype="none"):
        figure.savefig(buffer, format="svg", dpi=DOTS, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue().decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{name}-", text)
    for colour, variable in THEMED.items():
        text = text.replace(colour, f"var(--{variable})")
    text = re.sub(r"font: ([0-9.]+px) [^;\"]*", r"font-size: \1", text)
    box = re.search(r'viewBox="([^"]*)"', text)
    head = (
        f'<svg viewBox="{box.group(1) if box else ""}" role="img" aria-labelledby="{name}-title {name}-desc"'
        ' xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<title id="{name}-title">{_escape(title)}</title><desc id="{name}-desc">{_escape(description)}</desc>'
    )
    return head + text[text.index(">") + 1 :].strip()


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
