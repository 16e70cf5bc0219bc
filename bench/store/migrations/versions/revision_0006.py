"""Runs that were made twice in one environment and came out differently, as merging finds them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from bench.store.sentences import TABLES

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    integer: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    sentences = TABLES["conflict"]
    rules = [sa.CheckConstraint("run_id <> other_id", name=op.f("conflict_two_runs"))]
    if op.get_bind().dialect.name == "sqlite":
        rules.append(sa.CheckConstraint("json_valid(differences)", name=op.f("conflict_differences_is_json")))
    op.create_table(
        "conflict",
        sa.Column("run_id", integer, nullable=False, autoincrement=False, comment=sentences["run_id"]),
        sa.Column("other_id", integer, nullable=False, autoincrement=False, comment=sentences["other_id"]),
        sa.Column("differences", sa.Text(), nullable=False, comment=sentences["differences"]),
        sa.Column("found_at", sa.Text(), nullable=False, comment=sentences["found_at"]),
        sa.PrimaryKeyConstraint("run_id", "other_id", name=op.f("conflict_key")),
        *rules,
        *(
            sa.ForeignKeyConstraint([name], ["run.id"], ondelete="CASCADE", name=op.f(f"conflict_{name}_exists"))
            for name in ("run_id", "other_id")
        ),
        comment=sentences[""],
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("a file is never taken back to an earlier release")
