"""Commands that run at once share the work: who is at it, with a heartbeat, and who has taken which task."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from bench.store.sentences import TABLES

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INTEGER: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DRIVER_RULES = {
    "workers_at_least_1": "workers >= 1",
    "waiting_yes_or_no": "waiting in (0, 1)",
    "steps_made_at_least_0": "steps_made >= 0",
    "steps_left_at_least_0": "steps_left >= 0",
}


def upgrade() -> None:
    numbers = ("environment_id", "results_version", "workers", "waiting", "steps_made", "steps_left")
    op.create_table(
        "driver",
        *_columns(
            "driver", {"session_id": _INTEGER, **dict.fromkeys(numbers, _INTEGER)}, ("joined_at", "heartbeat_at")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("driver_key")),
        *(sa.CheckConstraint(rule, name=op.f(f"driver_{name}")) for name, rule in _DRIVER_RULES.items()),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("driver_session_id_exists")),
        sa.ForeignKeyConstraint(["environment_id"], ["environment.id"], name=op.f("driver_environment_id_exists")),
        comment=TABLES["driver"][""],
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    lease = {"key": sa.Text(), **dict.fromkeys(("environment_id", "results_version", "session_id"), _INTEGER)}
    op.create_table(
        "lease",
        *_columns("lease", lease, ("taken_at",)),
        sa.PrimaryKeyConstraint("key", "environment_id", "results_version", name=op.f("lease_key")),
        sa.ForeignKeyConstraint(["environment_id"], ["environment.id"], name=op.f("lease_environment_id_exists")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["driver.session_id"], name=op.f("lease_session_id_exists"), ondelete="CASCADE"
        ),
        comment=TABLES["lease"][""],
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("lease_by_session_id"), "lease", ["session_id"])


def _columns(table: str, types: dict[str, Any], times: tuple[str, ...]) -> list[Any]:
    return [
        sa.Column(name, kind, nullable=False, autoincrement=False, comment=TABLES[table][name])
        for name, kind in (types | dict.fromkeys(times, sa.Text())).items()
    ]


def downgrade() -> None:
    raise NotImplementedError("a file is never taken back to an earlier release")
