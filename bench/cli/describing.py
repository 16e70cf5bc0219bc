"""`bench schema` and `bench browse`: what is in the database, in words and in a web browser."""

from __future__ import annotations

import importlib.util
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from bench.cli import codes, options
from bench.cli.output import console, emit, say
from bench.cli.requests import DATABASE
from bench.errors import UserError

# Views are reckoned when they are asked, which takes a while on a large database; datasette allows one second.
_SETTINGS = {"sql_time_limit_ms": "120000", "facet_time_limit_ms": "10000", "suggest_facets": "off"}
_NAME = "results"  # the database's name in the browser


def schema(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these tables and views.", show_default=False)
    ] = None,
    as_json: options.AsJson = False,
    datasette: Annotated[
        bool, typer.Option("--datasette", help="Print a metadata file for datasette instead; for a results.db.")
    ] = False,
) -> int:
    """What every view, table and column of the database means, with questions that it answers."""
    from bench.store.describing import as_json as for_programs
    from bench.store.describing import datasette_metadata, page

    if datasette and (as_json or names):
        raise UserError("--datasette is about the whole database; leave out --json and the names")
    if datasette:
        emit(datasette_metadata(_NAME, DATABASE))
    elif as_json:
        emit(for_programs(names or ()))
    else:
        print(page(names or ()), end="")
    return codes.DONE


def browse(
    db: options.Database = DATABASE,
    port: Annotated[int, typer.Option(help="Where it answers, on this machine alone.", min=0, max=65535)] = 8001,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in your web browser.")] = False,
) -> int:
    """Look at the database in a web browser, with its questions, until Ctrl-C.

    datasette shows a copy of how the database is now: nothing can be changed, and runs that go on are not disturbed.
    """
    if importlib.util.find_spec("datasette") is None:
        raise UserError("this needs datasette, which is not installed; pip install '.[browse]' brings it")
    from bench.store.describing import datasette_metadata
    from bench.store.snapshot import snapshot

    with tempfile.TemporaryDirectory(prefix="bench-browse-") as folder:
        copy, metadata = Path(folder, f"{_NAME}.db"), Path(folder, "metadata.json")
        snapshot(db, copy)
        metadata.write_text(json.dumps(datasette_metadata(_NAME, db)), encoding="utf-8")
        command = [sys.executable, "-m", "datasette", "serve", "--immutable", str(copy), "--metadata", str(metadata)]
        command += ["--host", "127.0.0.1", "--port", str(port), *(["--open"] if open_ else [])]
        for name, value in _SETTINGS.items():
            command += ["--setting", name, value]
        say(console(), f"{db} at http://127.0.0.1:{port}/{_NAME} until Ctrl-C")
        sys.stdout.flush()
        return _serve(command)


def _serve(command: list[str]) -> int:
    """Run a server until it is asked to end; that is how it should end, whoever asks."""

    def ask_to_end(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, ask_to_end)
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        return codes.DONE if server.wait() == 0 else codes.FAILED
    except KeyboardInterrupt:
        return codes.DONE
    finally:
        server.terminate()
        server.wait()
        signal.signal(signal.SIGTERM, before)
