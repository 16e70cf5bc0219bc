"""The arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.bringing_back import before

SuiteName = Annotated[
    str,
    typer.Argument(metavar="SUITE", help="A built-in suite (see: bench list suites), or the path of a suite file."),
]
RunName = Annotated[
    str, typer.Argument(metavar="RUN", help="A run by the first digits of its key (see: bench runs SUITE).")
]
Profile = Annotated[str | None, typer.Option(help="A smaller form of the suite, such as quick.", metavar="NAME")]
Database = Annotated[
    str,
    typer.Option("--db", help="The result database: a file, or a server's address.", metavar="DB", callback=before),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.", metavar="DEVICE")]
Seeds = Annotated[int | None, typer.Option(help="How many seeds, in place of those of the suite.", metavar="N")]
Only = Annotated[
    str | None,
    typer.Option(help="A part of the grid: method=lottery,sparsity=0.9 (also data, model, level).", metavar="FILTER"),
]
Data = Annotated[
    str,
    typer.Option(help="auto; real: an error in place of a stand-in; standin: never real data.", metavar="WHICH"),
]
Plugin = Annotated[
    list[Path] | None,
    typer.Option("--plugin", help="A file with components of your own; may be given several times.", metavar="FILE"),
]
Threads = Annotated[int | None, typer.Option(help="Threads for computing on the CPU; default: all cores.", min=1)]
Metric = Annotated[
    str | None, typer.Option(help="test_accuracy, test_loss, ...; default: what the suite names.", metavar="NAME")
]
Against = Annotated[
    str, typer.Option(help="The method that the others are compared with; none is the dense network.", metavar="METHOD")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")]
