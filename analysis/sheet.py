"""A plain table of words and numbers, and its three files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pandas as pd

from analysis.markup import markdown_text, tex

LONG = 40  # rows that no page holds: LaTeX breaks such a table over pages


@dataclass(frozen=True)
class Sheet:
    """Columns and rows of text; columns whose cells are numbers stand to the right."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[str] = frozenset()
    caption: str = ""  # what the numbers are, in sentences
    absence: str = ""  # the sentence that stands in place of a table without rows
    bold: frozenset[tuple[int, int]] = frozenset()  # row and column of what a test singles out
    data: pd.DataFrame | None = field(
        default=None, compare=False, repr=False
    )  # the same and more, in units of the database

    def to_csv(self) -> str:
        """As a spreadsheet reads it: plain numbers in the units of the database where the table was made of such."""
        if self.data is not None:
            return str(self.data.to_csv(index=False, lineterminator="\n"))
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return buffer.getvalue()

    def to_markdown(self) -> str:
        """With its title, and its caption below."""
        lines = [f"### {self.title}", ""]
        if not self.rows and self.absence:
            return "\n".join([*lines, markdown_text(self.absence), ""])
        rule = "|".join("--:" if column in self.numeric else ":--" for column in self.columns)
        lines += [
            _line([markdown_text(column) for column in self.columns]),
            f"|{rule}|",
            *map(_line, self._cells(markdown_text, "**{}**")),
        ]
        return "\n".join([*lines, "", *([markdown_text(self.caption), ""] if self.caption else [])])

    def to_latex(self) -> str:
        """A floating table, or one that goes over pages where it is long; needs booktabs, and longtable for that."""
        if not self.rows and self.absence:
            return f"% {self.title}: {self.absence}\n"
        kinds = "".join("r" if column in self.numeric else "l" for column in self.columns)
        head = f"    {' & '.join(map(tex, self.columns))} \\\\"
        body = [f"    {' & '.join(row)} \\\\" for row in self._cells(tex, r"\textbf{{{}}}")]
        caption = tex(" ".join(part for part in (f"{self.title}.", self.caption) if part))
        lines = _long(kinds, caption, head, body) if len(body) > LONG else _floating(kinds, caption, head, body)
        return "\n".join([*lines, ""])

    def _cells(self, safe: Callable[[str], str], strong: str) -> list[list[str]]:
        return [
            [
                strong.format(safe(cell)) if (row, column) in self.bold and cell else safe(cell)
                for column, cell in enumerate(cells)
            ]
            for row, cells in enumerate(self.rows)
        ]


def _floating(kinds: str, caption: str, head: str, body: Sequence[str]) -> list[str]:
    return [
        r"% needs \usepackage{booktabs}",
        r"\begin{table}[t]",
        r"  \centering\footnotesize",
        f"  \\caption{{{caption}}}",
        f"  \\begin{{tabular}}{{{kinds}}}",
        r"    \toprule",
        head,
        r"    \midrule",
        *body,
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]


def _long(kinds: str, caption: str, head: str, body: Sequence[str]) -> list[str]:
    return [
        r"% needs \usepackage{booktabs,longtable}",
        r"{\footnotesize",
        f"  \\begin{{longtable}}{{{kinds}}}",
        f"    \\caption{{{caption}}} \\\\",
        r"    \toprule",
        head,
        r"    \midrule",
        r"    \endfirsthead",
        r"    \toprule",
        head,
        r"    \midrule",
        r"    \endhead",
        r"    \bottomrule",
        r"    \endfoot",
        *body,
        r"  \end{longtable}",
        r"}",
    ]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
