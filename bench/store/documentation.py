"""The sentences about the schema, as rows of the database and as lines for people."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, delete, insert, text

from bench.store.base import Base
from bench.store.questions import QUESTIONS
from bench.store.schema import Documentation, Question
from bench.store.sentences import VIEWS

_UNIT = re.compile(r"^(.*?)(?: \[([^]]*)\])?$", re.DOTALL)


def entries() -> list[dict[str, Any]]:
    """What every view, table and column means, in the order of the schema: views first, as people start there."""
    rows: list[dict[str, Any]] = []
    for name, sentences in VIEWS.items():
        rows += _entries(name, "view", sentences)
    for table in Base.metadata.sorted_tables:
        columns = {column.name: column.comment or "" for column in table.columns}
        rows += _entries(table.name, "table", {"": table.comment or "", **columns})
    return rows


def _entries(subject: str, kind: str, sentences: dict[str, str]) -> list[dict[str, Any]]:
    rows = []
    for position, (name, sentence) in enumerate(sentences.items()):
        match = _UNIT.match(sentence)
        words, unit = match.groups() if match else (sentence, None)
        place = {"subject": subject, "name": name, "position": position, "kind": kind}
        rows.append({**place, "sentence": words, "unit": unit})
    return rows


def write_documentation(connection: Connection) -> None:
    """Replace the database's account of itself, and the questions it answers, by those of this release."""
    connection.execute(delete(Documentation))
    connection.execute(insert(Documentation), entries())
    connection.execute(delete(Question))
    asked = [
        {"position": position, "title": question.title, "sql": question.sql}
        for position, question in enumerate(QUESTIONS, start=1)
    ]
    connection.execute(insert(Question), asked)
    if connection.dialect.name == "postgresql":
        for name, sentences in VIEWS.items():
            connection.execute(_comment(f"view {name}", sentences[""]))
            for column, sentence in sentences.items():
                if column:
                    connection.execute(_comment(f"column {name}.{column}", sentence))


def _comment(subject: str, sentence: str) -> Any:
    quoted = sentence.replace("'", "''").replace(":", "\\:")
    return text(f"comment on {subject} is '{quoted}'")
