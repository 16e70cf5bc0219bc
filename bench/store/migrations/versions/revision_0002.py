"""What a pruned network costs: bytes, operations on live paths, measured speed; and batch norm taken anew.

Columns are added, never a table copied: SQLite would delete with the old table what hangs on its rows. Runs of before
keep NULL in them.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from bench.store.migrations.columns import add_column
from bench.store.sentences import TABLES

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _part(column: str, whole: str) -> tuple[str, str]:
    return f"part_of_{whole}", f"{column} between 0 and {whole}"


def _share(column: str) -> tuple[str, str]:
    return "is_a_share", f"{column} between 0 and 1"


def upgrade() -> None:
    add_column("run", "parameters_effective", "integer", _part("parameters_effective", "parameters_kept"))
    add_column("run", "macs_effective", "integer", _part("macs_effective", "macs_kept"))
    for form in ("dense", "bitmask", "csr", "gzip"):
        add_column("run", f"bytes_{form}", "integer", ("at_least_0", f"bytes_{form} >= 0"))
    for part in ("validation", "test"):
        add_column("run", f"recalibrated_{part}_loss", "real")
        for table, column in (
            ("run", f"recalibrated_{part}_accuracy"),
            ("run", f"recalibrated_pruned_{part}_accuracy"),
            ("evaluation", f"recalibrated_{part}_accuracy"),
        ):
            add_column(table, column, "real", _share(column))
    _make_speed()


def _make_speed() -> None:
    integer: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    real: Any = sa.Double().with_variant(sa.REAL(), "sqlite")
    types: dict[str, Any] = {
        "key": sa.Text(),
        "environment_id": integer,
        "form": sa.Text(),
        **dict.fromkeys(("threads", "batch"), integer),
        **dict.fromkeys(("seconds", "seconds_low", "seconds_high", "speedup"), real),
        **dict.fromkeys(("repetitions", "macs"), integer),
        "measured_at": sa.Text(),
        "session_id": integer,
    }
    sentences = TABLES["speed"]
    rules = {
        "form_known": "form in ('dense', 'masked', 'shrunk', '2:4')",
        "threads_at_least_0": "threads >= 0",
        "batch_at_least_1": "batch >= 1",
        "repetitions_at_least_1": "repetitions >= 1",
        "macs_at_least_0": "macs >= 0",
        "in_order": "0 < seconds_low and seconds_low <= seconds and seconds <= seconds_high",
    }
    op.create_table(
        "speed",
        *(
            sa.Column(name, kind, nullable=False, autoincrement=False, comment=sentences[name])
            for name, kind in types.items()
        ),
        sa.PrimaryKeyConstraint("key", "environment_id", "form", "threads", "batch", name=op.f("speed_key")),
        *(sa.CheckConstraint(rule, name=op.f(f"speed_{name}")) for name, rule in rules.items()),
        sa.ForeignKeyConstraint(["environment_id"], ["environment.id"], name=op.f("speed_environment_id_exists")),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("speed_session_id_exists")),
        comment=sentences[""],
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("a file is never taken back to an earlier release")
