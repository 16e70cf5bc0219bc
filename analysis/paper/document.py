"""The main file of a paper: it puts all the pieces on pages, and says how to take them into another paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.grid import Grid
from analysis.markup import tex
from analysis.wording import count, listing

_HEAD = r"""% Compiles with pdflatex and bibtex, or with tectonic, from the folder that it lies in.
% To take pieces into a paper of your own: figures/*-column.pdf are as wide as a column of two, figures/*-page.pdf as
% wide as a page; tables/*.tex, statistics.tex and appendix.tex are read by \input and need these packages.
\documentclass[10pt,a4paper]{article}
\usepackage[utf8]{inputenc}
\usepackage[margin=2.4cm]{geometry}
\usepackage{array,booktabs,graphicx,longtable,url}
\usepackage[hidelinks]{hyperref}
\setlength{\emergencystretch}{3em}
\AtBeginDocument{\setlength{\LTcapwidth}{\textwidth}}"""


@dataclass(frozen=True)
class Figure:
    """A figure that was written: its file without the ending for a width, and its caption."""

    file: str
    caption: str


@dataclass(frozen=True)
class Part:
    """What there is about one grid."""

    grid: Grid
    table: str
    figures: tuple[Figure, ...]
    findings: tuple[str, ...]


def document(title: str, parts: Sequence[Part], further: Sequence[str]) -> str:
    """The file main.tex; `further` are tables about all parts."""
    lines = [_HEAD, rf"\title{{{tex(title)}}}", r"\author{}", r"\date{}", r"\begin{document}", r"\maketitle", ""]
    lines += [r"\section{What was compared}", tex(_compared(parts)), ""]
    lines += [r"\section{Statistics}", r"\input{statistics}", ""]
    for part in parts:
        lines += _part(part, several=len({one.grid.environment for one in parts}) > 1)
    if further:
        lines += [r"\section{Further tables}", *(rf"\input{{{file}}}" for file in further), ""]
    lines += [r"\clearpage", r"\input{appendix}", "", r"\bibliographystyle{plain}", r"\bibliography{references}"]
    return "\n".join([*lines, r"\end{document}", ""])


def _compared(parts: Sequence[Part]) -> str:
    methods = list(dict.fromkeys(method for part in parts for method in part.grid.methods))
    problems = list(dict.fromkeys(f"{part.grid.data} with {part.grid.model}" for part in parts))
    return f"{count(len(methods), 'method')} on {listing(problems)}: {listing(methods)}."


def _part(part: Part, several: bool) -> list[str]:
    grid = part.grid
    where = f" ({grid.environment})" if several else ""
    lines = [rf"\section{{{tex(f'{grid.data}, {grid.model}{where}')}}}", ""]
    lines += [tex(" ".join(part.findings)), ""] if part.findings else []
    for figure in part.figures:
        lines += [
            r"\begin{figure}[htbp]",
            r"  \centering",
            rf"  \includegraphics[width=\linewidth]{{{figure.file}-page.pdf}}",
            rf"  \caption{{{tex(figure.caption)}}}",
            r"\end{figure}",
            "",
        ]
    return [*lines, rf"\input{{{part.table}}}", r"\clearpage", ""]
