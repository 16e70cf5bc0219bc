"""The pieces of LaTeX that a paper is made of; texts come in plain and are escaped here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analysis.markup import tex

ROOM = 0.9  # of the width for the columns; the rest is between them
# Where a word may be broken: names, hashes and versions are longer than a column otherwise.
_BREAKS = re.compile(r"(?<=[./=,:+-])(?=\w)|(?<=\w{12})(?=\w{6})")


def words(text: str) -> str:
    """Plain text in a cell of a table, with places where it may be broken."""
    return r"\allowbreak{}".join(tex(part) for part in _BREAKS.split(text))


def long_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], shares: Sequence[float], caption: str, numeric: int = 0
) -> str:
    """A table that may go over pages; a column has a share of the width, the last `numeric` ones stand to the right."""
    left, gap = len(columns) - numeric, r"@{\hspace{0.8em}}"
    kinds = gap.join(
        rf">{{\{'raggedright' if place < left else 'raggedleft'}\arraybackslash}}p{{{share * ROOM:.3f}\linewidth}}"
        for place, share in enumerate(shares)
    )
    head = " & ".join(tex(name) for name in columns)
    lines = [
        r"{\footnotesize",
        rf"\begin{{longtable}}{{@{{}}{kinds}@{{}}}}",
        rf"  \caption{{{tex(caption)}}}\\",
        r"  \toprule",
        rf"  {head} \\",
        r"  \midrule",
        r"  \endfirsthead",
        r"  \toprule",
        rf"  {head} \\",
        r"  \midrule",
        r"  \endhead",
        r"  \bottomrule",
        r"  \endlastfoot",
        *(f"  {' & '.join(words(cell) for cell in row)} \\\\" for row in rows),
        r"\end{longtable}}",
    ]
    return "\n".join([*lines, ""])


def section(title: str, *paragraphs: str) -> str:
    """A section of the appendix; paragraphs are LaTeX already."""
    return "\n\n".join([rf"\section{{{tex(title)}}}", *(one for one in paragraphs if one)]) + "\n"
