"""`bench paper`: what goes from a suite's results into a paper. It needs no PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import codes, options
from bench.cli.output import console, counted, emit, say
from bench.cli.requests import DATABASE, name_of, only_of


def paper(
    suite: options.SuiteName,
    against: options.Against = "none",
    profile: options.Profile = None,
    db: options.Database = DATABASE,
    only: options.Only = None,
    metric: options.Metric = None,
    out: Annotated[Path, typer.Option(help="The folder to write into.", metavar="DIR")] = Path("paper"),
    as_json: options.AsJson = False,
) -> int:
    """Write figures as PDF in the width of a column and of a page, booktabs tables, statistics, an appendix and a .bib.

    main.tex in the folder puts them together: pdflatex, bibtex and pdflatex twice again make a PDF of it, or tectonic.
    """
    from analysis.paper import write_paper

    files = write_paper(db, name_of(suite), out, against, profile, metric, only_of(only))
    if as_json:
        emit({"main": files[0], "files": files})
    else:
        say(console(), f"{files[0]} and {counted(len(files) - 1, 'other file')} written")
    return codes.DONE
