"""What figures need beyond rows: a table of compressed arrays. Runs of before have none."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from bench.store.sentences import TABLES

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    integer: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    real: Any = sa.Double().with_variant(sa.REAL(), "sqlite")
    types: dict[str, Any] = {
        "run_id": integer,
        "kind": sa.Text(),
        "name": sa.Text(),
        "position": integer,
        "dtype": sa.Text(),
        "shape": sa.Text(),
        "scale": real,
        "codec": sa.Text(),
        "content": sa.LargeBinary(),
    }
    sentences = TABLES["artifact"]
    rules = {
        "kind_known": "kind in ('mask', 'histogram', 'confusion')",
        "codec_known": "codec in ('bits+zlib', 'zlib')",
        "position_at_least_0": "position >= 0",
        "scale_at_least_0": "scale >= 0",
    }
    if op.get_bind().dialect.name == "sqlite":
        rules["shape_is_json"] = "json_valid(shape)"
    op.create_table(
        "artifact",
        *(
            sa.Column(name, kind, nullable=name in ("scale", "content"), autoincrement=False, comment=sentences[name])
            for name, kind in types.items()
        ),
        sa.PrimaryKeyConstraint("run_id", "kind", "name", name=op.f("artifact_key")),
        *(sa.CheckConstraint(rule, name=op.f(f"artifact_{name}")) for name, rule in rules.items()),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("artifact_run_id_exists"), ondelete="CASCADE"),
        comment=sentences[""],
        sqlite_strict=True,
    )


def downgrade() -> None:
    raise NotImplementedError("a file is never taken back to an earlier release")
