"""Plain text made safe for Markdown and LaTeX."""

from __future__ import annotations

import re

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
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def tex(text: str) -> str:
    """Plain text as LaTeX shows it; line breaks become spaces."""
    return "".join(_LATEX.get(sign, sign) for sign in text.replace("\n", " "))


def markdown_text(text: str) -> str:
    """Plain text as Markdown shows it, also inside a table."""
    return re.sub(r"([\\|*_<>`\[\]#])", r"\\\1", text.replace("\n", " "))
