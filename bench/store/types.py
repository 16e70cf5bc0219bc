"""Column types that SQLite's STRICT tables and PostgreSQL take alike, so that one SQL text serves both.

Yes and no are the integers 1 and 0, times are ISO 8601 text in UTC, JSON is text: a view means the same in both.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateColumn

Text = sa.Text()
Integer: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(
    sa.Integer(), "sqlite"
)  # SQLite wants exactly INTEGER for a row id
Real: sa.types.TypeEngine[Any] = sa.Double().with_variant(sa.REAL(), "sqlite")


@compiles(CreateColumn, "sqlite")
def _column_with_its_sentence(element: Any, compiler: Any, **options: Any) -> str:
    """SQLite has no COMMENT ON but keeps the text of a CREATE TABLE: the sentence goes in there."""
    text: str | None = compiler.visit_create_column(element, **options)
    comment = element.element.comment
    return f"{text} /* {comment} */" if text and comment else text or ""
