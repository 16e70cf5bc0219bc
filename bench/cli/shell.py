"""A shell for questions in SQL: small, and it can only read."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from bench.cli.asking import print_answer
from bench.cli.output import console, say, warn
from bench.errors import UserError

if TYPE_CHECKING:
    from bench.store import Store

_HELP = "A question ends with ';'. \\q leaves; .tables lists views and tables; .schema NAME tells of one's columns."


def converse(db: str, limit_seconds: float | None) -> None:
    """Ask and answer until the user has enough. A mistake is told, and the next question asked."""
    with contextlib.suppress(ImportError):  # some Pythons come without it; then lines are typed plainly
        import readline  # noqa: F401
    from bench.store import Store

    with Store.open(db, read_only=True) as store:
        say(console(), f"{store.place}, only reading. {_HELP}", "dim")
        asked = ""
        while True:
            try:
                line = input("...> " if asked else "sql> ")
            except EOFError:
                print()
                return
            except KeyboardInterrupt:
                print()
                asked = ""
                continue
            if not asked and line.strip() in ("\\q", ".quit", ".exit", "exit", "quit"):
                return
            asked = f"{asked}\n{line}".strip()
            if asked and (asked.startswith((".", "\\")) or asked.endswith(";")):
                _answer(store, asked, limit_seconds)
                asked = ""


def _answer(store: Store, asked: str, limit_seconds: float | None) -> None:
    try:
        question, parameters = _translated(asked)
        print_answer(store.query(question, parameters, limit_seconds))
    except UserError as error:
        warn(error.lines)
    except KeyboardInterrupt:
        warn(["stopped"])


def _translated(asked: str) -> tuple[str, dict[str, str]]:
    """The SQL behind a command of the shell; a question is itself."""
    if not asked.startswith((".", "\\")):
        return asked, {}
    word, _, name = asked.rstrip("; ").partition(" ")
    if word in (".tables", "\\d", "\\dt", "\\dv") and not name:
        return "select kind, subject, sentence from documentation where name = '' order by kind desc, subject", {}
    if word in (".schema", "\\d") and name:
        columns = (
            "select name, unit, sentence from documentation where subject = :name and name <> '' order by position"
        )
        return columns, {"name": name.strip()}
    if word == ".schema":
        return "select kind, subject, name, unit from documentation where name <> '' order by kind desc, subject", {}
    raise UserError(f"{word}: is no command of this shell; {_HELP}")
