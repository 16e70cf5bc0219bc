"""What the user did wrong, said in one line: what, where, and the mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Bad input. Carries one or more complete lines; the command line prints them and exits with code 2."""

    def __init__(self, *lines: str) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(lines))


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint such as ``did you mean 'lottery'?``, else the list of what is known."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return "known are: " + ", ".join(names) if names else "none is known"
