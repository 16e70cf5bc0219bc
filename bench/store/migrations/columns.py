"""What several revisions do to tables."""

from __future__ import annotations

from alembic import op

from bench.store.sentences import TABLES

_NUMBERS = {"integer": ("INTEGER", "BIGINT"), "real": ("REAL", "DOUBLE PRECISION")}  # of SQLite, of PostgreSQL


def add_column(table: str, column: str, kind: str, rule: tuple[str, str] | None = None) -> None:
    """A column that may be NULL, with its sentence; the rule is a name and a condition."""
    connection = op.get_bind()
    lite = connection.dialect.name == "sqlite"
    sentence = TABLES[table][column]
    check = f" CONSTRAINT {table}_{column}_{rule[0]} CHECK ({rule[1]})" if rule else ""
    text = f"ALTER TABLE {table} ADD COLUMN {column} {_NUMBERS[kind][0 if lite else 1]}{check}"
    connection.exec_driver_sql(f"{text} /* {sentence} */" if lite else text)
    if not lite:
        quoted = sentence.replace("'", "''")
        connection.exec_driver_sql(f"COMMENT ON COLUMN {table}.{column} IS '{quoted}'")
