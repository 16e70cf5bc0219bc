"""A plain table of words and numbers, and its three files."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.markup import markdown_text, tex


@dataclass(frozen=True)
class Sheet:
    """Columns and rows of text; columns whose cells are numbers stand to the right."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[str] = frozenset()

    def to_csv(self) -> str:
        """As a spreadsheet reads it."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return buffer.getvalue()

    def to_markdown(self) -> str:
        """With its title."""
        rule = "|".join("--:" if column in self.numeric else ":--" for column in self.columns)
        lines = [f"### {self.title}", "", _line(self.columns), f"|{rule}|", *(_line(row) for row in self.rows)]
        return "\n".join([*lines, ""])

    def to_latex(self) -> str:
        """A floating table; needs booktabs."""
        kinds = "".join("r" if column in self.numeric else "l" for column in self.columns)
        lines = [
            r"% needs \usepackage{booktabs}",
            r"\begin{table}[t]",
            r"  \centering\footnotesize",
            f"  \\caption{{{tex(self.title)}}}",
            f"  \\begin{{tabular}}{{{kinds}}}",
            r"    \toprule",
            f"    {' & '.join(map(tex, self.columns))} \\\\",
            r"    \midrule",
            *(f"    {' & '.join(map(tex, row))} \\\\" for row in self.rows),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
        ]
        return "\n".join([*lines, ""])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(markdown_text(cell) for cell in cells) + " |"
