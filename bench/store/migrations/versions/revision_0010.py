"""Recipes without components pass in every SQLite, drivers say how long they still take, conflicts are a view.

Before release 3.45 or so SQLite answers json_valid(NULL) with 0 and not with NULL, so that a rule of its own refused a
text that is not there. SQLite changes no rule of a table that is there: the table is made anew, with the same rows.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from bench.store.migrations.columns import add_column
from bench.store.sentences import TABLES

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_column("driver", "seconds_left", "real", ("at_least_0", "seconds_left >= 0"))
    if op.get_bind().dialect.name == "sqlite":
        _make_recipe_anew()


def _make_recipe_anew() -> None:
    sentences = TABLES["recipe"]

    def column(name: str, kind: Any, nullable: bool) -> sa.Column[Any]:
        return sa.Column(name, kind, nullable=nullable, comment=sentences[name])

    op.create_table(
        "recipe_new",
        column("id", sa.Integer(), nullable=False),
        column("hash", sa.Text(), nullable=False),
        column("text", sa.Text(), nullable=True),
        column("components", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("recipe_key")),
        sa.UniqueConstraint("hash", name=op.f("recipe_unique_hash")),
        *(
            sa.CheckConstraint(f"{name} is null or json_valid({name})", name=op.f(f"recipe_{name}_is_json"))
            for name in ("text", "components")
        ),
        comment=sentences[""],
        sqlite_strict=True,
    )
    op.execute("INSERT INTO recipe_new (id, hash, text, components) SELECT id, hash, text, components FROM recipe")
    op.execute("DROP TABLE recipe")  # foreign keys are not looked at meanwhile
    op.execute("ALTER TABLE recipe_new RENAME TO recipe")


def downgrade() -> None:
    raise NotImplementedError("a file is never taken back to an earlier release")
