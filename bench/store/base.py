"""What all tables have in common: column types, names of constraints, and the rules that values obey."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, MetaData
from sqlalchemy.orm import DeclarativeBase

from bench.store import types

WITHOUT_ROWID = {"sqlite_with_rowid": False}


def one_of(column: str, *words: str) -> CheckConstraint:
    return CheckConstraint(f"{column} in ({', '.join(repr(word) for word in words)})", name=f"{column}_known")


def yes_or_no(column: str) -> CheckConstraint:
    return CheckConstraint(f"{column} in (0, 1)", name=f"{column}_yes_or_no")


def share(column: str) -> CheckConstraint:
    return CheckConstraint(f"{column} between 0 and 1", name=f"{column}_is_a_share")


def at_least(column: str, least: int) -> CheckConstraint:
    return CheckConstraint(f"{column} >= {least}", name=f"{column}_at_least_{least}")


def part_of(column: str, whole: str) -> CheckConstraint:
    return CheckConstraint(f"{column} between 0 and {whole}", name=f"{column}_part_of_{whole}")


def json_text(column: str) -> Any:
    """Only SQLite checks it: one malformed text would spoil every JSON query on its table."""
    return _json(column, f"json_valid({column})")


def json_or_null(column: str) -> Any:
    """The same where there may be none: for NULL an older SQLite answers 0, which would refuse it."""
    return _json(column, f"{column} is null or json_valid({column})")


def _json(column: str, rule: str) -> Any:
    return CheckConstraint(rule, name=f"{column}_is_json").ddl_if(dialect="sqlite")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_by_%(column_0_N_name)s",
            "uq": "%(table_name)s_unique_%(column_0_name)s",
            "ck": "%(table_name)s_%(constraint_name)s",
            "fk": "%(table_name)s_%(column_0_name)s_exists",
            "pk": "%(table_name)s_key",
        }
    )
    type_annotation_map: ClassVar[dict[type, Any]] = {str: types.Text, int: types.Integer, float: types.Real}
