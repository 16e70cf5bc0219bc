"""Before a command looks at a database: what git took out of it comes back."""

from __future__ import annotations

from pathlib import Path

from bench.cli.output import counted, warn
from bench.errors import UserError


def bring_back(db: str) -> str:
    """Put back the runs that `git stash`, `checkout`, `reset` or `pull` took with an older file; say so in a line."""
    if "://" in db:
        return db
    file = Path(db).expanduser()
    from bench.store.guarding import Guarded

    guarded = Guarded(file)
    if guarded.is_as_left():
        return db
    from bench.store import Store

    with Store.open(db) as store:
        back = store.brought_back
    if back:
        warn([f"{db}: git had put another file in its place; {counted(back, 'run')} of yours brought back"])
    return db


def before(db: str) -> str:
    """For the option --db. A fault of the database is told by the command itself, which meets it again."""
    try:
        return bring_back(db)
    except UserError as error:
        if ".bench" in " ".join(error.lines):
            raise
        return db
