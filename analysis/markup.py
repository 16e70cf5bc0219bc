"""Plain text made safe for Markdown and LaTeX."""

from __future__ import annotations

import re
from itertools import pairwise

_LATEX = {
    "\\": r"\textbackslash{}",
    **{sign: rf"\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "\N{MINUS SIGN}": "$-$",
    "\N{EN DASH}": "--",
    "\N{NO-BREAK SPACE}": "~",
    "…": r"\ldots{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\`{}",
}
_BEYOND = "\u0180"  # from here on LaTeX as it comes has no letters


def tex(text: str) -> str:
    """Plain text as LaTeX shows it; line breaks become spaces, and two dashes stay two."""
    line = text.replace("\n", " ")
    return "".join(_sign(a) + ("{}" if a == b == "-" else "") for a, b in pairwise(f"{line} "))


def _sign(sign: str) -> str:
    return _LATEX.get(sign, sign if sign < _BEYOND else f"[U+{ord(sign):04X}]")


def markdown_text(text: str) -> str:
    """Plain text as Markdown shows it, also inside a table."""
    return re.sub(r"([\\|*_<>`\[\]#])", r"\\\1", text.replace("\n", " "))
