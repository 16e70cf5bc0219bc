"""What the results that ship with the project are made of: a list of commands, in order of worth.

The commands work on a database of their own, which begins as a copy of the results that ship: reference rows never
count as done, so there they become rows like others, and the list goes on where it stopped.
"""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.errors import UserError, nearest
from bench.suite import builtin_suites

COLUMNS = ("suite", "command", "profile", "seeds", "only", "wants", "why")
_COMMANDS, _WANTS = ("run", "tune"), ("", "gpu")


@dataclass(frozen=True)
class Entry:
    """One command of the list."""

    suite: str
    command: str  # run or tune
    profile: str | None
    seeds: int | None
    only: str | None
    wants_gpu: bool  # whether a CPU would take days
    why: str  # what it adds

    @property
    def words(self) -> tuple[str, ...]:
        """The command as it is typed, after `bench`."""
        options = {"--profile": self.profile, "--seeds": self.seeds, "--only": self.only}
        given = [word for name, value in options.items() if value is not None for word in (name, str(value))]
        return (self.command, self.suite, *given, *(["--confirm"] if self.command == "tune" else []))

    def __str__(self) -> str:
        return " ".join(("bench", *self.words))


def list_file() -> Path:
    """The list that comes with the benchmark, beside the built-in suites."""
    return next(iter(builtin_suites().values())).parent / "reference" / "list.csv"


def read_list(file: Path) -> tuple[Entry, ...]:
    """The entries of a list; every mistake says its line and the mend."""
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = csv.DictReader(stream, strict=True)
            if tuple(rows.fieldnames or ()) != COLUMNS:
                raise UserError(f"{file}:1: the columns are not those of a list; write {','.join(COLUMNS)}")
            found = [(rows.line_num, row) for row in rows]
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror}); give a list of commands") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{file}: is no CSV file ({error}); give a list of commands") from error
    mistakes = [f"{file}:{line}: {said}" for line, row in found if (said := _mistake(row))]
    if mistakes:
        raise UserError(*mistakes)
    return tuple(_entry(row) for _, row in found)


def _mistake(row: dict[str, str]) -> str | None:
    if None in row or None in row.values():
        return f"has not {len(COLUMNS)} fields; put a text with commas into quotes"
    suites = builtin_suites()
    if row["suite"] not in suites:
        return f"there is no suite {row['suite']!r}; {nearest(row['suite'], suites)}"
    if row["command"] not in _COMMANDS:
        return f"there is no command {row['command']!r} here; write run or tune"
    if row["seeds"] and not (row["seeds"].isdigit() and int(row["seeds"])):
        return f"seeds {row['seeds']!r} is no number of seeds; write 1 or more, or nothing for those of the suite"
    if row["command"] == "tune" and (row["seeds"] or row["only"]):
        return "tuning takes no seeds and no part of the grid; leave both empty"
    if row["wants"] not in _WANTS:
        return f"wants {row['wants']!r}; write gpu or nothing"
    return None


def _entry(row: dict[str, str]) -> Entry:
    return Entry(
        suite=row["suite"],
        command=row["command"],
        profile=row["profile"] or None,
        seeds=int(row["seeds"]) if row["seeds"] else None,
        only=row["only"] or None,
        wants_gpu=row["wants"] == "gpu",
        why=row["why"],
    )


def begin(work: Path, shipped: Path) -> bool:
    """Make the database that the commands work on out of what ships, where there is none yet; whether it was made."""
    from bench.store.moving import copied_by_rows, fresh_file

    if work.exists() or not shipped.exists():
        return False
    with fresh_file(work) as fresh:
        copied_by_rows(shipped, fresh, {"reference": "local"})
    return True


def carry_out(words: Sequence[str], options: Sequence[str], seconds: float | None) -> int | None:
    """Carry a command out in a process of its own and give its exit code; None where time was up before its end.

    It is asked to end as a scheduler asks, once: what it has finished is kept. A session of its own keeps Ctrl-C from
    reaching it besides.
    """
    command = [sys.executable, "-m", "bench", *words, *options]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        _ended(process)
        return None
    except BaseException:
        _ended(process)
        raise


def _ended(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)
    process.wait()
