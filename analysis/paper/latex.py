"""The pieces of LaTeX that a paper is made of; texts come in plain and are escaped here."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from analysis.markup import tex

LINE = 102  # characters of \footnotesize in a line of the page
CAPITALS = 1.15  # a word may be wider than its characters are on average
GAP = 3  # between two columns, in such characters
LEAST_GAP = 1.5  # where there are so many columns that their words would not fit otherwise
MOST = 40  # of a column that can be broken

# Where a word may be broken: names, hashes and versions are longer than a column otherwise.
_JOINTS = re.compile(r"(?<=[./=,:_-])(?=[A-Za-z])")  # and no number is taken apart
_PIECE = 20  # of a hash


@dataclass(frozen=True)
class Group:
    """Rows of a table that belong together, under a heading of their own; no heading where it is empty."""

    heading: str
    rows: tuple[tuple[str, ...], ...]


def words(text: str) -> str:
    """Plain text with places where it may be broken."""
    return " ".join(r"\allowbreak{}".join(map(tex, _pieces(word))) for word in text.split(" "))


def _pieces(word: str) -> list[str]:
    """What of a word cannot be broken further."""
    parts = [joint[at : at + _PIECE] for joint in _JOINTS.split(word) for at in range(0, len(joint), _PIECE)]
    return parts or [""]


def table(
    columns: Sequence[str],
    groups: Sequence[Group],
    caption: str,
    numeric: Sequence[str] = (),
    bold: frozenset[tuple[int, int]] = frozenset(),
) -> str:
    """A table as wide as it has to be and no wider than the page, that may go over pages.

    `bold` are rows, counted through all groups, and columns of what is singled out.
    """
    texts = [*zip_longest(columns, *(row for group in groups for row in group.rows), fillvalue="")]
    widths = [max(map(len, column)) for column in texts]
    wide = sum(widths) + GAP * (len(widths) - 1) > LINE
    kinds = _broken(columns, texts, numeric) if wide else "".join("r" if name in numeric else "l" for name in columns)
    cell = words if wide else tex
    head = rf"  {' & '.join(map(tex, columns))} \\"
    lines = [
        r"{\footnotesize",
        rf"\begin{{longtable}}{{@{{}}{kinds}@{{}}}}",
        rf"  \caption{{{tex(caption)}}}\\",
        *(r"  \toprule", head, r"  \midrule", r"  \endfirsthead"),
        *(r"  \toprule", head, r"  \midrule", r"  \endhead"),
        *(r"  \bottomrule", r"  \endlastfoot"),
    ]
    done = 0
    for place, group in enumerate(groups):
        if group.heading:
            lines += [r"  \addlinespace"] if place else []
            kind = "l" if len(group.heading) <= sum(widths) else r">{\raggedright\arraybackslash}p{\linewidth}"
            spread = rf"  \multicolumn{{{len(columns)}}}{{@{{}}{kind}@{{}}}}"
            lines.append(rf"{spread}{{\itshape {tex(group.heading)}}} \\*")
        for row in group.rows:
            lines.append(_row(row, cell, [(done, at) in bold for at in range(len(row))]))
            done += 1
    return "\n".join([*lines, r"\end{longtable}}", ""])


def _row(cells: Sequence[str], safe: Callable[[str], str], strong: Sequence[bool]) -> str:
    told = [rf"\textbf{{{safe(text)}}}" if heavy else safe(text) for text, heavy in zip(cells, strong, strict=True)]
    return rf"  {' & '.join(told)} \\"


def _broken(columns: Sequence[str], texts: Sequence[Sequence[str]], numeric: Sequence[str]) -> str:
    """Columns that share the page by what stands in them, none wider than it needs, nor narrower than its words."""
    wanted = [min(max(map(len, column)), MOST) for column in texts]
    least = [min(CAPITALS * max(map(_longest, column)) + 1, width) for column, width in zip(texts, wanted, strict=True)]
    gaps = len(wanted) - 1
    gap = max(LEAST_GAP, min(GAP, (LINE - sum(least)) / gaps)) if gaps else GAP
    room = LINE - gap * gaps
    loose = sum(wanted) - sum(least)
    part = min(1.0, max(0.0, (room - sum(least)) / loose)) if loose else 0.0
    taken = [low + part * (width - low) for low, width in zip(least, wanted, strict=True)]
    # A cell may reach a little into the gap beside it, which is wider than that.
    scale = min(1.0, room / sum(taken)) / LINE
    sides = ["raggedleft" if name in numeric else "raggedright" for name in columns]
    return rf"@{{\hspace{{{gap / LINE:.4f}\linewidth}}}}".join(
        rf">{{\{side}\hfuzz=8pt\arraybackslash}}p{{{width * scale:.4f}\linewidth}}"
        for side, width in zip(sides, taken, strict=True)
    )


def _longest(text: str) -> int:
    """Characters of the longest piece that cannot be broken."""
    return max(len(piece) for word in text.split(" ") for piece in _pieces(word))


def section(title: str, *paragraphs: str) -> str:
    """A section of the appendix; paragraphs are LaTeX already."""
    return "\n\n".join([r"\roomforasection", rf"\section{{{tex(title)}}}", *(one for one in paragraphs if one)]) + "\n"


# A heading with the beginning of a table below it is kept together; \pagegoal is huge while the page is empty.
ROOM = r"\providecommand{\roomforasection}{\par\ifdim\dimexpr\pagegoal-\pagetotal<14\baselineskip\newpage\fi}"
