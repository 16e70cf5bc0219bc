"""What is in a database, for readers: as a page, as JSON, and as the metadata file of datasette.

All three are made from the sentences and the questions, as the comments in the DDL and the tables of the database are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import groupby
from typing import Any
from urllib.parse import quote

from bench.errors import UserError, nearest
from bench.store.documentation import entries
from bench.store.migrations.head import VERSION_TABLE
from bench.store.questions import QUESTIONS

_INTRODUCTION = """\
# What is in the database

A sentence for every view, table and column, as `bench schema` prints it; the database has the same sentences in its
table `documentation`, and in the text of its tables. Views are for asking ([querying.md](querying.md)): their columns
are a promise, tables may change with a release. At the end are questions with their queries; the table `questions` has
them too.
"""
_HELPERS = ("student_t", "square_root", VERSION_TABLE)  # views and programs need them, nobody else
# The rows of a view stand below what its columns mean: that must not fill the first screen.
_CSS = """\
dl.column-descriptions { columns: 22em; max-height: 14em; overflow: auto }
td.col-environment, td.col-model { white-space: nowrap }
"""


def described(names: Collection[str] = ()) -> list[dict[str, Any]]:
    """Views, then tables, each with its columns; only those named, where some are."""
    subjects = []
    for name, rows in groupby(entries(), key=lambda row: str(row["subject"])):
        head, *columns = rows
        said = [{part: row[part] for part in ("name", "sentence", "unit")} for row in columns]
        subjects.append({"name": name, "kind": head["kind"], "sentence": head["sentence"], "columns": said})
    known = [subject["name"] for subject in subjects]
    for name in names:
        if name not in known:
            raise UserError(f"no such table or view: {name}; {nearest(name, known)}")
    return [subject for subject in subjects if not names or subject["name"] in names]


def page(names: Collection[str] = ()) -> str:
    """The page in Markdown; without the introduction and the questions where some names are given."""
    subjects = described(names)
    parts = [] if names else [_INTRODUCTION]
    for kind in ("view", "table"):
        of_kind = [subject for subject in subjects if subject["kind"] == kind]
        if of_kind and not names:
            parts.append(f"## {kind.capitalize()}s\n")
        parts += ["\n".join(_section(subject)) for subject in of_kind]
    if not names:
        parts.append("## Questions\n")
        parts += [f"### {question.title}\n\n```sql\n{question.sql};\n```\n" for question in QUESTIONS]
    return "\n".join(parts)


def _section(subject: dict[str, Any]) -> Iterator[str]:
    yield f"### `{subject['name']}`\n"
    yield f"{subject['sentence']}\n"
    yield "| column | unit | meaning |"
    yield "|---|---|---|"
    for column in subject["columns"]:
        yield f"| `{column['name']}` | {column['unit'] or ''} | {column['sentence']} |"
    yield ""


def as_json(names: Collection[str] = ()) -> dict[str, Any]:
    """The same for programs."""
    subjects = described(names)
    said = {f"{kind}s": [one for one in subjects if one["kind"] == kind] for kind in ("view", "table")}
    asked = [] if names else [{"title": question.title, "sql": question.sql} for question in QUESTIONS]
    return {**said, "questions": asked}


def datasette_metadata(database: str, source: str) -> dict[str, Any]:
    """Titles, sentences and canned queries for datasette; `database` is its name there, `source` where it is from."""
    tables: dict[str, dict[str, Any]] = {}
    for subject in described():
        columns = {column["name"]: _with_unit(column) for column in subject["columns"]}
        tables[subject["name"]] = {"description": subject["sentence"], "columns": columns}
    for name in _HELPERS:
        tables[name] = {**tables.get(name, {}), "hidden": True}
    queries = {_slug(question.title): {"title": question.title, "sql": question.sql} for question in QUESTIONS}
    return {
        "title": "Results of the pruning benchmark",
        "description": "Start with the questions of the database, or with its views: results, summary, leaderboard.",
        "extra_css_urls": [f"data:text/css,{quote(_CSS)}"],
        "databases": {database: {"description": f"From {source}.", "tables": tables, "queries": queries}},
    }


def _with_unit(column: dict[str, Any]) -> str:
    return f"{column['sentence']} [{column['unit']}]" if column["unit"] else str(column["sentence"])


def _slug(title: str) -> str:
    """A title as part of an address."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
