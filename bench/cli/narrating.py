"""`bench findings`: what holds of what others published, as a page. It needs no PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import codes, options
from bench.cli.output import console, say
from bench.cli.requests import DATABASE
from bench.errors import UserError


def findings(
    db: options.Database = DATABASE,
    out: Annotated[Path, typer.Option(help="The page to write.", metavar="FILE")] = Path("FINDINGS.md"),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 where the page is stale.")] = False,
) -> int:
    """Write what holds of each project's story, from the verdicts and the runs of the database alone."""
    from analysis.story import story

    text = story(db)
    if check:
        fresh = out.is_file() and out.read_text(encoding="utf-8") == text
        say(console(), f"{out}: {'is what the database says' if fresh else 'is stale; bench findings writes it anew'}")
        return codes.DONE if fresh else codes.FAILED
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{out}: cannot be written ({error.strerror}); give another file with --out") from error
    say(console(), f"{out} written")
    return codes.DONE
