"""What others published, questions that the database answers, and the views that rank, pair and compare.

The rows of `published` are entered when a database is opened for writing, those of `questions` with the documentation.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from bench.store.sentences import TABLES

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INTEGER: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REAL: Any = sa.Double().with_variant(sa.REAL(), "sqlite")
_TEXT: Any = sa.Text()


_OPTIONAL = ("sparsity_claimed", "sparsity_true", "epochs", "note", "suite", "data", "model", "method")


def _create(table: str, columns: dict[str, Any], *constraints: Any, with_rowid: bool) -> None:
    sentences = TABLES[table]
    op.create_table(
        table,
        *(
            sa.Column(name, kind, nullable=name in _OPTIONAL, autoincrement=False, comment=sentences[name])
            for name, kind in columns.items()
        ),
        *constraints,
        comment=TABLES[table][""],
        sqlite_strict=True,
        sqlite_with_rowid=with_rowid,
    )


def _check(name: str, rule: str) -> Any:
    return sa.CheckConstraint(rule, name=op.f(f"published_{name}"))


def upgrade() -> None:
    _create(
        "questions",
        {"position": _INTEGER, "title": _TEXT, "sql": _TEXT},
        sa.PrimaryKeyConstraint("position", name=op.f("questions_key")),
        sa.UniqueConstraint("title", name=op.f("questions_unique_title")),
        with_rowid=True,
    )
    _create(
        "published",
        {
            "project": _TEXT,
            "position": _INTEGER,
            **dict.fromkeys(("their_data", "their_model", "their_method"), _TEXT),
            **dict.fromkeys(("sparsity_claimed", "sparsity_true"), _REAL),
            "metric": _TEXT,
            "epochs": _INTEGER,
            "value": _REAL,
            "source": _TEXT,
            **dict.fromkeys(("note", "suite", "data", "model", "method"), _TEXT),
            "file_hash": _TEXT,
        },
        sa.PrimaryKeyConstraint("project", "position", name=op.f("published_key")),
        _check("sparsity_claimed_is_a_share", "sparsity_claimed between 0 and 1"),
        _check("sparsity_true_is_a_share", "sparsity_true between 0 and 1"),
        _check("epochs_at_least_0", "epochs >= 0"),
        _check("source_known", "source in ('csv', 'log', 'notebook', 'plot', 'readme')"),
        with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("a file is never taken back to an earlier release")
