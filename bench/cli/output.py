"""Where things are printed: what was asked for to stdout; errors, and what goes along with JSON, to stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bench.masking import shown, without_secrets

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

STANDIN = "bold red"  # how it is said that data are not the real ones
WIDE = 10_000  # columns of a file or a pipe: nothing is cut off or wrapped there


def console(*, stderr: bool = False) -> Console:
    """A screen, a file or a pipe; names and SQL are printed as they are, square brackets too."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else WIDE
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def say(screen: Console, text: str = "", style: str | None = None) -> None:
    """A line of prose, wrapped by the terminal and by nobody else; secrets in it are masked."""
    screen.print(shown(text), style=style, soft_wrap=True)


def warn(lines: Iterable[str]) -> None:
    """Errors and notices, a line each."""
    screen = console(stderr=True)
    for line in lines:
        say(screen, " ".join(line.split()), "red")


def emit(value: Any) -> None:
    """One JSON object on stdout."""
    print(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def plain(value: Any) -> Any:
    """What JSON can hold; a number that is none becomes null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return without_secrets(value)  # paths stay as they are: programs follow them
    if value is None or isinstance(value, bool | int):
        return value
    return f"{len(value)} bytes" if isinstance(value, bytes) else str(value)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Sequence[str] = (),
    bold: Collection[tuple[int, int]] = (),
) -> Table:
    """A table of texts; the columns named in `right` hold numbers, the cells (row, column) in `bold` stand out."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in columns:
        made.add_column(Text(name), justify="right" if name in right else "left", overflow="fold")
    for place, row in enumerate(rows):
        styles = ("bold" if (place, index) in bold else "" for index in range(len(row)))
        made.add_row(*map(Text, row, styles))
    return made


def cards(entries: Iterable[tuple[str, Iterable[tuple[str, str]]]]) -> Table:
    """Names, each with some lines: a heading, which may be empty, and a text."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for name, lines in entries:
        for number, (heading, text) in enumerate(lines):
            said = Text.assemble((f"{heading}: ", "dim") if heading else "", text)
            made.add_row(Text("" if number else name, style="bold"), said)
        made.add_row("", "")
    return made


def duration(seconds: float) -> str:
    """8 s, 2 min 5 s, 3 h 20 min, 4 days 2 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{whole} s"
    for large, small, size, part in (("min", "s", 60, 1), ("h", "min", 3600, 60), ("days", "h", 86400, 3600)):
        if whole < size * {"min": 60, "h": 24, "days": 10**6}[large]:
            rest = whole % size // part
            return f"{whole // size} {large}" + (f" {rest} {small}" if rest else "")
    raise AssertionError("no such time")


def number(value: float) -> str:
    """1,234 or 12.5 or 0.0012."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def counted(count: int, noun: str) -> str:
    """1 run, 2,000 runs."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"
